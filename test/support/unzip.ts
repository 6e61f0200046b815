/** @file Takes apart a zip file whose entries are stored as they are. Source: PKWARE, APPNOTE.TXT 6.3, section 4.3.7 */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const LOCAL_HEADER = 0x04034b50;
const HEADER_BYTES = 30;

/** Writes its files into a folder. */
export function unzip(zip: Buffer, folder: string): void {
  for (let at = 0; zip.readUInt32LE(at) === LOCAL_HEADER;) {
    const size = zip.readUInt32LE(at + 18);
    const nameEnd = at + HEADER_BYTES + zip.readUInt16LE(at + 26);
    const begin = nameEnd + zip.readUInt16LE(at + 28);
    const path = join(folder, zip.toString("utf8", at + HEADER_BYTES, nameEnd));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, zip.subarray(begin, begin + size));
    at = begin + size;
  }
}
