/** @file A program that works when it is asked to: a line on its stdin, an answer on its stdout, and else it waits. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { findPython, ROOT } from "../child.js";

export interface LineChild {
  readonly pid: number;
  /** What it said of itself before the first question. */
  readonly ready: unknown;
  /** @throws when it ends without an answer */
  ask(line: string): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Starts a program and waits until it is ready; what it says on stderr is passed on.
 * @throws when it ends before, or answers in anything but JSON
 */
export async function startChild(command: string, args: readonly string[]): Promise<LineChild> {
  const child = spawn(command, args, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject).once("close", () => resolve());
  });
  child.stdin.on("error", () => undefined); // it has ended, which the missing answer tells
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const line: IteratorResult<string, undefined> = await lines.next();
    if (line.done) throw new Error(`${args[0]}: ended early; its message stands above`);
    return JSON.parse(line.value);
  };
  const ready = await Promise.race([answer(), ended.then(answer)]);
  return {
    pid: child.pid!,
    ready,
    ask(line) {
      child.stdin.write(`${line}\n`);
      return answer();
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

/** A Python program of this folder. */
export function startPython(file: string, args: readonly string[]): Promise<LineChild> {
  return startChild(findPython(), [`tools/bench/${file}`, ...args]);
}

/** Another program of ours, compiled beside this one, or under its path from there. */
export function startNode(file: string, args: readonly string[]): Promise<LineChild> {
  return startChild(process.execPath, [`dist/tools/bench/${file}`, ...args]);
}
