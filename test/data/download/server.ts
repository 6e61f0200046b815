/** @file A web server on this machine that has one file and behaves as it is told. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface TestServer {
  /** Address of a file of that name. */
  url(name: string): string;
  /** What was asked for so far: path and range. */
  readonly requests: { readonly path: string; readonly range: string | undefined }[];
  close(): Promise<void>;
}

/** Answers a request for `bytes`; `attempt` counts the requests for this file from 0. */
export type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  attempt: number,
) => void;

/** As servers do: a range if one is asked for, else the whole. */
export const obliging: Answer = (request, response, bytes) => {
  const first = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? NaN);
  if (Number.isNaN(first)) {
    response.writeHead(200, { "content-length": bytes.length });
    response.end(bytes);
  } else if (first >= bytes.length) {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}` });
    response.end();
  } else {
    response.writeHead(206, {
      "content-length": bytes.length - first,
      "content-range": `bytes ${first}-${bytes.length - 1}/${bytes.length}`,
    });
    response.end(bytes.subarray(first));
  }
};

/** Sends the first `length` bytes of what was promised and hangs up. */
export function cutAfter(response: ServerResponse, bytes: Uint8Array, length: number): void {
  response.writeHead(200, { "content-length": bytes.length });
  response.write(bytes.subarray(0, length), () => response.socket?.end(() => response.destroy()));
}

export async function startServer(
  files: Readonly<Record<string, Uint8Array>>,
  answer: Answer = obliging,
): Promise<TestServer> {
  const requests: { path: string; range: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const attempt = requests.filter((one) => one.path === path).length;
    requests.push({ path, range: request.headers.range });
    const bytes = files[path.slice(1)];
    if (bytes !== undefined) return answer(request, response, bytes, attempt);
    response.writeHead(404);
    response.end("no such file");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (name) => `http://127.0.0.1:${port}/${name}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
