/** @file Steps that tools/examples/train.py takes, which has nothing of ours but the folder. */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { writeArtifact } from "../../src/artifact/node.js";
import type { FloatTensor } from "../../src/runtime/session.js";
import type { Training } from "./providerTraining.js";
import { ROOT } from "./sources.js";

/** As NumPy's own files are, version 1.0: magic, length of the header, header, numbers. */
function npyOf({ shape, data }: FloatTensor): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const padded = `${header.padEnd(64 * Math.ceil((header.length + 11) / 64) - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded.length);
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    length,
    Buffer.from(padded, "latin1"),
    Buffer.from(data.buffer),
  ]);
}

/**
 * @param tell after each step: how many are taken
 * @returns losses of the steps, nats
 * @throws with what Python says where it fails
 */
export async function trainInPython(
  python: string,
  { artifact, pictures, steps, learningRate }: Training,
  tell: (done: number) => void = () => undefined,
): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), "instdisc-python-"));
  try {
    await writeArtifact(folder, artifact.files, artifact.manifest);
    const file = join(folder, "pictures.npy");
    writeFileSync(file, npyOf(pictures));
    const script = join(ROOT, "tools/examples/train.py");
    const child = spawn(python, [script, folder, file, String(steps), String(learningRate)]);
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once("error", reject).once("close", resolve);
    });
    // It may fail while lines are waited for; it is asked after them.
    ended.catch(() => undefined);
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const losses: number[] = [];
    for await (const line of createInterface(child.stdout)) tell(losses.push(Number(line)));
    const code = await ended;
    if (code !== 0) throw new Error(`train.py ended with ${code}: ${stderr.trim()}`);
    return losses;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
