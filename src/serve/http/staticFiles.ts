/**
 * @file Files as they lie on disk. Only names that were listed at the start are ever opened: a path in a request is
 * looked up, never walked.
 */

import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { Readable } from "node:stream";
import { gone } from "./httpError.js";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".onnx": "application/octet-stream",
  ".png": "image/png",
  ".safetensors": "application/octet-stream",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

interface StaticFile {
  readonly path: string;
  readonly size: number;
  readonly type: string;
  readonly etag: string;
}

/** By name: "index.html", "sprites/0000.jpg". */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

/** What lies in a folder now, at any depth; hidden files are not listed. Empty where there is no such folder. */
export async function listStatic(folder: string): Promise<StaticFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith("."));
  const listed = files.map(async (entry): Promise<[string, StaticFile]> => {
    const path = join(entry.parentPath, entry.name);
    const { size, mtimeMs } = await stat(path);
    const etag = `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`;
    const type = TYPES[extname(path).toLowerCase()] ?? "application/octet-stream";
    return [path.slice(folder.length + 1).replaceAll(sep, "/"), { path, size, type, etag }];
  });
  return new Map(await Promise.all(listed));
}

/** @returns null where no such file was listed */
export function serveStatic(files: StaticFiles, name: string, request: Request): Response | null {
  const file = files.get(name);
  if (file === undefined) return null;
  const { path, size, type, etag } = file;
  // Browsers ask each time whether it is still the same: the next run may be served at the same address.
  const headers = { ETag: etag, "Cache-Control": "no-cache" };
  if (isKnown(request, etag)) return new Response(null, { status: 304, headers });
  const body = request.method === "HEAD" ? null : streamOf(path, request.signal);
  return new Response(body, {
    headers: { ...headers, "Content-Type": type, "Content-Length": String(size) },
  });
}

/** true: the client has it already. */
export function isKnown(request: Request, etag: string): boolean {
  const known = (request.headers.get("If-None-Match") ?? "").split(",").map((one) => one.trim());
  return known.includes(etag) || known.includes(`W/${etag}`) || known.includes("*");
}

function streamOf(path: string, signal: AbortSignal): ReadableStream<Uint8Array> {
  const stream = createReadStream(path);
  const abort = (): void => void stream.destroy(gone(signal.reason));
  signal.addEventListener("abort", abort, { once: true });
  stream.once("close", () => signal.removeEventListener("abort", abort));
  stream.on("error", () => {}); // the reader of the web stream meets it
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
}
