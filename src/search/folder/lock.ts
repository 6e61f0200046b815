/**
 * @file One writer at a time. A writer announces itself by a file whose name says which process it is, then looks for
 * others: of two that come at once, one at least sees the other and steps back. Whoever finds the file of a process
 * that no longer runs, such as after a `kill -9`, removes it.
 */

import { randomBytes } from "node:crypto";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { writeFailure } from "../../artifact/node.js";
import { ArtifactError } from "../../errors.js";
import { startOf } from "./processes.js";

/** .writer-HOST-PID-START-TOKEN */
const LOCK_FILE = /^\.writer-([A-Za-z0-9]*)-(\d+)-([A-Za-z0-9]+)-([0-9a-f]{12})$/;
const HOST = hostname().replaceAll(/[^A-Za-z0-9]/g, "");
/** Between two looks, on average. */
const PAUSE_MS = 40;
/** A shorter wait is not told. */
const QUIET_MS = 1000;

export interface LockOptions {
  /** How long to wait for another writer; default 30 seconds. */
  readonly waitMs?: number;
  /** Told once who is waited for, such as "process 12 of alpha", when that has taken a second. */
  readonly onWait?: (writer: string) => void;
}

/**
 * @returns what gives the lock back
 * @throws ArtifactError when another writer keeps it, or the folder cannot be written to
 */
export async function lockFolder(
  folder: string,
  { waitMs = 30_000, onWait }: LockOptions = {},
): Promise<() => void> {
  const own = `.writer-${HOST}-${process.pid}-${startOf(process.pid)}-${randomBytes(6).toString("hex")}`;
  const release = () => rmSync(join(folder, own), { force: true });
  const began = performance.now();
  let isTold = false;
  for (;;) {
    try {
      writeFileSync(join(folder, own), "");
    } catch (error) {
      throw writeFailure(folder, error);
    }
    const other = otherWriter(folder, own);
    if (other === null) return release;
    release();
    const waitedMs = performance.now() - began;
    if (waitedMs >= waitMs) throw refusal(folder, other);
    if (waitedMs >= QUIET_MS && !isTold) {
      isTold = true;
      onWait?.(writerOf(other));
    }
    // Two that stepped back at once shall not meet again.
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + Math.random())));
  }
}

/** The file of another that may still run; those of the dead are removed. */
function otherWriter(folder: string, own: string): string | null {
  for (const name of readdirSync(folder)) {
    const [, host, pid, start] = LOCK_FILE.exec(name) ?? [];
    if (pid === undefined || name === own) continue;
    if (host !== HOST) return name; // of another machine, which cannot be asked from here
    const now = startOf(Number(pid));
    if (now === start || now === "unknown") return name;
    rmSync(join(folder, name), { force: true });
  }
  return null;
}

function writerOf(name: string): string {
  const [, host, pid] = LOCK_FILE.exec(name)!;
  return `process ${pid} of ${host}`;
}

function refusal(folder: string, name: string): ArtifactError {
  return new ArtifactError(
    `${folder}: is being written by ${writerOf(name)}, expected no other writer; wait for it to end, or, if ` +
      `that machine no longer runs it, remove ${join(folder, name)}`,
  );
}
