import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { buildArtifact, FILES } from "../../src/build/buildArtifact.js";
import { DEFAULT_RECIPE } from "../../src/build/recipe.js";
import { locateData } from "../../src/data/locate.js";
import { cpuProvider } from "../../src/evaluate/provider.js";
import { Monitor, type MonitorOptions } from "../../src/evaluate/monitor.js";
import { normalizeRows, type Vectors } from "../../src/search/vectors.js";
import { RandomStream } from "../../src/random/philox.js";
import { writeClassFolders, writeIdx } from "../cli/pictures.js";
import { suiteFolder } from "../support/temporary.js";

const DIM = 8;
const PREPROCESSING = { imageSize: 16, resize: 16, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;
const AUGMENT = {
  cropScale: [0.2, 1],
  cropRatio: [3 / 4, 4 / 3],
  flip: 0.5,
  brightness: 0.4,
  contrast: 0.4,
  saturation: 0.4,
  hue: 0.1,
  gray: 0.2,
} as const;

/** A bank of random directions. */
function randomBank(count: number): Vectors {
  const stream = new RandomStream(0, "bank");
  return normalizeRows({
    count,
    dim: DIM,
    data: Float32Array.from({ length: count * DIM }, () => stream.normal()),
  });
}

async function pixelsOf(png: Uint8Array) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

describe("Monitor", () => {
  const folder = suiteFolder();
  let encoder: Uint8Array;

  before(() => {
    const recipe = { ...DEFAULT_RECIPE, width: 2, imageSize: 16, batchSize: 4, embeddingDim: DIM };
    encoder = buildArtifact({ recipe, preprocessing: PREPROCESSING, seed: 0 }).files.get(FILES.encoder)!;
  });

  async function open(data: string, changes: Partial<MonitorOptions> = {}) {
    const located = await locateData(join(folder(), data), { seed: 0 });
    const options: MonitorOptions = {
      ...located,
      augment: AUGMENT,
      preprocessing: PREPROCESSING,
      embeddingDim: DIM,
      seed: 0,
      provider: cpuProvider(1),
      dataWorkers: 1,
      strictData: false,
      temperature: 0.07,
      ...changes,
    };
    const monitor = await Monitor.open(options, () => () => undefined);
    return { monitor, options, bank: randomBank(options.train.rowCount) };
  }

  describe("with labels", () => {
    before(() => writeIdx(join(folder(), "labelled"), 40, (row) => row % 4));

    it("measures chance, raw pixels and the untrained network before anything is learned", async () => {
      const { monitor } = await open("labelled");
      const levels = await monitor.baselines(encoder);
      assert.deepEqual(
        levels.map(([name]) => name),
        ["chance", "raw pixels", "untrained network"],
      );
      const [chance, raw] = levels.map(([, knn]) => knn);
      assert.deepEqual(chance, [{ k: 0, top1: 0.25, top5: null }]);
      assert.deepEqual(
        raw!.map(({ k, top1 }) => [k, top1 > 0.9]),
        [
          [40, true],
          [1, true],
        ],
        "where a blob lies is in the pixels",
      );
    });

    it("gives accuracy, statistics and strips of an epoch, the same each time", async () => {
      const { monitor, bank } = await open("labelled");
      const first = await monitor.evaluate(encoder, bank, new Set());
      assert.deepEqual(
        first.knn.map(({ k, top5 }) => [k, top5]),
        [
          [40, null],
          [1, null],
        ],
      );
      const { alignment, uniformity, effectiveRank } = first.embedding!;
      assert.ok(alignment > 0 && alignment < 4, String(alignment));
      assert.ok(uniformity < -1 && uniformity > -4, String(uniformity));
      assert.ok(effectiveRank > 4 && effectiveRank <= DIM, String(effectiveRank));
      const { monitor: other } = await open("labelled", { dataWorkers: 2 });
      assert.deepEqual(await other.evaluate(encoder, bank, new Set()), first);
    });

    it("draws eight queries with ten neighbours each, framed by right and wrong", async () => {
      const { monitor, bank } = await open("labelled");
      const { stripsPng } = await monitor.evaluate(encoder, bank);
      const { data, width, height } = await pixelsOf(stripsPng!);
      // 16 pixels four times as large, in frames and gaps of 3.
      assert.deepEqual([width, height], [11 * 73 + 3, 8 * 73 + 3]);
      const frameOf = (row: number, column: number) => {
        const pixel = 3 * ((3 + row * 73) * width + 3 + column * 73);
        return [...data.subarray(pixel, pixel + 3)].join(" ");
      };
      const frames = Array.from({ length: 8 }, (_, row) =>
        Array.from({ length: 10 }, (_, at) => frameOf(row, at + 1)),
      );
      assert.deepEqual([...new Set(frames.flat())].sort(), ["201 58 33", "32 158 104"]);
      assert.equal(frameOf(0, 0), "51 51 51");
    });

    it("leaves broken rows out of the bank, however near they are", async () => {
      const { monitor, bank } = await open("labelled");
      const broken = new Set([3, 5, 8]);
      const moved = { ...bank, data: bank.data.slice() };
      const { knn, embedding } = await monitor.evaluate(encoder, bank, broken);
      assert.equal(knn[0]!.k, 37);
      for (const row of broken) moved.data.fill(1, row * DIM, (row + 1) * DIM);
      assert.deepEqual((await monitor.evaluate(encoder, moved, broken)).embedding, embedding);
      assert.deepEqual((await monitor.evaluate(encoder, moved, broken)).knn, knn);
      assert.notDeepEqual((await monitor.evaluate(encoder, moved)).embedding, embedding);
    });
  });

  describe("without labels", () => {
    before(async () => {
      await writeClassFolders(join(folder(), "classes"), 16);
      mkdirSync(join(folder(), "flat"));
      for (let row = 0; row < 16; row++) {
        await sharp(join(folder(), `classes/class${row % 4}/${row}.png`)).toFile(
          join(folder(), `flat/${row}.png`),
        );
      }
    });

    it("has statistics and strips all the same, whose queries do not find themselves", async () => {
      const { monitor, bank } = await open("flat");
      assert.deepEqual(await monitor.baselines(encoder), []);
      assert.deepEqual(await monitor.encodedLevels(encoder, "measuring"), []);
      const { knn, embedding, stripsPng } = await monitor.evaluate(encoder, bank);
      assert.deepEqual(knn, []);
      assert.ok(embedding !== null && embedding.effectiveRank > 1);
      const { data, width, height } = await pixelsOf(stripsPng!);
      assert.deepEqual([width, height], [11 * 73 + 3, 8 * 73 + 3]);
      const tile = (row: number, column: number) =>
        Array.from({ length: 64 }, (_, y) => {
          const start = 3 * ((6 + row * 73 + y) * width + 6 + column * 73);
          return data.toString("latin1", start, start + 3 * 64);
        }).join("");
      for (let row = 0; row < 8; row++) {
        const tiles = Array.from({ length: 11 }, (_, column) => tile(row, column));
        assert.equal(new Set(tiles).size, 11, `row ${row} shows a picture twice`);
      }
    });

    it("takes other pictures for queries where one cannot be read", async () => {
      mkdirSync(join(folder(), "damaged"));
      for (let row = 0; row < 12; row++) {
        const file = join(folder(), `damaged/${row}.png`);
        if (row < 9) await sharp(join(folder(), `flat/${row}.png`)).toFile(file);
        else writeFileSync(file, "not a picture");
      }
      const { monitor, bank } = await open("damaged");
      const { embedding, stripsPng } = await monitor.evaluate(encoder, bank, new Set([9, 10, 11]));
      assert.ok(embedding !== null);
      const { width, height } = await pixelsOf(stripsPng!);
      assert.deepEqual([width, height], [9 * 73 + 3, 8 * 73 + 3], "eight queries, all eight others");
    });
  });
});
