/** @file Python's onnxruntime, where there is one: what a colleague without Node would get. */

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ProviderError } from "../errors.js";
import type { ModelFile, Pixels, Runner } from "./runner.js";

/** Arguments: model, pixels and embeddings as raw float32, N, side. */
const PROGRAM = `
import sys, numpy as np, onnxruntime as ort
model, pixels, embeds, count, side = sys.argv[1:]
ort.disable_telemetry_events() if hasattr(ort, "disable_telemetry_events") else None
session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
x = np.fromfile(pixels, "<f4").reshape(int(count), 3, int(side), int(side))
session.run(["image_embeds"], {"pixel_values": x})[0].astype("<f4").tofile(embeds)
`;

const execute = promisify(execFile);

/** @param python the interpreter, such as "python3" */
export function pythonRunner(python: string): Runner {
  const ask = async (program: string, ...args: string[]) =>
    (await execute(python, ["-c", program, ...args], { encoding: "utf8" })).stdout.trim();
  return {
    name: "Python onnxruntime",
    async absence() {
      return ask("import onnxruntime, numpy").then(
        () => null,
        () =>
          `${python} has no onnxruntime and numpy (pip install onnxruntime numpy, or name one with --python)`,
      );
    },
    version: () => ask("import onnxruntime; print(onnxruntime.__version__)"),
    async encode({ path, embeddingDim }: ModelFile, { count, imageSize, data }: Pixels) {
      const folder = await mkdtemp(join(tmpdir(), "instdisc-verify-"));
      try {
        const [pixels, embeds] = [join(folder, "pixels.f32"), join(folder, "embeds.f32")];
        await writeFile(pixels, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        await ask(PROGRAM, path, pixels, embeds, String(count), String(imageSize)).catch((cause: Error) => {
          throw new ProviderError(`${path}: Python's onnxruntime stopped: ${cause.message}`, { cause });
        });
        const bytes = await readFile(embeds);
        return { count, dim: embeddingDim, data: new Float32Array(new Uint8Array(bytes).buffer) };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}
