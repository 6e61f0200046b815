/** @file Plain files over HTTP, as a static host serves them. */

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".jpg": "image/jpeg",
  ".png": "image/png",
};

/** What lets a page have threads. */
const ISOLATED = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

export interface StaticServer {
  /** Without a slash at its end. */
  readonly origin: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/**
 * @param folders by the path under which each is served, such as "/page/"; the longest that fits counts
 * @param isolated false: as a host that says nothing of isolation
 */
export async function serveFolders(
  folders: Readonly<Record<string, string>>,
  { isolated = true }: { readonly isolated?: boolean } = {},
): Promise<StaticServer> {
  const prefixes = Object.keys(folders).sort((a, b) => b.length - a.length);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, "http://localhost").pathname);
    asked.push(path);
    const prefix = prefixes.find((one) => path.startsWith(one));
    if (isolated) for (const [name, value] of Object.entries(ISOLATED)) response.setHeader(name, value);
    if (prefix === undefined) response.writeHead(404).end();
    else void send(join(folders[prefix]!, normalize(`/${path.slice(prefix.length)}`)), response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { origin: `http://127.0.0.1:${port}`, asked, close };
}

async function send(path: string, response: ServerResponse): Promise<void> {
  const file = path.endsWith("/") ? join(path, "index.html") : path;
  const found = await stat(file).catch(() => null);
  if (found === null || !found.isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    "content-type": TYPES[extname(file)] ?? "application/octet-stream",
    "content-length": found.size,
  });
  createReadStream(file).pipe(response);
}
