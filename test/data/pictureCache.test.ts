/** @file Decoded pictures in memory that all threads share. */

import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import type { Picture } from "../../src/data/dataset.js";
import { cachePictures, createPictureStore } from "../../src/data/pictureCache.js";
import { speckle, speckled } from "./fixtures.js";

/** A reader that counts how often it is asked for each row. */
function counted(pictures: readonly Picture[]): { asked: number[]; read: (row: number) => Promise<Picture> } {
  const asked = pictures.map(() => 0);
  return {
    asked,
    read(row) {
      asked[row]!++;
      return Promise.resolve(pictures[row]!);
    },
  };
}

describe("the cache of pictures", () => {
  const pictures = [speckled(5, 3, 3), speckled(3, 5, 1), speckled(1, 1, 3)];

  it("gives every picture again as it was, without reading it", async () => {
    const { asked, read } = counted(pictures);
    const cached = cachePictures(read, createPictureStore(3, 1000));
    for (let round = 0; round < 3; round++) {
      for (let row = 0; row < 3; row++) {
        const { width, height, channels, data } = await cached(row);
        assert.deepEqual({ width, height, channels, data: Uint8Array.from(data) }, pictures[row]);
      }
    }
    assert.deepEqual(asked, [1, 1, 1]);
  });

  it("shows one reader what another has kept", async () => {
    const store = createPictureStore(3, 1000);
    const [first, second] = [counted(pictures), counted(pictures)];
    await cachePictures(first.read, store)(1);
    const seen = await cachePictures(second.read, store)(1);
    assert.deepEqual(Uint8Array.from(seen.data), pictures[1]!.data);
    assert.deepEqual(second.asked, [0, 0, 0]);
  });

  it("keeps no more than its budget, and a smaller picture where a larger one has no room", async () => {
    const { asked, read } = counted(pictures); // 45, 15 and 3 bytes
    const cached = cachePictures(read, createPictureStore(3, 32));
    for (let round = 0; round < 2; round++) for (let row = 0; row < 3; row++) await cached(row);
    assert.deepEqual(asked, [2, 1, 1]);
  });

  it("does not copy what lies in memory anyway, as a view of something larger", async () => {
    const view: Picture = { width: 2, height: 2, channels: 1, data: speckle(8).subarray(4) };
    const { asked, read } = counted([view]);
    const cached = cachePictures(read, createPictureStore(1, 1000));
    for (let round = 0; round < 2; round++) assert.equal((await cached(0)).data, view.data);
    assert.deepEqual(asked, [2]);
  });

  it("reads again what could not be read, and keeps nothing of it", async () => {
    let attempts = 0;
    const failing = (): Promise<Picture> => Promise.reject(new Error(`attempt ${++attempts}`));
    const cached = cachePictures(failing, createPictureStore(1, 1000));
    await assert.rejects(cached(0), /attempt 1/);
    await assert.rejects(cached(0), /attempt 2/);
  });

  it("stays whole when threads fill it at the same time", async () => {
    const rows = 400;
    const store = createPictureStore(rows, rows * 16 * 3);
    const cachePath = new URL("../../src/data/pictureCache.js", import.meta.url).href;
    // Row r is a picture of width 1 + r % 7, height 5, whose bytes are all r % 251.
    const code = `
      const { workerData } = require("node:worker_threads");
      import(${JSON.stringify(cachePath)}).then(async ({ cachePictures }) => {
        const read = async (row) => {
          const width = 1 + (row % 7);
          return { width, height: 5, channels: 1, data: new Uint8Array(5 * width).fill(row % 251) };
        };
        const cached = cachePictures(read, workerData);
        for (let row = 0; row < ${rows}; row++) await cached(row);
      });`;
    const ends = [0, 1, 2].map(() => {
      const worker = new Worker(code, { eval: true, workerData: store });
      return new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject));
    });
    assert.deepEqual(await Promise.all(ends), [0, 0, 0]);
    let missing = 0;
    const cached = cachePictures(() => {
      missing++;
      return Promise.resolve(speckled(1, 1, 1));
    }, store);
    for (let row = 0; row < rows; row++) {
      const { width, data } = await cached(row);
      assert.equal(width, 1 + (row % 7));
      assert.ok(data.length === 5 * width && data.every((value) => value === row % 251));
    }
    assert.equal(missing, 0);
  });

  it("refuses more memory than there can be", () => {
    assert.throws(() => createPictureStore(2 ** 40, 0), {
      name: "UsageError",
      message: /^cacheBytes: found 0 for 1099511627776/,
    });
  });
});
