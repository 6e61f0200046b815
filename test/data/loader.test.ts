/** @file The loader: same bits from any number of threads, errors that keep their class, nothing left behind. */

import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import { createLoader } from "../../src/data/loader.js";
import type { Batch, Loader, LoaderOptions } from "../../src/data/loader.js";
import { packError, unpackError } from "../../src/errors.js";
import { listFolder } from "../../src/data/folders.js";
import { findPictures } from "../../src/data/formats/folder.js";
import type { IdxSource } from "../../src/data/formats/idx.js";
import { DataError } from "../../src/errors.js";
import { idxBytes, plainPng, put, speckle, useTemporaryFolder } from "./fixtures.js";

const ROWS = 22;

describe("the loader", () => {
  const folder = useTemporaryFolder();
  const opened: Loader[] = [];

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((loader) => loader.close()));
  });

  async function source(): Promise<IdxSource> {
    const imagesPath = await put(folder(), "images", idxBytes([ROWS, 6, 5], speckle(ROWS * 30)));
    return {
      kind: "idx",
      format: "idx",
      sha256: "",
      name: "t",
      imagesPath,
      labelsPath: null,
      firstRow: 0,
      rowCount: ROWS,
      classNames: [],
    };
  }

  function open(options: Partial<LoaderOptions> & Pick<LoaderOptions, "source">): Loader {
    const augment = {
      cropScale: [0.2, 1],
      cropRatio: [3 / 4, 4 / 3],
      flip: 0.5,
      brightness: 0.4,
      contrast: 0.4,
      saturation: 0.4,
      hue: 0.4,
      gray: 0.2,
    } as const;
    const loader = createLoader({
      imageSize: 4,
      batchSize: 4,
      transform: { kind: "augment", options: augment },
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
      seed: 11,
      ...options,
    });
    opened.push(loader);
    return loader;
  }

  /** All batches, copied, each buffer given back at once. */
  async function drain(loader: Loader): Promise<Batch[]> {
    const batches: Batch[] = [];
    for (let batch = await loader.next(); batch !== null; batch = await loader.next()) {
      batches.push({ ...batch, pixelValues: batch.pixelValues.slice() });
      loader.recycle(batch);
    }
    return batches;
  }

  it("gives the same bits from 1, 2 and 4 workers, over the border of an epoch", async () => {
    const data = await source();
    const runs = [];
    for (const workers of [1, 2, 4]) runs.push(await drain(open({ source: data, workers, steps: 12 })));
    assert.deepEqual(
      runs[0]?.map(({ step }) => step),
      Array.from({ length: 12 }, (_, step) => step),
    );
    assert.deepEqual(
      runs[0]?.map(({ epoch }) => epoch),
      [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2],
    );
    assert.deepEqual(runs[1], runs[0]);
    assert.deepEqual(runs[2], runs[0]);
  });

  it("goes on from any step with the bits of a run that never stopped", async () => {
    const data = await source();
    const whole = await drain(open({ source: data, steps: 9 }));
    assert.deepEqual(await drain(open({ source: data, firstStep: 4, steps: 5 })), whole.slice(4));
  });

  it("evaluates every row once, in order, and fills the last batch with zeros", async () => {
    const loader = open({ source: await source(), transform: { kind: "evaluate" }, batchSize: 8 });
    const batches = await drain(loader);
    assert.equal(loader.stepsPerEpoch, 3);
    assert.deepEqual(
      batches.map(({ count }) => count),
      [8, 8, 6],
    );
    const rows = batches.flatMap((batch) => [...batch.rows.subarray(0, batch.count)]);
    assert.deepEqual(
      rows,
      Array.from({ length: ROWS }, (_, row) => row),
    );
    const last = batches[2];
    assert.ok(last);
    assert.equal(last.pixelValues.length, 8 * 3 * 16);
    assert.ok(last.pixelValues.subarray(6 * 48).every((value) => value === 0));
    assert.ok(last.pixelValues.subarray(0, 6 * 48).some((value) => value !== 0));
  });

  it("hands over buffers that ONNX Runtime accepts: not shared ones", async () => {
    const batch = await open({ source: await source() }).next();
    assert.ok(batch?.pixelValues.buffer instanceof ArrayBuffer);
  });

  it("survives a batch that is given back twice, or after its buffer went elsewhere", async () => {
    const loader = open({ source: await source(), steps: 12 });
    for (let batch = await loader.next(); batch !== null; batch = await loader.next()) {
      if (batch.step % 3 === 0) structuredClone(batch.pixelValues, { transfer: [batch.pixelValues.buffer] });
      loader.recycle(batch);
      loader.recycle(batch);
    }
  });

  it("answers several next() at once in order", async () => {
    const loader = open({ source: await source(), steps: 3 });
    const batches = await Promise.all([loader.next(), loader.next(), loader.next(), loader.next()]);
    assert.deepEqual(
      batches.map((batch) => batch?.step ?? null),
      [0, 1, 2, null],
    );
  });

  it("rejects with the DataError of a picture at its step, after the batches before it, and ever after", async () => {
    for (let at = 0; at < 6; at++) {
      await put(folder(), `${at}.png`, at === 2 || at === 3 ? `<html>${at}` : await plainPng("red"));
    }
    const pictures = await findPictures(await listFolder(folder()));
    assert.ok(pictures);
    const loader = open({ source: pictures, transform: { kind: "evaluate" }, batchSize: 2 });
    assert.equal((await loader.next())?.step, 0);
    for (let attempt = 0; attempt < 2; attempt++) {
      await assert.rejects(loader.next(), (error: unknown) => {
        assert.ok(error instanceof DataError);
        assert.equal(error.code, "DATA");
        assert.match(error.message, /2\.png: found text that begins with "<html>2"/); // always the lower row
        return true;
      });
    }
  });

  it("rejects when the data cannot be opened", async () => {
    const gone = { ...(await source()), imagesPath: "/nowhere/images" };
    await assert.rejects(open({ source: gone }).next(), {
      name: "DataError",
      message: /^\/nowhere\/images: found nothing/,
    });
  });

  it("leaves no thread after close(), in the middle of work or before it began", async () => {
    const threads = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === "MessagePort").length;
    const before = threads();
    const started = open({ source: await source(), workers: 3 });
    await started.next();
    const idle = open({ source: await source() });
    assert.ok(threads() > before);
    await Promise.all([started.close(), idle.close(), idle.close()]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(threads(), before);
    assert.equal(await started.next(), null);
  });

  it("answers a waiting next() with null on close()", async () => {
    const loader = open({ source: await source() });
    const waiting = loader.next();
    await loader.close();
    assert.equal(await waiting, null);
  });

  it("works inside a worker thread, which then ends by itself", async () => {
    const loaderPath = new URL("../../src/data/loader.js", import.meta.url).href;
    const options: LoaderOptions = {
      source: await source(),
      imageSize: 4,
      batchSize: 4,
      transform: { kind: "evaluate" },
      mean: [0, 0, 0],
      std: [1, 1, 1],
      seed: 1,
    };
    const code = `
      const { parentPort, workerData } = require("node:worker_threads");
      import(${JSON.stringify(loaderPath)}).then(async ({ createLoader }) => {
        const loader = createLoader(workerData);
        const batch = await loader.next();
        await loader.close();
        parentPort.postMessage(batch.count);
      });`;
    const worker = new Worker(code, { eval: true, workerData: options });
    const counts: number[] = [];
    worker.on("message", (count: number) => counts.push(count));
    const exitCode = await new Promise((resolve, reject) => {
      worker.on("exit", resolve);
      worker.on("error", reject);
    });
    assert.deepEqual([counts, exitCode], [[4], 0]);
  });

  it("refuses options out of range before it starts a thread", async () => {
    const data = await source();
    const refused: [Partial<LoaderOptions>, RegExp][] = [
      [{ workers: 0 }, /loader workers: found 0/],
      [{ firstStep: -1 }, /loader firstStep: found -1/],
      [{ steps: 1.5 }, /loader steps: found 1.5/],
      [{ cacheBytes: -1 }, /loader cacheBytes: found -1/],
      [{ batchSize: ROWS + 1 }, /batchSize: found 23 for 22 pictures/],
      [{ seed: 2 ** 32 }, /seed: found 4294967296/],
    ];
    for (const [options, message] of refused) {
      assert.throws(() => open({ source: data, ...options }), { name: "UsageError", message });
    }
  });
});

describe("errors between threads", () => {
  it("keep their class, code, message and stack", () => {
    const error = new DataError("a.jpg: found an empty file, expected a picture; remove it");
    const copy = unpackError(structuredClone(packError(error)));
    assert.ok(copy instanceof DataError);
    assert.deepEqual(
      [copy.name, copy.code, copy.message, copy.stack],
      [error.name, "DATA", error.message, error.stack],
    );
  });

  it("stay plain errors when their class is not ours", () => {
    assert.equal(unpackError(packError(new TypeError("x"))).message, "x");
    assert.equal(unpackError(packError("thrown text")).message, "thrown text");
  });
});
