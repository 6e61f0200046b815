import assert from "node:assert/strict";
import { appendFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { modelOfIndex, openIndex } from "../../src/models/openIndex.js";
import { readModel } from "../../src/models/model.js";
import { readBank } from "../../src/models/pictures.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";

describe("a run as an index", () => {
  const trained = suiteRun();
  const folder = suiteFolder();

  it("holds the bank under the pictures' ids", async () => {
    const { run } = trained();
    const { backend, pictures } = await openIndex(run);
    const bank = await readBank(await readModel(run));
    assert.equal(backend.count, bank.count);
    const ids = [...backend.ids()];
    assert.deepEqual(await backend.vectorOf(ids[7]!), bank.data.slice(7 * bank.dim, 8 * bank.dim));
    assert.deepEqual(
      ids.map((id) => pictures!.rowOf(id)),
      ids.map((_, row) => row),
    );
    assert.equal(pictures!.rowOf("nobody"), null);
    assert.ok((await pictures!.dataset.picture(7)).width > 0);
  });

  it("leaves out pictures that the run could not read", async () => {
    const copy = join(folder(), "run");
    cpSync(trained().run, copy, { recursive: true });
    const [first] = (await openIndex(copy)).backend.ids();
    const record = { kind: "broken", id: first, reason: "not a picture" };
    appendFileSync(join(copy, "metrics.jsonl"), `${JSON.stringify(record)}\n`);
    const { backend } = await openIndex(copy);
    assert.equal(await backend.vectorOf(first!), null);
    assert.equal(backend.count, (await openIndex(trained().run)).backend.count - 1);
  });

  it("knows the model that made it, and refuses another in its place", async () => {
    const index = await openIndex(trained().run);
    const model = await modelOfIndex(index, "");
    assert.equal(model.sha256, index.model!.sha256);
    const other = { ...index, model: { ...index.model!, sha256: "0".repeat(64) } };
    await assert.rejects(modelOfIndex(other, ""), /has an encoder with sha256 .* was made by one with 000/);
    await assert.rejects(
      modelOfIndex({ ...index, model: null }, "name it"),
      /does not say what made its vectors.*; name it$/,
    );
  });

  it("is refused where there are only weights", async () => {
    const artifact = join(folder(), "artifact");
    cpSync(join(trained().run, "graph"), artifact, { recursive: true });
    await assert.rejects(openIndex(artifact), /is a model without pictures, expected an index or a run/);
  });
});
