/** @file The loader: same bits from any number of threads, errors that keep their class, nothing left behind. */

import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import { createLoader } from "../../src/data/loader.js";
import type { Batch, Loader, LoaderOptions } from "../../src/data/loader.js";
import { packError, unpackError } from "../../src/errors.js";
import { listFolder } from "../../src/data/folders.js";
import { findPictures } from "../../src/data/formats/folder.js";
import type { FolderSource } from "../../src/data/formats/folder.js";
import { createShuffledSampler } from "../../src/data/sampler.js";
import type { IdxSource } from "../../src/data/formats/idx.js";
import { DataError } from "../../src/errors.js";
import { threadsAlive } from "../support/threads.js";
import { AUGMENT, idxBytes, plainPng, put, speckle, useTemporaryFolder } from "./fixtures.js";

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
    const loader = createLoader({
      imageSize: 4,
      batchSize: 4,
      transform: { kind: "augment", options: AUGMENT },
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

  it("lets an epoch end after whole groups of batches that make one optimizer step", async () => {
    const loader = open({ source: await source(), accumulation: 2, steps: 9 });
    assert.equal(loader.stepsPerEpoch, 4); // of 22 / (4 * 2) groups, and not 5 batches
    const batches = await drain(loader);
    assert.deepEqual(
      batches.map(({ epoch }) => epoch),
      [0, 0, 0, 0, 1, 1, 1, 1, 2],
    );
    const first = await drain(open({ source: await source(), steps: 4 }));
    assert.deepEqual(batches.slice(0, 4), first);
  });

  it("counts the time that next() kept its caller waiting, and no other", async () => {
    const loader = open({ source: await source(), steps: 3 });
    assert.equal(loader.waitedSeconds, 0);
    await loader.next();
    const first = loader.waitedSeconds;
    assert.ok(first > 0); // threads had to start
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(loader.waitedSeconds, first);
    const waiting = loader.next();
    await waiting;
    assert.ok(loader.waitedSeconds >= first);
  });

  it("rejects when the data cannot be opened", async () => {
    const gone = { ...(await source()), imagesPath: "/nowhere/images" };
    await assert.rejects(open({ source: gone }).next(), {
      name: "DataError",
      message: /^\/nowhere\/images: found nothing/,
    });
  });

  describe("with broken pictures", () => {
    const BROKEN = [2, 3, 11];

    /** `count` pictures of random colours, those of BROKEN replaced by web pages. */
    async function partlyBroken(count = 14): Promise<FolderSource> {
      for (let row = 0; row < count; row++) {
        const color = `#${(0x100000 + row * 0x0a1b2c).toString(16)}`;
        await put(folder(), `${row}.png`, BROKEN.includes(row) ? `<html>${row}` : await plainPng(color));
      }
      return found();
    }

    async function found(): Promise<FolderSource> {
      const pictures = await findPictures(await listFolder(folder()));
      assert.ok(pictures);
      return pictures;
    }

    it("gives the same bits from 1, 2 and 4 workers, with and without a cache, and after a resume", async () => {
      const data = await partlyBroken();
      const whole = await drain(open({ source: data, workers: 1, steps: 12 }));
      for (const workers of [2, 4]) {
        assert.deepEqual(await drain(open({ source: data, workers, steps: 12 })), whole);
      }
      assert.deepEqual(await drain(open({ source: data, cacheBytes: 0, steps: 12 })), whole);
      assert.deepEqual(await drain(open({ source: data, firstStep: 5, steps: 7 })), whole.slice(5));
    });

    it("puts another picture of the set, which the batch has not, in the place of each, and lists them", async () => {
      const data = await partlyBroken();
      const sampler = createShuffledSampler(data.rowCount, 4, 11);
      const batches = await drain(open({ source: data, steps: 9 }));
      for (const { step, rows, broken, pixelValues } of batches) {
        const wanted = [...sampler.batchRows(step)];
        assert.equal(new Set(rows).size, 4);
        assert.ok([...rows].every((row) => !BROKEN.includes(row)));
        wanted.forEach((row, slot) => BROKEN.includes(row) || assert.equal(rows[slot], row));
        assert.deepEqual(
          broken.map(({ row }) => row),
          wanted.filter((row) => BROKEN.includes(row)),
        );
        for (let slot = 0; slot < 4; slot++) {
          assert.ok(pixelValues.subarray(slot * 48, (slot + 1) * 48).some((value) => value !== 0));
        }
      }
      const listed = batches.flatMap(({ broken }) => broken);
      assert.deepEqual(new Set(listed.map(({ row }) => row)), new Set(BROKEN));
      for (const { row, id, reason } of listed) {
        assert.equal(id, `${row}.png`);
        assert.match(reason, new RegExp(`${row}\\.png: found text that begins with "<html>${row}"`));
      }
    });

    it("shows the replacement as it looks in its own turn of the epoch", async () => {
      const data = await partlyBroken(12);
      const views = new Map<string, string>();
      let seenTwice = 0;
      for (const { epoch, rows, pixelValues } of await drain(open({ source: data, steps: 30 }))) {
        rows.forEach((row, slot) => {
          const view = pixelValues.subarray(slot * 48, (slot + 1) * 48).join();
          if (views.has(`${epoch} ${row}`)) seenTwice++;
          assert.equal(views.get(`${epoch} ${row}`) ?? view, view);
          views.set(`${epoch} ${row}`, view);
        });
      }
      assert.equal(seenTwice, 30); // three in each of ten epochs
    });

    it("repeats a picture where the batch has all that can be read", async () => {
      const data = await partlyBroken(5); // rows 0, 1 and 4 are good
      for (const { rows, broken } of await drain(open({ source: data, batchSize: 5, steps: 4 }))) {
        assert.deepEqual([...new Set(rows)].sort(), [0, 1, 4]);
        assert.equal(broken.length, 2);
      }
    });

    it("remembers them: a file repaired in the meantime is still broken for the run", async () => {
      const data = await partlyBroken(12);
      const loader = open({ source: data, workers: 1, batchSize: 12, steps: 20 });
      assert.equal((await loader.next())?.broken.length, 3);
      for (const row of BROKEN) await put(folder(), `${row}.png`, await plainPng("red"));
      for (const { broken } of await drain(loader)) assert.equal(broken.length, 3);
    });

    it("leaves their places zero when it evaluates, and keeps their rows", async () => {
      const loader = open({ source: await partlyBroken(), transform: { kind: "evaluate" }, batchSize: 8 });
      for (const { rows, broken, count, pixelValues } of await drain(loader)) {
        const brokenRows = broken.map(({ row }) => row);
        assert.deepEqual(
          brokenRows,
          BROKEN.filter((row) => rows.includes(row)),
        );
        for (let slot = 0; slot < count; slot++) {
          const empty = pixelValues.subarray(slot * 48, (slot + 1) * 48).every((value) => value === 0);
          assert.equal(empty, BROKEN.includes(rows[slot]!), `row ${rows[slot]}`);
        }
      }
    });

    it("rejects at the step of the first if it is strict, with its path, and ever after", async () => {
      const data = await partlyBroken();
      const loader = open({ source: data, transform: { kind: "evaluate" }, batchSize: 2, strict: true });
      assert.equal((await loader.next())?.step, 0);
      for (let attempt = 0; attempt < 2; attempt++) {
        await assert.rejects(loader.next(), (error: unknown) => {
          assert.ok(error instanceof DataError);
          assert.equal(error.code, "DATA");
          assert.ok(error.message.startsWith(`${folder()}/2.png: found text that begins with "<html>2"`));
          return true;
        });
      }
    });

    it("rejects when no picture can be read", async () => {
      for (let row = 0; row < 6; row++) await put(folder(), `${row}.jpg`, "");
      const data = await found();
      const message = /found no picture that can be read, .*: found an empty file/;
      await assert.rejects(open({ source: data }).next(), { name: "DataError", message });
      const evaluation = open({ source: data, transform: { kind: "evaluate" } });
      assert.equal((await evaluation.next())?.broken.length, 4);
      assert.equal((await evaluation.next())?.broken.length, 2);
      await assert.rejects(evaluation.next(), { name: "DataError", message });
    });
  });

  it("leaves no thread after close(), in the middle of work or before it began", async () => {
    const before = await threadsAlive();
    const started = open({ source: await source(), workers: 3 });
    await started.next();
    const idle = open({ source: await source() });
    assert.equal(await threadsAlive(), before + 5);
    await Promise.all([started.close(), idle.close(), idle.close()]);
    assert.equal(await threadsAlive(), before);
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
      [{ accumulation: 0 }, /accumulation: found 0/],
      [{ accumulation: 6 }, /batchSize x accumulation: found 4 x 6 for 22 pictures/],
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
