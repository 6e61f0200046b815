/** @file Files of a collection, from a server or from memory. */

import { ArtifactError } from "../../errors.js";
import { download, type OnBytes } from "./download.js";
import type { MemoryCollection } from "./engineTypes.js";

export interface CollectionReader {
  /** Names the file in errors. */
  where(path: string): string;
  /** @throws ArtifactError when it is not there or does not come to its end */
  read(path: string, onBytes: OnBytes): Promise<Uint8Array<ArrayBuffer>>;
}

/** @param base address of the folder, ending in a slash; or what would be in it */
export function readerOf(base: string | MemoryCollection): CollectionReader {
  if (typeof base === "string") {
    const urlOf = (path: string): URL => new URL(path, base);
    return { where: (path) => urlOf(path).href, read: (path, onBytes) => download(urlOf(path), onBytes) };
  }
  return {
    where: (path) => path,
    async read(path, onBytes) {
      const bytes = new Uint8Array(await blobOf(base, path).arrayBuffer());
      onBytes(bytes.length, bytes.length);
      return bytes;
    },
  };
}

/** @throws ArtifactError when there is none */
export function blobOf(files: MemoryCollection, path: string): Blob {
  const blob = files.get(path);
  if (blob !== undefined) return blob;
  throw new ArtifactError(
    `${path}: is not in the collection, expected one of ${[...files.keys()].join(", ")}; make the collection again`,
  );
}
