import assert from "node:assert/strict";
import { VERSION } from "../../src/version.js";
import { suiteFolder } from "../support/temporary.js";
import { runCli } from "./executable.js";

describe("onnx-instdisc", () => {
  const folder = suiteFolder();
  const run = (...args: string[]) => runCli(args, { cwd: folder() });

  it("lists its commands with --help", async () => {
    const { code, stdout, stderr } = await run("--help");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^onnx-instdisc <command>$/m);
    assert.match(stdout, /^ {2}onnx-instdisc build-graph +Write the training step and the encoder as ONNX$/m);
    assert.match(
      stdout,
      /^ {2}onnx-instdisc train +Learn an encoder from pictures; labels are never used to\s+learn$/m,
    );
  });

  it("says its version", async () => {
    assert.deepEqual(await run("--version"), { code: 0, stdout: `${VERSION}\n`, stderr: "" });
  });

  for (const [command, examples, options] of [
    ["build-graph", ["build-graph --out build/cifar"], ["--out", "--arch", "--batch-size", "--json"]],
    [
      "train",
      ["train --data photos --epochs 50"],
      ["--data", "--ep", "--tf32", "--epochs", "--overwrite", "--config"],
    ],
  ] as const) {
    it(`explains ${command} with its options, their defaults and examples`, async () => {
      const { code, stdout, stderr } = await run(command, "--help");
      assert.deepEqual([code, stderr], [0, ""]);
      for (const example of examples) assert.ok(stdout.includes(`onnx-instdisc ${example}`), example);
      for (const option of options) assert.match(stdout, new RegExp(`^ +${option} `, "m"));
      assert.match(
        stdout,
        /--width +channels of the first layers, which all others follow\s+\[number\] \[default: 64(; sample: 8)?\]/,
      );
    });
  }
});
