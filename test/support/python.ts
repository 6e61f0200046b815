/** @file Finds a Python with the packages that a test needs. The package itself never uses one. */

import assert from "node:assert/strict";
import { execFile, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { ROOT } from "./sources.js";

function findPython(): string | null {
  const given = process.env["INSTDISC_PYTHON"];
  if (given !== undefined) return given;
  const own = join(ROOT, ".venv/bin/python");
  return existsSync(own) ? own : null;
}

/** @throws with the reason where Python or one of `packages` is missing */
export function pythonWith(...packages: readonly string[]): string {
  const python = findPython();
  if (python === null) throw new Error("no Python: set INSTDISC_PYTHON, or make .venv");
  const { status, stderr } = spawnSync(python, ["-c", `import ${packages.join(", ")}`], { encoding: "utf8" });
  if (status === 0) return python;
  throw new Error(`${python} lacks a package: ${stderr?.trim().split("\n").at(-1) || "it does not start"}`);
}

/** Skips the suite, with a printed reason, where Python or one of `packages` is missing. Call it in `before`. */
export function requirePython(context: Mocha.Context, ...packages: readonly string[]): string {
  try {
    return pythonWith(...packages);
  } catch (error) {
    return skip(context, (error as Error).message);
  }
}

function skip(context: Mocha.Context, reason: string): never {
  console.log(`    skipped: ${reason}`);
  return context.skip();
}

/** Runs one of our tools. @returns its stdout; @throws with its stderr when it fails */
export async function runTool(python: string, tool: string, args: readonly string[]): Promise<string> {
  const run = promisify(execFile);
  const { stdout } = await run(python, [join(ROOT, "tools", tool), ...args], { maxBuffer: 2 ** 26 });
  return stdout;
}

/** One of our tools that carries out request after request. */
export interface OpenTool {
  /** Resolves when it is done; @throws with its stderr when it fails. Ask again only then. */
  ask(args: readonly string[]): Promise<void>;
  close(): void;
}

/** Starts a tool that takes its arguments from stdin, as JSON, a line for each request, and answers with a line. */
export function openTool(python: string, tool: string): OpenTool {
  const child = spawn(python, [join(ROOT, "tools", tool)]);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.on("error", () => undefined); // of a tool that has ended: ask() says so
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ended = new Promise((resolve) => child.once("close", resolve));
  return {
    async ask(args) {
      child.stdin.write(`${JSON.stringify(args)}\n`);
      const { done } = await answers.next();
      if (!done) return;
      await ended;
      throw new Error(`${tool}: ended before it answered, expected "done"; it says: ${stderr}`);
    },
    close: () => child.stdin.end(),
  };
}

/** What tools/checkOnnx.py says of a file. */
export interface Checked {
  readonly ok: boolean;
  readonly error: string | null;
  readonly inputs: readonly { readonly name: string; readonly type: string; readonly shape: unknown[] }[];
}

/** @throws AssertionError when a file is no valid ONNX, its shapes cannot be inferred, or it does not load */
export async function checkOnnx(python: string, paths: readonly string[]): Promise<Checked[]> {
  const lines = (await runTool(python, "checkOnnx.py", paths)).trimEnd().split("\n");
  const checked = lines.map((line) => JSON.parse(line) as Checked);
  assert.deepEqual(
    checked.map(({ ok, error }) => [ok, error]),
    paths.map(() => [true, null]),
  );
  return checked;
}
