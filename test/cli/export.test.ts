import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExportSummary } from "../../src/export/exportEncoder.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";
import { runCli } from "./executable.js";

describe("onnx-instdisc export", () => {
  const trained = suiteRun();
  const folder = suiteFolder();
  const run = (...args: string[]) => runCli(["export", ...args], { cwd: folder() });

  it("lists its files with size and drift, and says what to do next", async () => {
    const { code, stdout, stderr } = await run(trained().run, "--out", "my-encoder");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Wrote my-encoder:$/m);
    assert.match(stdout, /^ {2}onnx\/model\.onnx +\d+\.\d kB +1\.000000 +1\.000000 +100\.0 % +100\.0 %$/m);
    assert.match(
      stdout,
      /^ {2}onnx\/model_quantized\.onnx +\d+\.\d kB +0\.99\d+ +0\.9\d+ +[\d.]+ % +[\d.]+ %$/m,
    );
    assert.match(stdout, /^Drift against the encoder as trained, on 40 held-out pictures\.$/m);
    assert.match(stdout, /^Next: npx onnx-instdisc verify my-encoder$/m);
    assert.deepEqual(readdirSync(join(folder(), "my-encoder")).sort(), [
      "README.md",
      "config.json",
      "curves.svg",
      "model_image.onnx",
      "onnx",
      "preprocessor_config.json",
    ]);
  });

  it("gives the same as JSON", async () => {
    const { code, stdout } = await run(
      trained().run,
      "--out",
      "json",
      "--dtype",
      "fp32,fp16",
      "--name",
      "Shoes",
      "--json",
    );
    assert.equal(code, 0);
    const summary = JSON.parse(stdout) as ExportSummary;
    assert.deepEqual([summary.out, summary.name], ["json", "Shoes"]);
    const { drift } = summary.files.find(({ name }) => name === "onnx/model_fp16.onnx")!;
    assert.equal(drift!.pictures, 40);
    assert.ok(drift!.cosineMin > 0.999 && drift!.cosineMin < 1.000001);
  });

  it("replaces a folder only when it is told to, and then keeps what is not its own", async () => {
    mkdirSync(join(folder(), "taken"));
    writeFileSync(join(folder(), "taken/notes.txt"), "mine");
    const refused = await run(trained().run, "--out", "taken");
    assert.equal(refused.code, 2);
    assert.match(
      refused.stderr,
      /^--out taken: is not empty \(1 found\), expected an empty or new folder; choose another/,
    );
    assert.deepEqual(readdirSync(join(folder(), "taken")), ["notes.txt"]);
    const { code } = await run(trained().run, "--out", "taken", "--dtype", "fp32", "--overwrite");
    assert.equal(code, 0);
    assert.ok(["notes.txt", "README.md"].every((name) => existsSync(join(folder(), "taken", name))));
  });

  it("refuses what it cannot export in one sentence", async () => {
    for (const [args, code, message] of [
      [["nowhere"], 1, /^nowhere: is not there, expected a run, an artifact or an exported folder/],
      [["."], 1, /^\.: holds no model, expected a run folder/],
      [[trained().run, "--dtype", "fp16"], 2, /^--dtype has no fp32/],
      [[trained().run, "--out", "a", "--out", "b"], 2, /^--out: given more than once/],
      [[], 2, /Not enough non-option arguments/],
    ] as const) {
      const outcome = await run(...args);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, message);
      assert.equal(outcome.stdout, "");
    }
  });

  it("explains itself with examples", async () => {
    const { code, stdout } = await run("--help");
    assert.equal(code, 0);
    assert.match(stdout, /onnx-instdisc export build\/run --license mit +a card/);
    for (const option of ["--out", "--name", "--license", "--author", "--dtype", "--overwrite", "--json"])
      assert.match(stdout, new RegExp(`^ +${option} `, "m"));
  });
});
