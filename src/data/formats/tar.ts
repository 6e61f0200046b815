/**
 * @file The members of a tar file, found by reading its headers only. Written out because the archive is read
 * at random later: a member's place counts, and readers of streams do not tell it.
 * Source: POSIX.1-2001 pax interchange format; GNU tar's long names and base-256 numbers.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { DataError } from "../../errors.js";
import { explainSystemError } from "../files.js";

export interface TarMember {
  readonly name: string;
  readonly offset: number; // bytes from the file's begin
  readonly size: number; // bytes
}

const BLOCK = 512; // bytes
/** Read at once: with small members, one read finds several headers. */
const WINDOW = 16 * 1024;

/** Reads of a file by position through a small window. */
class Window {
  private start = 0;
  private bytes = Buffer.alloc(0);

  constructor(
    private readonly descriptor: number,
    readonly fileBytes: number,
  ) {}

  /** @returns as many of `length` bytes as the file has; valid until the next read */
  read(offset: number, length: number): Buffer {
    if (offset < this.start || offset + length > this.start + this.bytes.length) {
      const buffer = Buffer.allocUnsafe(Math.max(length, WINDOW));
      this.start = offset;
      this.bytes = buffer.subarray(0, readSync(this.descriptor, buffer, 0, buffer.length, offset));
    }
    return this.bytes.subarray(offset - this.start, offset - this.start + length);
  }
}

const textOf = (field: Buffer): string => {
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end < 0 ? field.length : end);
};

/** Octal digits, or a big-endian number behind a set first bit. */
function numberOf(field: Buffer): number {
  if ((field[0]! & 0x80) === 0) return parseInt(textOf(field).trim() || "0", 8);
  return field.subarray(1).reduce((value, byte) => value * 256 + byte, field[0]! & 0x7f);
}

/** The sum of a header's bytes, its own field counted as spaces. */
function hasRightChecksum(header: Buffer): boolean {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  return sum === numberOf(header.subarray(148, 156));
}

/** A header's own name and the folder that ustar keeps apart. */
function nameIn(header: Buffer): string {
  const name = textOf(header.subarray(0, 100));
  const prefix = header.toString("latin1", 257, 263) === "ustar\0" ? textOf(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** pax records, "<length> <key>=<value>\n". */
function paxRecords(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const length = parseInt(bytes.toString("latin1", at, at + 20), 10);
    if (!(length > 0)) break;
    const record = bytes.toString("utf8", at, at + length - 1);
    const equals = record.indexOf("=");
    records.set(record.slice(record.indexOf(" ") + 1, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

/** Longest header extension that is believed: names are a few thousand bytes at most. */
const MOST_EXTENSION = 1 << 20;

/** @throws Error with what was found instead of a header */
function* walk(window: Window): Generator<TarMember> {
  let longName: string | undefined;
  let longSize: number | undefined;
  for (let at = 0; at < window.fileBytes;) {
    const header = window.read(at, BLOCK);
    if (header.length < BLOCK) throw new Error(`the end of the file inside a header at byte ${at}`);
    if (header.every((byte) => byte === 0)) return;
    if (!hasRightChecksum(header)) throw new Error(`no tar header at byte ${at}`);
    const type = String.fromCharCode(header[156]!);
    const name = longName ?? nameIn(header);
    const size = longSize ?? numberOf(header.subarray(124, 136));
    const offset = at + BLOCK;
    at = offset + Math.ceil(size / BLOCK) * BLOCK;
    if (!(size >= 0) || offset + size > window.fileBytes) {
      throw new Error(`${window.fileBytes} bytes, too few for ${name} of ${size} bytes at byte ${offset}`);
    }
    if ("Lx".includes(type) && size <= MOST_EXTENSION) {
      const extension = window.read(offset, size);
      const records = type === "x" ? paxRecords(extension) : new Map([["path", textOf(extension)]]);
      longName = records.get("path") ?? longName;
      if (records.has("size")) longSize = Number(records.get("size"));
    } else if (!"Kg".includes(type)) {
      if ("\u000007".includes(type)) yield { name, offset, size };
      longName = longSize = undefined;
    }
  }
}

/**
 * Calls `use` with every regular file of an archive, in order; `read` gives a small member's bytes.
 * @returns what was found where the archive is damaged, after the members before it; else null
 * @throws DataError if the file cannot be read or has no tar header at all
 */
export function forEachMember(
  file: string,
  use: (member: TarMember, read: () => Buffer) => void,
): string | null {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw new DataError(`${file}: found ${explainSystemError(cause)}, expected a tar file; check the path`, {
      cause,
    });
  }
  let members = 0;
  try {
    const window = new Window(descriptor, fstatSync(descriptor).size);
    for (const member of walk(window)) {
      members++;
      use(member, () => window.read(member.offset, member.size));
    }
    return null;
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const found = explainSystemError(cause);
    if (members > 0) return found;
    throw new DataError(
      `${file}: found ${found}, expected a whole tar file, not compressed; unpack or download it again`,
      { cause },
    );
  } finally {
    closeSync(descriptor);
  }
}
