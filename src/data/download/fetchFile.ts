/**
 * @file One file from the network, whole or not at all: what lies at its path has the MD5 that was asked for. A
 * download that is cut off goes on where it stopped, now or at the next start.
 */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { DataError } from "../../errors.js";
import { kindOfPath } from "../files.js";
import type { RemoteFile } from "./catalogue.js";
import { claimPartial, leftBehind, releasePartial } from "./partial.js";

export type Fetch = typeof globalThis.fetch;

export interface FetchOptions {
  readonly fetch: Fetch;
  /** Bytes there are of `file`, and that there will be. */
  readonly progress: (file: RemoteFile, done: number) => void;
}

/** How often an address is asked again when it breaks off in the middle, each time for the rest. */
const ATTEMPTS = 3;

/**
 * Makes sure that `remote` lies at `target`; nothing is fetched where it does.
 * @param dataset names it in errors
 * @throws DataError (as a rejection) if no address can be reached or has it, or its MD5 is another
 */
export async function fetchFile(
  dataset: string,
  remote: RemoteFile,
  target: string,
  options: FetchOptions,
): Promise<void> {
  if ((await kindOfPath(target)) === "file") return checkExisting(target, remote);
  try {
    await mkdir(path.dirname(target), { recursive: true });
    await fetchInto(dataset, remote, target, options);
    await Promise.all((await leftBehind(target)).map((left) => rm(left.file, { force: true })));
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(
      `${target}: found that it cannot be written (${explain(error)}), expected a folder with room for ${remote.bytes} ` +
        "bytes; set INSTDISC_CACHE to another folder",
      { cause: error },
    );
  }
}

async function fetchInto(
  dataset: string,
  remote: RemoteFile,
  target: string,
  options: FetchOptions,
): Promise<void> {
  const { file, bytes } = await claimPartial(target);
  try {
    await complete(dataset, remote, { file, bytes, target }, options);
    const md5 = await md5Of(file);
    if (md5 !== remote.md5) {
      await rm(file);
      throw new DataError(
        `${dataset}: found MD5 ${md5} in what ${remote.urls.join(" or ")} sent, expected ${remote.md5}; ` +
          `it was thrown away, so try again, or ${byHand(remote, target)}`,
      );
    }
    await rename(file, target); // another process may have been faster with the same bytes
  } finally {
    releasePartial(file);
  }
}

interface Partial {
  readonly file: string;
  /** Bytes it had at the beginning. */
  readonly bytes: number;
  readonly target: string;
}

/** Asks one address after the other until the partial file is complete. */
async function complete(
  dataset: string,
  remote: RemoteFile,
  partial: Partial,
  { fetch, progress }: FetchOptions,
): Promise<void> {
  const failures: string[] = [];
  let have = partial.bytes;
  for (const url of remote.urls) {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = have;
      try {
        await receive(fetch, url, partial.file, have, (bytes) => progress(remote, (have = bytes)));
        return;
      } catch (error) {
        if (isOfTheDisk(error)) throw error;
        failures.push(`${url} (${explain(error)})`);
        // What sent nothing now will send nothing if asked again at once.
        if (have <= before) break;
      }
    }
  }
  throw new DataError(
    `${dataset}: could not get ${[...new Set(failures)].join(" or ")}, expected a network that reaches it; ` +
      byHand(remote, partial.target),
  );
}

const byHand = (remote: RemoteFile, target: string): string =>
  `download ${remote.urls[0]} by hand to ${target}, or give a folder of pictures`;

/**
 * Writes what `url` holds from byte `have` on into `file`, or all of it where the server knows no ranges.
 * @param arrived is told how many bytes the file has
 */
async function receive(
  fetch: Fetch,
  url: string,
  file: string,
  have: number,
  arrived: (bytes: number) => void,
): Promise<void> {
  // "identity": a server that unpacked a .gz on the way would change its MD5.
  const headers = { "accept-encoding": "identity", ...(have > 0 ? { range: `bytes=${have}-` } : {}) };
  let response = await fetch(url, { headers });
  if (response.status === 416) {
    // Nothing follows our last byte: the file is whole, or longer than it should be.
    await response.body?.cancel();
    if (response.headers.get("content-range") === `bytes */${have}`) return arrived(have);
    response = await fetch(url, { headers: { "accept-encoding": "identity" } });
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`HTTP ${response.status} ${response.statusText}`.trimEnd());
  }
  const isRest = response.status === 206;
  const range = response.headers.get("content-range");
  if (isRest && !range?.startsWith(`bytes ${have}-`)) {
    await response.body.cancel();
    throw new Error(`sent the range ${range} when asked for all from byte ${have}`);
  }
  const handle = await open(file, isRest ? "r+" : "w");
  try {
    let position = isRest ? have : 0;
    arrived(position);
    for await (const chunk of response.body) {
      const bytes = chunk as Uint8Array;
      await handle.write(bytes, 0, bytes.length, position);
      arrived((position += bytes.length));
    }
  } finally {
    await handle.close();
  }
}

const isOfTheDisk = (error: unknown): boolean =>
  ["open", "write", "close"].includes((error as NodeJS.ErrnoException).syscall ?? "");

/** fetch says "fetch failed" and keeps the reason for itself. */
function explain(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = (cause as NodeJS.ErrnoException).code;
  return code ?? (cause instanceof Error ? cause.message : String(cause));
}

/** Also what somebody put there by hand. */
async function checkExisting(target: string, remote: RemoteFile): Promise<void> {
  const md5 = await md5Of(target);
  if (md5 === remote.md5) return;
  throw new DataError(`${target}: found MD5 ${md5}, expected ${remote.md5}; delete the file and try again`);
}

async function md5Of(file: string): Promise<string> {
  const hash = createHash("md5");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}
