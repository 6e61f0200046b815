/** @file The script that compares providers, on those that every machine has. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../support/sources.js";

const SMALL = [
  "--arch",
  "resnet10",
  "--width",
  "2",
  "--image-size",
  "8",
  "--batch-size",
  "4",
  "--steps",
  "3",
];

function check(...args: readonly string[]) {
  const script = join(ROOT, "dist/tools/checkProviders.js");
  const options = { encoding: "utf8", env: { ...process.env, VK_DRIVER_FILES: "/dev/null" } } as const;
  return spawnSync(process.execPath, [script, ...SMALL, ...args], options);
}

interface Printed {
  readonly results: readonly {
    readonly objective: string;
    readonly provider: string;
    readonly losses: readonly number[];
    readonly last: number;
  }[];
  readonly without: readonly { readonly provider: string; readonly reason: string }[];
}

describe("tools/checkProviders", () => {
  it("takes the same steps on each provider, and tells how far their losses are apart", () => {
    const { status, stdout, stderr } = check("--providers", "rounding,native");
    assert.equal(status, 0, stderr);
    const { results } = JSON.parse(stdout) as Printed;
    assert.deepEqual(
      results.map(({ provider, objective }) => `${provider} ${objective}`),
      ["cpu", "rounding", "native"].flatMap((name) => [`${name} softmax`, `${name} nce`]),
    );
    for (const { losses, last } of results) assert.ok(losses.length === 3 && last < 1e-3);
    assert.match(
      stderr,
      /softmax +first loss +last loss +largest difference +of the last step +seconds\n +onnxruntime-node, cpu/,
    );
  });

  it("ends with 1 where a provider that it was asked for is not there, or too far from the CPU, and says why", () => {
    // One library computes both: only less than nothing is too little for them.
    const asked = ["--providers", "cuda,native", "--tolerance=-1"];
    const { status, stdout, stderr } = check("--objective", "softmax", ...asked);
    assert.equal(status, 1);
    const lines = stderr.trimEnd().split("\n");
    for (const { provider, reason } of (JSON.parse(stdout) as Printed).without) {
      assert.equal(provider, "cuda");
      assert.equal(lines.at(-2), `C API, cuda, TF32 off: ${reason}`);
    }
    assert.equal(
      lines.at(-1),
      "C API, cpu, state resident, softmax: the loss of the last step differs by 0.0e+0, expected at most -1",
    );
  });
});
