/** @file transformers.js itself, loading what export writes. */

import { AutoProcessor, env, pipeline, RawImage, Tensor } from "@huggingface/transformers";
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { openDataset, type DataSource } from "../../src/data/dataset.js";
import { cpuProvider } from "../../src/evaluate/provider.js";
import { embedAll, withEncoder } from "../../src/evaluate/embed.js";
import { readModel, type Model } from "../../src/models/model.js";
import { picturesOfRun } from "../../src/models/pictures.js";
import type { Vectors } from "../../src/search/vectors.js";
import { EXPORTED, suiteExport } from "../support/exportedRun.js";
import { rowCosines } from "../support/modelFile.js";

/** What each number format must keep: the cosine of the vector that moved most. */
const LEAST_COSINE = { fp32: 0.999999, fp16: 0.999, q8: 0.99 } as const;
/** transformers.js resizes with other filters than we train with. */
const LEAST_COSINE_OF_OWN_PREPROCESSING = 0.9;

interface Expected {
  readonly source: DataSource;
  /** [count, 3, side, side] as we preprocess */
  readonly pixels: Float32Array;
  readonly vectors: Vectors;
}

async function expectedOf(model: Model): Promise<Expected> {
  const { train, evaluate } = await picturesOfRun(model.run!);
  const source = evaluate ?? train;
  const { preprocessing, embeddingDim } = model;
  const options = {
    preprocessing,
    embeddingDim,
    seed: 0,
    provider: cpuProvider(1),
    dataWorkers: 1,
    strictData: true,
  };
  const taken: Float32Array[] = [];
  const { vectors } = await withEncoder(options, model.encoder, (encode) =>
    embedAll(
      options,
      (pixels, count) => {
        taken.push(pixels.slice());
        return encode(pixels, count);
      },
      source,
      () => {},
    ),
  );
  return { source, pixels: Float32Array.from(taken.flatMap((batch) => [...batch])), vectors };
}

function leastCosine({ count, dim, data }: Vectors, found: Float32Array): number {
  assert.equal(found.length, count * dim);
  for (let row = 0; row < count; row++) {
    const length = Math.hypot(...found.subarray(row * dim, (row + 1) * dim));
    assert.ok(Math.abs(length ** 2 - 1) < 1e-3, "a vector of length 1");
  }
  const shape = [count, dim];
  return Math.min(...rowCosines({ shape, data }, { shape, data: found }));
}

describe("transformers.js", () => {
  const exported = suiteExport();
  let expected: Expected;
  let side = 0;

  before(async () => {
    const { folder, run } = exported();
    env.localModelPath = dirname(folder);
    env.allowRemoteModels = false;
    const model = await readModel(run);
    side = model.preprocessing.imageSize;
    expected = await expectedOf(model);
  });

  for (const [dtype, least] of Object.entries(LEAST_COSINE)) {
    it(`gives our vectors of what we preprocessed, in ${dtype}`, async () => {
      const extract = await pipeline("image-feature-extraction", EXPORTED, {
        dtype: dtype as keyof typeof LEAST_COSINE,
      });
      const { count } = expected.vectors;
      const pixels = new Tensor("float32", expected.pixels, [count, 3, side, side]);
      const { image_embeds: found } = (await extract.model({ pixel_values: pixels })) as {
        image_embeds: Tensor;
      };
      const cosine = leastCosine(expected.vectors, found.data as Float32Array);
      assert.ok(cosine >= least, `least cosine ${cosine}`);
      await extract.dispose();
    });
  }

  it("finds our vectors' neighbourhood by its own preprocessing, and features as its pooled output", async () => {
    const extract = await pipeline("image-feature-extraction", EXPORTED, { dtype: "fp32" });
    const dataset = await openDataset(expected.source);
    const rows = Array.from({ length: dataset.size }, (_, row) => row);
    const pictures = await Promise.all(rows.map((row) => dataset.picture(row)));
    const images = pictures.map(
      ({ data, width, height, channels }) => new RawImage(data, width, height, channels),
    );
    const found = await extract(images);
    const cosine = leastCosine(expected.vectors, found.data as Float32Array);
    assert.ok(cosine >= LEAST_COSINE_OF_OWN_PREPROCESSING, `least cosine ${cosine}`);
    const pooled = await extract(images[0]!, { pool: true });
    assert.deepEqual(pooled.dims[0], 1);
    await extract.dispose();
  });

  it("preprocesses to the size that the encoder takes", async () => {
    const processor = await AutoProcessor.from_pretrained(EXPORTED);
    const wide = new RawImage(new Uint8ClampedArray(3 * 90 * 60).fill(128), 90, 60, 3);
    const { pixel_values: pixels } = (await processor(wide)) as { pixel_values: Tensor };
    assert.deepEqual(pixels.dims, [1, 3, side, side]);
  });
});
