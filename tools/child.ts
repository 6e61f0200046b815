/** @file Programs that a tool starts: our own command line, and Python beside it. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Compiled, this file is dist/tools/child.js. */
export const ROOT = join(import.meta.dirname, "../..");
export const BIN = join(ROOT, "dist/src/cli/bin.js");

/** INSTDISC_PYTHON, or the one of .venv. @throws where there is none */
export function findPython(): string {
  const own = join(ROOT, ".venv/bin/python");
  const python = process.env["INSTDISC_PYTHON"] ?? (existsSync(own) ? own : null);
  if (python === null) throw new Error("no Python: set INSTDISC_PYTHON, or make .venv");
  return python;
}

/** The folder of CIFAR-10 as JPEG files, {train,test}/<class>/*.jpg. @throws where INSTDISC_CIFAR10 does not say it */
export function findCifar(): string {
  const folder = process.env["INSTDISC_CIFAR10"];
  if (folder && existsSync(join(folder, "train"))) return folder;
  throw new Error(`INSTDISC_CIFAR10: found ${folder ?? "nothing"}, expected a folder with train/ and test/`);
}

/**
 * Runs a program to its end; what it says on stderr is passed on.
 * @returns the last line of its stdout, parsed
 * @throws when it fails, or its last line is no JSON
 */
export async function runJson(command: string, args: readonly string[]): Promise<unknown> {
  const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args[0]}: ended with ${code}; its message stands above`);
  return JSON.parse(text.trimEnd().split("\n").at(-1)!);
}

/** onnx-instdisc train, with these options. @returns what it prints with --json */
export function runTraining(args: readonly string[]): Promise<unknown> {
  return runJson(process.execPath, [BIN, "train", ...args, "--json"]);
}
