/** @file The scripts that measure a GPU, on the CPU: they cannot rot unseen. Figures mean nothing here. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { suiteCache } from "../../support/cacheFolder.js";
import { writeSmallPictures } from "../../support/smallPictures.js";
import { ROOT } from "../../support/sources.js";
import { suiteFolder } from "../../support/temporary.js";

const PICTURES = 50;

describe("the scripts for a GPU, on the CPU", () => {
  suiteCache();
  const folder = suiteFolder();

  async function run(script: string, args: readonly string[]) {
    const path = join(ROOT, `dist/tools/gpu/${script}.js`);
    return promisify(execFile)(process.execPath, [path, "--ep", "cpu", ...args]);
  }

  it("check says yes to every question", async () => {
    const { stdout } = await run("check", [
      "--steps",
      "1",
      "--networks",
      "resnet18 at 32 px",
      "--run-steps",
      "0",
    ]);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, 3);
    for (const line of lines) assert.match(line, /^yes {2}/);
  });

  it("step times a step and its convolutions, and counts what crosses", async () => {
    const side = ["--width", "2", "--ours", "fp32", "--peers", ""];
    const brief = ["--tune", "off", "--repetitions", "1", "--turn", "0.01"];
    const { stdout, stderr } = await run("step", ["--case", "resnet18:4", ...side, ...brief]);
    interface Printed {
      readonly results: readonly { readonly results: readonly Record<string, unknown>[] }[];
    }
    const [row] = (JSON.parse(stdout) as Printed).results[0]!.results;
    const { name, bytesOverBus, convolutionShare } = row!;
    // A batch and its rows, those of the bank's update, the rate; the loss and the check come back.
    assert.deepEqual([name, bytesOverBus], ["ours fp32", 4 * 3 * 32 * 32 * 4 + 2 * 4 * 8 + 3 * 4]);
    assert.ok((convolutionShare as number) > 0);
    assert.match(stderr, /times PyTorch eager .* convolutions/);
  });

  it("learn prints accuracy beside the paper's, and the command", async () => {
    const isCifar = writeSmallPictures(join(folder(), "pictures"), PICTURES) === "cifar10";
    const tiny = [
      "--arch",
      "resnet10",
      "--width",
      "2",
      "--batch-size",
      "16",
      "--embedding-dim",
      "8",
      "--tune",
      "off",
    ];
    const { stdout, stderr } = await run("learn", [
      ...["--data", join(folder(), "pictures"), "--out", join(folder(), "run"), "--objectives", "softmax"],
      ...(isCifar ? ["--limit", String(PICTURES)] : []),
      ...["--epochs", "2", "--", ...tiny],
    ]);
    const { results } = JSON.parse(stdout) as { readonly results: readonly Record<string, unknown>[] };
    assert.deepEqual(
      results.map(({ objective, epochs, paper, losses }) => [
        objective,
        epochs,
        paper,
        (losses as []).length,
      ]),
      [["softmax", 2, 0.808, 2]],
    );
    assert.match(stderr, /kNN\(200\) +the paper[^]*onnx-instdisc train --preset cifar10 /);
  });
});
