import assert from "node:assert/strict";
import { join } from "node:path";
import { ArtifactError } from "../../src/errors.js";
import { readModel } from "../../src/models/model.js";
import { picturesOfRun, readBank } from "../../src/models/pictures.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";

describe("a model", () => {
  const trained = suiteRun();
  const folder = suiteFolder();

  it("is read from a run folder, its exported folder, and the encoder in it alike", async () => {
    const { run } = trained();
    const paths = [run, join(run, "exported"), join(run, "exported/encoder.onnx")];
    const models = await Promise.all(paths.map(readModel));
    assert.equal(new Set(models.map(({ sha256 }) => sha256)).size, 1);
    assert.deepEqual(
      models.map((model) => model.run),
      [run, run, run],
    );
    assert.equal(models[0]!.embeddingDim, 8);
  });

  it("has a bank with a row of unit length for every picture that it learned from", async () => {
    const { run } = trained();
    const bank = await readBank(await readModel(run));
    const { train } = await picturesOfRun(run);
    assert.deepEqual([bank.count, bank.dim], [train.rowCount, 8]);
    assert.ok(Math.abs(Math.hypot(...bank.data.subarray(0, 8)) - 1) < 1e-5);
  });

  it("is refused where there is none, in words that say what was expected", async () => {
    const message = /holds no model, expected a run folder, an artifact folder .* or an exported one/;
    await assert.rejects(readModel(folder()), (error: Error) => {
      assert.ok(error instanceof ArtifactError);
      assert.match(error.message, message);
      return true;
    });
    await assert.rejects(readModel(join(folder(), "none")), /none: is not there, expected a run/);
  });
});
