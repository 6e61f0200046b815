/**
 * @file Files that are not whole yet. Each download writes its own, named after the process, so that two processes
 * never write the same bytes twice over each other; what a dead process left behind is taken over, not thrown away.
 */

import { randomBytes } from "node:crypto";
import { readdir, rename, stat } from "node:fs/promises";
import path from "node:path";

/** Partial files that this process is writing at the moment. */
const writing = new Set<string>();

/** A name beside `target` that nobody else uses: <target>.<process id>-<random>.part */
export function ownName(target: string, ending = "part"): string {
  return `${target}.${process.pid}-${randomBytes(4).toString("hex")}.${ending}`;
}

/** false: the process that wrote the partial file is gone, or was this one and has given up. */
function isInUse(file: string): boolean {
  if (writing.has(file)) return true;
  const owner = Number(/\.(\d+)-[0-9a-f]+\.part$/.exec(file)?.[1]);
  if (owner === process.pid) return false;
  try {
    process.kill(owner, 0); // sends nothing; asks whether there is such a process
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // there is, and it belongs to someone else
  }
}

/**
 * A partial file for `target` that is ours to write: the longest one left behind, or a name where nothing lies yet.
 * Give it back with releasePartial.
 * @returns its path and how many bytes it has
 */
export async function claimPartial(target: string): Promise<{ file: string; bytes: number }> {
  const file = ownName(target);
  writing.add(file);
  for (const left of await leftBehind(target)) {
    try {
      await rename(left.file, file); // whoever renames it first has it
      return { file, bytes: left.bytes };
    } catch {
      continue; // another process was faster
    }
  }
  return { file, bytes: 0 };
}

export function releasePartial(file: string): void {
  writing.delete(file);
}

/** Partial files of `target` that nobody writes, the longest first. */
export async function leftBehind(target: string): Promise<{ file: string; bytes: number }[]> {
  const folder = path.dirname(target);
  const names = (await readdir(folder)).filter(
    (name) => name.startsWith(`${path.basename(target)}.`) && /\.\d+-[0-9a-f]+\.part$/.test(name),
  );
  const idle = names.map((name) => path.join(folder, name)).filter((file) => !isInUse(file));
  const sized = await Promise.all(
    idle.map(async (file) => ({ file, bytes: (await stat(file).catch(() => null))?.size ?? 0 })),
  );
  return sized.sort((a, b) => b.bytes - a.bytes);
}
