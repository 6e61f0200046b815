/** @file Runs another program for what it prints. */

import { execFile } from "node:child_process";

const MOST_MS = 60_000;

export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** Never rejects: a program that is missing or fails printed what it printed. */
export function run(file: string, args: readonly string[]): Promise<Printed> {
  return new Promise((resolve) => {
    execFile(file, [...args], { timeout: MOST_MS }, (_error, stdout, stderr) => resolve({ stdout, stderr }));
  });
}
