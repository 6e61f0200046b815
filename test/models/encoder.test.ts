import assert from "node:assert/strict";
import { openDataset } from "../../src/data/dataset.js";
import { cpuProvider } from "../../src/evaluate/provider.js";
import { embedAll, withEncoder } from "../../src/evaluate/embed.js";
import { openEncoder } from "../../src/models/encoder.js";
import { readModel } from "../../src/models/model.js";
import { picturesOfRun } from "../../src/models/pictures.js";
import { suiteRun } from "../support/trainedRun.js";

describe("an opened encoder", () => {
  const trained = suiteRun();

  it("gives pictures in memory the vectors that they have in their set", async () => {
    const { run } = trained();
    const model = await readModel(run);
    const { train } = await picturesOfRun(run);
    const options = { ...model, seed: 0, provider: cpuProvider(1), dataWorkers: 1, strictData: true };
    const { vectors } = await withEncoder(options, model.encoder, (encode) =>
      embedAll(options, encode, train, () => {}),
    );
    const dataset = await openDataset(train);
    const rows = Array.from({ length: 150 }, (_, row) => row); // more than are encoded at once
    const pictures = await Promise.all(rows.map((row) => dataset.picture(row)));
    const encoder = await openEncoder(model, { threads: 1 });
    const embedded = await encoder.embed(pictures);
    await encoder.close();
    assert.deepEqual([embedded.count, embedded.dim], [150, 8]);
    embedded.data.forEach((value, at) => assert.ok(Math.abs(value - vectors.data[at]!) < 1e-6));
  });

  it("gives features before the last layer too, as long as the network is wide", async () => {
    const encoder = await openEncoder(await readModel(trained().run), { output: "pooler_output" });
    const { data, dim } = await encoder.embed([
      { width: 5, height: 9, channels: 3, data: new Uint8Array(135).fill(90) },
    ]);
    await encoder.close();
    assert.deepEqual([encoder.dim, dim, data.length], [32, 32, 32]); // eight times the first stage's 4 channels
    assert.ok(data.some((value) => value !== 0));
  });

  it("makes nothing of no pictures", async () => {
    const encoder = await openEncoder(await readModel(trained().run), { threads: 1 });
    assert.deepEqual(await encoder.embed([]), { count: 0, dim: 8, data: new Float32Array(0) });
    await encoder.close();
  });
});
