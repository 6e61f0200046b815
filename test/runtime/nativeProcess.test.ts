/** @file Processes and threads end as they should, whatever a native device is doing. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";

const CHILD = join(import.meta.dirname, "../support/nativeChild.js");

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

function run(what: string): Promise<Ended> {
  const child = spawn(process.execPath, [CHILD, what], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, lines: stdout.trim().split("\n"), stderr }));
  });
}

describe("a process with a native device", () => {
  it("ends by itself, though nothing was closed", async () => {
    const { code, lines, stderr } = await run("leave");
    assert.deepEqual([code, lines, stderr], [0, ["running", "trace 256"], ""]);
  });

  it("ends by itself once all is closed, and the runtime given back", async () => {
    const { code, signal, lines, stderr } = await run("close");
    assert.deepEqual([code, signal, lines, stderr], [0, null, ["running", "trace 256"], ""]);
  });

  it("may exit in the middle of a run", async () => {
    const { code, signal, lines, stderr } = await run("exit");
    assert.deepEqual([code, signal, lines, stderr], [3, null, ["running"], ""]);
  });

  it("is interrupted in the middle of a run", async () => {
    const { code, signal, stderr } = await run("interrupt");
    assert.deepEqual([code, signal, stderr], [null, "SIGINT", ""]);
  });

  it("ends with an error of its own in the middle of a run", async () => {
    const { code, signal, stderr } = await run("throw");
    assert.deepEqual([code, signal], [1, null]);
    assert.match(stderr, /Error: meanwhile/);
  });

  it("may have devices in several threads, and go on when they have ended", async () => {
    const { code, lines, stderr } = await run("threads");
    assert.deepEqual(
      [code, lines, stderr],
      [0, ["running", "running", "threads end with 0,0", "running", "trace 256"], ""],
    );
  });

  it("may end a thread in the middle of a run, and go on", async () => {
    const { code, lines, stderr } = await run("terminate");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(lines.slice(-3), ["thread ends with 1", "running", "trace 256"]);
  });
});
