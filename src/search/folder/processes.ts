/** @file Whether a process still runs, though another may have its number by now. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Behind the name in parentheses, which may hold anything, field 3 is the state and field 22 the start in ticks. */
const STATE = 0;
const START = 19;

/**
 * When the process began, in letters and digits, where the system tells; "unknown" where it does not; null: there is no
 * such process. Source: Linux, man 5 proc; POSIX, ps
 */
export function startOf(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return null;
  }
  try {
    if (process.platform === "linux") return startOnLinux(pid);
    if (process.platform === "darwin") {
      const told = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
      return told.replaceAll(/[^A-Za-z0-9]/g, "") || null;
    }
  } catch {
    // Gone in between, or another user's: what follows is all that is known.
  }
  return "unknown";
}

/** Ticks since this boot, and which boot it was. */
function startOnLinux(pid: number): string | null {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[STATE] === "Z" || fields[STATE] === "X") return null; // dead, and only not yet asked after
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
  return `${fields[START]}b${boot}`;
}
