/** @file Runs the executable as a user's shell would. */

import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { cacheFolder } from "../support/cacheFolder.js";

/** Compiled, this file is dist/test/cli/executable.js. */
export const BIN = join(import.meta.dirname, "../../src/cli/bin.js");

export interface Outcome {
  /** null: ended by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  /** Called with everything on stderr so far, whenever there is more. */
  readonly watch?: (stderr: string, child: ChildProcess) => void;
  /** Beside that of the tests. */
  readonly env?: NodeJS.ProcessEnv;
  /** Packages that cannot be imported, as if they were not installed. */
  readonly without?: readonly string[];
}

export function runCli(
  args: readonly string[],
  { cwd, watch, without = [], env = {} }: RunOptions,
): Promise<Outcome> {
  const options = without.length > 0 ? ["--import", refusing(without)] : [];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...options, BIN, ...args], {
      cwd,
      env: { ...process.env, INSTDISC_CACHE: cacheFolder(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      watch?.(stderr, child);
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** A module that keeps packages from being found. */
function refusing(packages: readonly string[]): string {
  const hooks = `export async function resolve(specifier, context, next) {
    if (${JSON.stringify(packages)}.includes(specifier)) throw new Error("no package " + specifier);
    return next(specifier, context);
  }`;
  return moduleOf(`import { register } from "node:module"; register(${JSON.stringify(moduleOf(hooks))});`);
}

const moduleOf = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;

/** A network that trains in a second: what build-graph and train have in common. */
export const TINY = ["--width", "4", "--image-size", "16", "--batch-size", "16", "--embedding-dim", "8"];

/** TINY for train alone, with one data worker: to start more takes longer than the training. */
export const TINY_TRAINING = [...TINY, "--data-workers", "1"];
