/** @file Reads the body of a request, never more of it than is allowed. */

import { gone, HttpError, overloaded } from "./httpError.js";

export interface UploadLimits {
  /** Of one body. */
  readonly mostBytes: number;
  /** Of all bodies that are being read or worked on at a time. */
  readonly mostBytesTogether: number;
}

/** Bodies under way: what they take of memory is bounded, whatever comes. */
export class Uploads {
  readonly #limits: UploadLimits;
  #held = 0;

  constructor(limits: UploadLimits) {
    this.#limits = limits;
  }

  /** Bytes in memory. */
  get held(): number {
    return this.#held;
  }

  /**
   * Reads the body and hands it to `use`; its bytes count until that has ended.
   * @throws HttpError 413 when it is too large, 503 when too many are under way, 499 when the client goes
   */
  async withBody<T>(request: Request, use: (body: Uint8Array<ArrayBuffer>) => Promise<T>): Promise<T> {
    const { mostBytes } = this.#limits;
    if (Number(request.headers.get("Content-Length") ?? 0) > mostBytes) throw tooLarge(mostBytes);
    const chunks: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const chunk of chunksOf(request)) {
        size += chunk.length;
        this.#held += chunk.length;
        if (size > mostBytes) throw tooLarge(mostBytes);
        if (this.#held > this.#limits.mostBytesTogether) throw overloaded("uploads");
        chunks.push(chunk);
      }
      return await use(join(chunks.splice(0), size));
    } finally {
      this.#held -= size;
    }
  }
}

async function* chunksOf({ body }: Request): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  try {
    while (true) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw gone(error);
      });
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function tooLarge(most: number): HttpError {
  return new HttpError(
    413,
    "too_large",
    `body: found more than ${most} bytes, expected at most that; send a smaller picture`,
    { Connection: "close" },
  );
}
