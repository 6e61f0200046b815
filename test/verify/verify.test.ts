import assert from "node:assert/strict";
import { copyFileSync, cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../cli/executable.js";
import { suiteExport } from "../support/exportedRun.js";
import { suiteFolder } from "../support/temporary.js";
import type { Checked, Verification } from "../../src/verify/verify.js";

const PICTURES = "24";

describe("onnx-instdisc verify", () => {
  const folder = suiteFolder();
  const exported = suiteExport();
  const encoder = () => join(folder(), "encoder");
  const verify = (...args: string[]) =>
    runCli(["verify", ...args, "--pictures", PICTURES, "--json"], { cwd: folder() });
  const resultOf = (stdout: string) => JSON.parse(stdout) as Verification;
  const of = ({ checks }: Verification, runtime: string): Checked[] =>
    checks.filter((check) => check.runtime === runtime);

  before(() => cpSync(exported().folder, encoder(), { recursive: true }));

  it("finds the same vectors in onnxruntime-node, onnxruntime-web and transformers.js", async () => {
    const { code, stdout, stderr } = await verify(encoder());
    assert.equal(code, 0, `${stdout}${stderr}`);
    const result = resultOf(stdout);
    assert.equal(result.passed, true);
    for (const runtime of ["onnxruntime-node cpu", "onnxruntime-web wasm", "transformers.js"]) {
      const plain = of(result, runtime).find(({ file }) => file === "onnx/model.onnx");
      assert.ok(plain?.agreement && plain.agreement.cosine.min >= 0.9999, JSON.stringify(plain));
    }
    const image = result.checks.find(({ file }) => file === "model_image.onnx");
    assert.ok(image?.agreement && image.agreement.cosine.min >= 0.999, JSON.stringify(image));
    const absent = result.checks.filter(({ version }) => version === null);
    for (const { runtime, reason } of absent)
      assert.ok(reason, `${runtime} is not here, and nobody says why`);
  });

  it("writes the table into the model card, in place of an older one", () => {
    const card = readFileSync(join(encoder(), "README.md"), "utf8");
    assert.match(
      card,
      /\| onnxruntime-web wasm \d+\.\d+\.\d+ \| onnx\/model\.onnx \| (1\.000000|0\.9999\d\d) \|/,
    );
    assert.equal(card.split("onnx-instdisc verify measured them").length, 2);
  });

  it("says what it waits for, and names a model card only where there is one", async () => {
    const alone = join(folder(), "alone");
    cpSync(encoder(), alone, { recursive: true });
    rmSync(join(alone, "README.md"));
    for (const name of ["model_fp16", "model_quantized"]) rmSync(join(alone, `onnx/${name}.onnx`));
    const { code, stdout, stderr } = await runCli(["verify", alone, "--pictures", "4"], { cwd: folder() });
    assert.equal(code, 0, `${stdout}${stderr}`);
    assert.match(stderr, /^looking for Python onnxruntime$/m);
    assert.match(stdout, /\nAll agree\.\n/);
  });

  it("fails where a file holds other weights, and says which", async () => {
    const damaged = join(folder(), "damaged");
    cpSync(encoder(), damaged, { recursive: true });
    copyFileSync(join(exported().run, "graph/encoder.onnx"), join(damaged, "onnx/model_fp16.onnx"));
    const { code, stdout } = await verify(damaged);
    assert.equal(code, 1);
    const failed = resultOf(stdout).checks.filter(({ passed }) => !passed);
    assert.ok(failed.length > 0);
    assert.deepEqual(new Set(failed.map(({ file }) => file)), new Set(["onnx/model_fp16.onnx"]));
  });

  it("refuses a threshold that is no cosine, and a folder that is none of ours", async () => {
    const wrong = await verify(encoder(), "--threshold", "2");
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--threshold is 2, expected a cosine, -1 to 1/);
    const none = await verify(join(folder(), "none"));
    assert.equal(none.code, 1);
    assert.match(none.stderr, /none\/config\.json: cannot be read \(ENOENT\)/);
  });
});
