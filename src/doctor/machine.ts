/** @file The machine itself: Node, processor, memory, and the disk that runs are written to. */

import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rmdir, statfs } from "node:fs/promises";
import { availableParallelism, cpus, freemem, platform, release, totalmem, arch } from "node:os";
import { dirname, join, resolve } from "node:path";
import { firstLine, type Finding } from "./finding.js";

const GIB = 2 ** 30;
/** A run of 50,000 pictures takes some hundred megabytes: with less than this, checkpoints may not fit. */
const LITTLE_DISK_BYTES = 2 * GIB;
const LITTLE_MEMORY_BYTES = 2 * GIB;

const gib = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`;

export function lookAtNode(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const fine = major > 20 || (major === 20 && minor >= 19);
  const what = "Node.js";
  if (fine) return { what, state: "fine", found: `${version} on ${platform()} ${release()} ${arch()}` };
  return {
    what,
    state: "problem",
    found: `${version}, expected 20.19 or newer`,
    remedy: "install a newer one, such as with: npx n lts",
  };
}

/** Vector instructions that ONNX Runtime's kernels use, as Linux names them. */
const INSTRUCTIONS = ["avx2", "avx512f", "avx512_vnni", "amx_tile", "asimd", "sve"];

export function lookAtProcessor(): Finding {
  const [first] = cpus();
  const has = instructions();
  const known = has.length > 0 ? `, ${has.join(" ")}` : "";
  const found = `${first?.model.trim() ?? "unknown"}, ${availableParallelism()} threads${known}`;
  return { what: "processor", state: "fine", found };
}

function instructions(): string[] {
  if (!existsSync("/proc/cpuinfo")) return [];
  const flags = /^(?:flags|Features)\s*: (.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "";
  const all = new Set(flags.split(" "));
  return INSTRUCTIONS.filter((name) => all.has(name));
}

export function lookAtMemory(): Finding {
  const what = "memory";
  const found = `${gib(totalmem())}, ${gib(freemem())} free`;
  if (freemem() >= LITTLE_MEMORY_BYTES) return { what, state: "fine", found };
  return {
    what,
    state: "problem",
    found,
    remedy: "close other programs, or train with a smaller --batch-size",
  };
}

/** @param folder where runs are to be written; it need not be there yet */
export async function lookAtDisk(folder: string): Promise<Finding> {
  const place = nearestThere(resolve(folder));
  const what = `disk of ${folder}`;
  const refused = await refusal(place);
  if (refused !== null) {
    const remedy = `choose another folder with --out, or: chmod u+w ${place}`;
    return { what, state: "problem", found: `${place} cannot be written to (${refused})`, remedy };
  }
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const found = `${gib(free)} free`;
  if (free >= LITTLE_DISK_BYTES) return { what, state: "fine", found };
  return { what, state: "problem", found, remedy: "free some space, or choose another disk with --out" };
}

/** Why nothing can be made in a folder; null: it can. Rights alone do not tell: root has all, and disks are read-only. */
async function refusal(folder: string): Promise<string | null> {
  try {
    await rmdir(await mkdtemp(join(folder, ".instdisc-doctor-")));
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? firstLine(error);
  }
}

function nearestThere(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestThere(dirname(folder));
}
