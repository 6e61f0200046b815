import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { download } from "../../../src/web/engine/download.js";

/** What is said of the progress of a download, from a server that answers so. */
async function told(answer: RequestListener): Promise<(readonly [number, number | null])[]> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const lines: [number, number | null][] = [];
  try {
    const bytes = await download(new URL(`http://127.0.0.1:${port}/`), (...line) => lines.push(line));
    assert.deepEqual(bytes, new TextEncoder().encode("abcdefghij"));
  } finally {
    server.close();
  }
  return lines;
}

describe("a download", () => {
  it("knows from its start how much will come, where the server says so", async () => {
    const lines = await told((_, response) => {
      response.writeHead(200, { "content-length": 10 }).end("abcdefghij");
    });
    assert.deepEqual(new Set(lines.map(([, total]) => total)), new Set([10]));
    assert.deepEqual(lines.at(-1), [10, 10]);
  });

  it("knows it at its end, where the server does not", async () => {
    const lines = await told((_, response) => {
      response.write("abcde");
      response.end("fghij");
    });
    assert.deepEqual(lines[0]![1], null);
    assert.deepEqual(lines.at(-1), [10, 10]);
  });
});
