/** @file A tar.gz archive into a folder, which is there whole or not at all and gets nothing but plain files. */

import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { createGunzip } from "node:zlib";
import { createTarDecoder, type ParsedTarEntry } from "modern-tar";
import { DataError } from "../../errors.js";
import { kindOfPath } from "../files.js";
import { ownName } from "./partial.js";

/**
 * Unpacks the files below `inside/` of an archive as the folder `target`. Of two processes that unpack the same, one
 * is first and the other takes its folder.
 * @throws DataError (as a rejection) if the archive is damaged, lacks the folder, or holds a link or a path that leads out
 */
export async function unpackFolder(archive: string, inside: string, target: string): Promise<void> {
  const building = ownName(target, "unpacking");
  await mkdir(building, { recursive: true });
  try {
    await unpackAll(archive, building);
    const made = path.join(building, inside);
    if ((await kindOfPath(made)) !== "folder") {
      throw new DataError(
        `${archive}: found no folder ${inside}/, expected one; delete the file and try again`,
      );
    }
    await rename(made, target).catch(async (error: unknown) => {
      if ((await kindOfPath(target)) !== "folder") throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

async function unpackAll(archive: string, folder: string): Promise<void> {
  const gunzip = createGunzip();
  const unpacked = pipeline(createReadStream(archive), gunzip);
  unpacked.catch(() => undefined); // told below, where the entries are read
  const bytes = Readable.toWeb(gunzip) as unknown as globalThis.ReadableStream<Uint8Array>;
  try {
    for await (const entry of bytes.pipeThrough(createTarDecoder({ strict: true }))) {
      await writeEntry(archive, entry, folder);
    }
    await unpacked;
  } catch (error) {
    gunzip.destroy();
    if (error instanceof DataError) throw error;
    const found = error instanceof Error ? error.message : String(error);
    throw new DataError(
      `${archive}: found a damaged archive (${found}), expected a whole tar.gz; delete the file and try again`,
      { cause: error },
    );
  }
}

async function writeEntry(archive: string, { header, body }: ParsedTarEntry, folder: string): Promise<void> {
  const { name, type = "file" } = header;
  if (type === "pax-global-header") return body.cancel(); // speaks of the archive, not of a file
  const refuse = (found: string): DataError =>
    new DataError(
      `${archive}: found ${found}, expected plain files below one folder; do not trust this archive`,
    );
  if (type !== "file" && type !== "directory") throw refuse(`${name}, a ${type}`);
  const parts = name.split(/[/\\]/);
  if (path.isAbsolute(name) || path.win32.isAbsolute(name) || parts.includes("..") || name.includes("\0")) {
    throw refuse(`the path ${JSON.stringify(name)}, which leads out of its folder`);
  }
  const file = path.join(folder, name);
  if (type === "directory") {
    await body.cancel();
    await mkdir(file, { recursive: true });
    return;
  }
  await mkdir(path.dirname(file), { recursive: true });
  await pipeline(
    Readable.fromWeb(body as unknown as ReadableStream),
    createWriteStream(file, { flags: "wx" }),
  );
}
