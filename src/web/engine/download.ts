/** @file Files of a collection, with word of how far they have come. */

import { ArtifactError } from "../../errors.js";

/** @param totalBytes null: not known before the end */
export type OnBytes = (loadedBytes: number, totalBytes: number | null) => void;

/** @throws ArtifactError when it is not there or does not come to its end */
export async function download(url: URL, onBytes?: OnBytes): Promise<Uint8Array<ArrayBuffer>> {
  const fail = (found: string, cause?: unknown): never => {
    throw new ArtifactError(
      `${url.href}: ${found}, expected a file of a collection; check the address and the connection, and try again`,
      { cause },
    );
  };
  const response = await fetch(url).catch((error: unknown) =>
    fail(`does not load (${String(error)})`, error),
  );
  if (!response.ok || response.body === null) return fail(`was answered with ${response.status}`);
  const total = sizeOf(response);
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  try {
    const reader = response.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      chunks.push(part.value);
      loaded += part.value.length;
      onBytes?.(loaded, total);
    }
  } catch (error) {
    fail(`broke off after ${loaded} bytes`, error);
  }
  if (total === null) onBytes?.(loaded, loaded);
  return joined(chunks, loaded);
}

/** Of a compressed answer the header gives the compressed size, which says nothing of the bytes that arrive. */
function sizeOf({ headers }: Response): number | null {
  const length = headers.get("content-length");
  return length === null || headers.has("content-encoding") ? null : Number(length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
