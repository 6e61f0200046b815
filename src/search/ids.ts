/** @file Ids as the bytes in which files keep them: UTF-8, a zero byte after each. */

import { ArtifactError } from "../errors.js";

/** @param ids Unicode without zero bytes */
export function packIds(ids: readonly string[]): Uint8Array {
  return new TextEncoder().encode(ids.map((id) => `${id}\0`).join(""));
}

/** @throws ArtifactError unless these are `count` ids */
export function unpackIds(bytes: Uint8Array, count: number, where: string): string[] {
  const fail = (found: string, cause?: unknown): never => {
    throw new ArtifactError(`${where}: ${found}, expected ${count} ids; restore the file`, { cause });
  };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    return fail("holds ids that are not UTF-8", error);
  }
  const ids = text.split("\0");
  if (ids.pop() !== "" || ids.length !== count) return fail(`holds ${ids.length} ids`);
  return ids;
}
