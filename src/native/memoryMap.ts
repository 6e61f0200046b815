/**
 * @file Files that are read in places, here and there: by a memory map on Linux and macOS, where rows that are read
 * again come from memory without a call into the system; by position elsewhere, or where koffi does not load.
 *
 * Bytes are copied out, never lent: nothing can be read of a map that is gone, which would end the process. Files must
 * not get shorter while they are open; those of an index never change.
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { ArtifactError } from "../errors.js";
import { loadKoffi } from "./koffi.js";

export interface OpenFile {
  readonly sizeBytes: number;
  readonly isMapped: boolean;
  /**
   * Fills `into` with the bytes from `offset` on.
   * @throws ArtifactError when the file is closed, or has fewer
   */
  read(offset: number, into: Uint8Array): void;
  /** Gives everything back; a second time does nothing. */
  close(): void;
}

/** mmap and munmap of the C library. Source: POSIX.1-2017, mmap */
interface Mapping {
  map(file: number, sizeBytes: number): { readonly address: bigint; readonly view: Uint8Array } | null;
  unmap(address: bigint, sizeBytes: number): void;
}

const PROT_READ = 1;
const MAP_PRIVATE = 2;
const MAP_FAILED = -1n;

let mapping: Promise<Mapping | null> | null = null;

/**
 * @param mayMap false: read by position
 * @throws ArtifactError when it cannot be read
 */
export async function openFile(path: string, mayMap = true): Promise<OpenFile> {
  const maps = mayMap ? await (mapping ??= loadMapping()) : null;
  const file = explain(path, () => openSync(path, "r"));
  let keep = false;
  try {
    const sizeBytes = explain(path, () => fstatSync(file).size);
    const mapped = sizeBytes > 0 ? maps?.map(file, sizeBytes) : null;
    if (maps && mapped) {
      return new InPlaces(path, sizeBytes, true, {
        read: (offset, into) => into.set(mapped.view.subarray(offset, offset + into.length)),
        close: () => maps.unmap(mapped.address, sizeBytes),
      });
    }
    keep = true;
    return new InPlaces(path, sizeBytes, false, {
      read: (offset, into) => explain(path, () => readByPosition(file, offset, into)),
      close: () => closeSync(file),
    });
  } finally {
    if (!keep) closeSync(file); // a map stays without it
  }
}

/** How the bytes are had; never called after close. */
interface Access {
  read(offset: number, into: Uint8Array): void;
  close(): void;
}

class InPlaces implements OpenFile {
  readonly #path: string;
  #access: Access | null;

  constructor(
    path: string,
    readonly sizeBytes: number,
    readonly isMapped: boolean,
    access: Access,
  ) {
    this.#path = path;
    this.#access = access;
  }

  read(offset: number, into: Uint8Array): void {
    if (this.#access === null) {
      throw new ArtifactError(`${this.#path}: is closed, expected an open file; open the index again`);
    }
    if (offset < 0 || offset + into.length > this.sizeBytes) {
      throw new ArtifactError(
        `${this.#path}: has ${this.sizeBytes} bytes, expected at least ${offset + into.length}; restore the file`,
      );
    }
    this.#access.read(offset, into);
  }

  close(): void {
    this.#access?.close();
    this.#access = null;
  }
}

function readByPosition(file: number, offset: number, into: Uint8Array): void {
  for (let done = 0; done < into.length;) {
    const count = readSync(file, into, done, into.length - done, offset + done);
    if (count === 0) throw new Error("the file got shorter");
    done += count;
  }
}

/** null: this platform has none, or koffi's library for it is missing. */
async function loadMapping(): Promise<Mapping | null> {
  if (process.platform !== "linux" && process.platform !== "darwin") return null;
  try {
    const koffi = await loadKoffi();
    const process = koffi.load(null);
    // The offset is always 0: as `long` it is right where off_t has 32 bits too.
    const mmap = process.func(
      "void *mmap(void *addr, size_t length, int prot, int flags, int fd, long offset)",
    );
    const munmap = process.func("int munmap(void *addr, size_t length)");
    return {
      map(file, sizeBytes) {
        const found: unknown = mmap(null, sizeBytes, PROT_READ, MAP_PRIVATE, file, 0);
        if (typeof found !== "bigint" || BigInt.asIntN(64, found) === MAP_FAILED) return null;
        return { address: found, view: new Uint8Array(koffi.view(found, sizeBytes)) };
      },
      unmap: (address, sizeBytes) => void munmap(address, sizeBytes),
    };
  } catch {
    return null;
  }
}

function explain<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ArtifactError(
      `${path}: cannot be read (${code ?? message}), expected a readable file; restore the file`,
      { cause: error },
    );
  }
}
