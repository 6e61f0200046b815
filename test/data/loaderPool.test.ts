/** @file What several loaders share: as many threads as work at once, pictures decoded once, nothing left behind. */

import assert from "node:assert/strict";
import { createLoader, type Loader, type LoaderOptions } from "../../src/data/loader.js";
import { LoaderPool } from "../../src/data/loaderPool.js";
import { listFolder } from "../../src/data/folders.js";
import { findPictures } from "../../src/data/formats/folder.js";
import type { IdxSource } from "../../src/data/formats/idx.js";
import { threadsAlive } from "../support/threads.js";
import { AUGMENT, idxBytes, plainPng, put, speckle, useTemporaryFolder } from "./fixtures.js";

const ROWS = 22;

describe("the pool of loaders", () => {
  const folder = useTemporaryFolder();
  let pool: LoaderPool;
  let before: number;

  beforeEach(async () => {
    before = await threadsAlive();
    pool = new LoaderPool();
  });

  afterEach(async () => {
    await pool.close();
    assert.equal(await threadsAlive(), before);
  });

  async function source(): Promise<IdxSource> {
    const imagesPath = await put(folder(), "images", idxBytes([ROWS, 6, 5], speckle(ROWS * 30)));
    const files = { imagesPath, labelsPath: null, firstRow: 0, rowCount: ROWS };
    return { kind: "idx", format: "idx", sha256: "", name: "t", classNames: [], ...files };
  }

  const open = (options: Pick<LoaderOptions, "source"> & Partial<LoaderOptions>): Loader =>
    createLoader({
      imageSize: 4,
      batchSize: 4,
      transform: { kind: "evaluate" },
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
      seed: 11,
      workers: 2,
      ...options,
    });

  /** Pixels of all batches; closes the loader. */
  async function drain(loader: Loader): Promise<Float32Array[]> {
    const batches: Float32Array[] = [];
    for (let batch = await loader.next(); batch !== null; batch = await loader.next()) {
      batches.push(batch.pixelValues.slice());
      loader.recycle(batch);
    }
    await loader.close();
    return batches;
  }

  it("lends its threads to one loader after the other, each with the bits of threads of its own", async () => {
    const data = await source();
    for (const options of [{}, { imageSize: 6, batchSize: 5 }, { mean: [0, 0, 0] as const }, {}]) {
      const alone = await drain(open({ source: data, ...options }));
      assert.deepEqual(await drain(open({ source: data, ...options, pool })), alone);
      assert.equal(await threadsAlive(), before + 2);
    }
  });

  it("lends threads to loaders that are open at once, and those that come later", async () => {
    const options = { source: await source(), pool };
    const alone = await drain(open({ source: options.source }));
    const both = [open(options), open(options)];
    assert.deepEqual(await Promise.all(both.map(drain)), [alone, alone]);
    assert.deepEqual(await drain(open({ ...options, workers: 4 })), alone);
    assert.equal(await threadsAlive(), before + 4);
  });

  it("takes nothing along from a loader that was closed in the middle of its work", async () => {
    const options = { source: await source(), pool };
    const alone = await drain(open({ source: options.source }));
    for (let round = 0; round < 5; round++) {
      const broken = open({ ...options, mean: [0, 0, 0] });
      const waiting = broken.next();
      await broken.close();
      assert.equal(await waiting, null);
      assert.deepEqual(await drain(open(options)), alone);
    }
    assert.equal(await threadsAlive(), before + 2);
  });

  it("decodes the pictures that it keeps once, however they are looked at, and no others", async () => {
    for (let row = 0; row < 6; row++) await put(folder(), `${row}.png`, await plainPng(`#00${row}0ff`));
    const data = (await findPictures(await listFolder(folder())))!;
    const looks = [
      {},
      { imageSize: 6 },
      { transform: { kind: "augment", options: AUGMENT }, steps: 3 } as const,
    ];
    const wanted: Float32Array[][] = [];
    for (const look of looks) wanted.push(await drain(open({ source: data, ...look })));
    pool.keepPictures(data, 2 ** 20);
    await drain(open({ source: data, pool }));
    for (let row = 0; row < 6; row++) await put(folder(), `${row}.png`, await plainPng("red"));
    for (const [at, look] of looks.entries())
      assert.deepEqual(await drain(open({ source: data, ...look, pool })), wanted[at]);
    assert.notDeepEqual(await drain(open({ source: { ...data }, pool })), wanted[0]);
    assert.notDeepEqual(await drain(open({ source: data, pool, cacheBytes: 0 })), wanted[0]);
  });

  it("lives on after data that cannot be opened", async () => {
    const data = await source();
    const gone = open({ source: { ...data, imagesPath: "/nowhere/images" }, pool });
    await assert.rejects(gone.next(), { name: "DataError" });
    await gone.close();
    assert.equal((await drain(open({ source: data, pool }))).length, 6);
    assert.equal(await threadsAlive(), before + 2);
  });
});
