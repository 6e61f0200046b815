/** @file From a path to training and evaluation pictures. */

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { DATA_FORMATS, openDataset } from "../../src/data/dataset.js";
import { locateData } from "../../src/data/locate.js";
import { idsOf, idxBytes, labelsOf, plainPng, put, useTemporaryFolder } from "./fixtures.js";

describe("locateData", () => {
  const folder = useTemporaryFolder();
  const locate = (seed = 1) => locateData(folder(), { seed });

  async function putPictures(...names: string[]): Promise<void> {
    const png = await plainPng("red");
    for (const name of names) await put(folder(), name, png);
  }

  const refuses = (target: string, message: RegExp): Promise<void> =>
    assert.rejects(locateData(target, { seed: 1 }), { name: "DataError", message });

  it("gives the embedded sample without a path: 8,000 pictures and 2,000 others of ten classes", async () => {
    const { train, evaluate } = await locateData(null, { seed: 1 });
    assert.ok(evaluate);
    const opened = await Promise.all([train, evaluate].map((source) => openDataset(source)));
    assert.deepEqual(
      opened.map(({ size }) => size),
      [8000, 2000],
    );
    const perClass = new Array<number>(10).fill(0);
    for (const dataset of opened) {
      for (let row = 0; row < dataset.size; row++) perClass[dataset.label(row) ?? -1]!++;
    }
    assert.deepEqual(perClass, new Array<number>(10).fill(1000));
    assert.equal(opened[0]?.classNames[opened[0].label(0) ?? -1], "Ankle boot"); // known first test picture
  });

  it("pairs train/ with val/ rather than test/, labels numbered as in train/", async () => {
    await putPictures("train/cat/1.png", "train/dog/1.png", "val/dog/1.png", "test/cat/1.png");
    const { train, evaluate } = await locate();
    assert.deepEqual(train.classNames, ["cat", "dog"]);
    assert.ok(evaluate);
    const dataset = await openDataset(evaluate);
    assert.deepEqual([dataset.id(0), dataset.label(0)], ["dog/1.png", 1]);
  });

  it("pairs train/ with test/ where there is no val/", async () => {
    await putPictures("train/cat/1.png", "test/cat/2.png");
    assert.equal((await locate()).evaluate?.rowCount, 1);
  });

  it("refuses a class of val/ that train/ lacks", async () => {
    await putPictures("train/cat/1.png", "val/cow/1.png");
    await refuses(folder(), /val: found classes cow, expected only the training classes \(cat\)/);
  });

  it("looks inside a lone train/ but takes it for a class among others", async () => {
    await putPictures("train/cat/1.png", "train/dog/1.png");
    assert.deepEqual((await locate()).train.classNames, ["cat", "dog"]);
    await putPictures("lorry/1.png");
    assert.deepEqual((await locate()).train.classNames, ["lorry", "train"]);
  });

  it("holds out a tenth of labelled pictures, chosen by the seed, none of them in both parts", async () => {
    await putPictures(...Array.from({ length: 40 }, (_, at) => `${at % 2 === 0 ? "cat" : "dog"}/${at}.png`));
    const [one, same, other] = [await locate(1), await locate(1), await locate(2)];
    assert.deepEqual(one, same);
    assert.notDeepEqual(one.evaluate, other.evaluate);
    assert.ok(one.evaluate);
    const datasets = await Promise.all([one.train, one.evaluate].map((source) => openDataset(source)));
    assert.deepEqual(
      datasets.map(({ size }) => size),
      [36, 4],
    );
    const ids = datasets.flatMap((dataset) =>
      Array.from({ length: dataset.size }, (_, row) => dataset.id(row)),
    );
    assert.equal(new Set(ids).size, 40);
    for (const dataset of datasets) {
      for (let row = 0; row < dataset.size; row++) {
        assert.ok(dataset.id(row).startsWith(dataset.classNames[dataset.label(row) ?? -1] ?? "?"));
      }
    }
  });

  it("has nothing to evaluate on in a flat folder", async () => {
    await putPictures("1.png", "2.png");
    const { train, evaluate } = await locate();
    assert.deepEqual([train.rowCount, evaluate], [2, null]);
  });

  it("pairs MNIST's train and t10k files and names classes by their number", async () => {
    const images = idxBytes([2, 1, 1], Uint8Array.of(1, 2));
    for (const part of ["train", "t10k"]) {
      await put(folder(), `${part}-images-idx3-ubyte`, images);
      await put(
        folder(),
        `${part}-labels-idx1-ubyte`,
        idxBytes([2], Uint8Array.of(0, part === "train" ? 2 : 1)),
      );
    }
    const { train, evaluate } = await locate();
    assert.ok(evaluate);
    for (const source of [train, evaluate]) {
      assert.deepEqual([source.rowCount, source.classNames], [2, ["0", "1", "2"]]);
      await openDataset(source);
    }
  });

  it("refuses idx files without the train part", async () => {
    await put(folder(), "t10k-images-idx3-ubyte", "");
    await refuses(
      folder(),
      /found t10k-images-idx3-ubyte, expected train-images-idx3-ubyte\(\.gz\) among them/,
    );
  });

  it("refuses an empty folder, also as a part", async () => {
    await refuses(
      folder(),
      /found an empty folder, expected pictures \(jpg, .*; give the folder that holds them/,
    );
    await mkdir(path.join(folder(), "val"));
    await putPictures("train/cat/1.png");
    await refuses(folder(), /val: found an empty folder/);
  });

  it("refuses a folder without pictures and says what lies there", async () => {
    await put(folder(), "data.tar", "");
    await put(folder(), "notes/a.txt", "");
    await refuses(folder(), /found no pictures but notes\/, data\.tar, expected/);
  });

  it("refuses a file and a path where nothing is", async () => {
    await refuses(
      await put(folder(), "a.png", await plainPng("red")),
      /a\.png: found a single file, expected pictures .*; give the folder that holds them/,
    );
    await refuses(path.join(folder(), "gone"), /gone: found nothing that can be read, expected pictures/);
  });

  it("takes every picture below a folder, without labels, when told that it is flat", async () => {
    await putPictures("1.png", "cat/1.png", "cat/deep/2.png");
    const { train, evaluate } = await locateData(folder(), { seed: 1, format: "flat" });
    assert.deepEqual(await idsOf(train), ["1.png", "cat/1.png", "cat/deep/2.png"]);
    assert.deepEqual([train.classNames, evaluate], [[], null]);
  });

  it("takes class folders, whatever lies beside them, when told that they are there", async () => {
    await putPictures("1.png", "cat/1.png", "dog/1.png", "dog/2.png");
    const { train } = await locateData(folder(), { seed: 1, format: "imagefolder" });
    assert.deepEqual([train.classNames, train.format, train.rowCount], [["cat", "dog"], "imagefolder", 2]);
  });

  it("says what it found where the data is not of the format asked for", async () => {
    await putPictures("1.png", "2.png");
    const file = path.join(folder(), "1.png");
    for (const format of DATA_FORMATS.filter((one) => one !== "flat")) {
      await assert.rejects(locateData(folder(), { seed: 1, format }), (error: Error) => {
        assert.equal(error.name, "DataError");
        assert.match(error.message, /: found only 1\.png, 2\.png, expected .*; leave out --data-format /);
        assert.ok(
          error.message.endsWith(`--data-format ${format} to have the kind recognized, or give another path`),
        );
        return true;
      });
    }
    for (const format of DATA_FORMATS.filter((one) => one !== "list")) {
      await assert.rejects(locateData(file, { seed: 1, format }), { name: "DataError", message: /1\.png/ });
    }
  });

  it("holds out rows of other formats too: idx files without an evaluation part", async () => {
    const records = (labels: readonly number[]): Uint8Array =>
      idxBytes([labels.length], Uint8Array.from(labels));
    const images = idxBytes([4, 1, 1], Uint8Array.of(1, 2, 3, 4));
    await put(folder(), "train-images-idx3-ubyte", images);
    await put(folder(), "train-labels-idx1-ubyte", records([0, 1, 0, 1]));
    const { train, evaluate } = await locate();
    assert.deepEqual([train.rowCount, evaluate?.rowCount, evaluate?.format], [3, 1, "idx"]);
    const [learnt, held] = [await idsOf(train), await idsOf(evaluate)];
    assert.deepEqual([...learnt, ...held].sort(), ["0", "1", "2", "3"]);
    const dataset = await openDataset(structuredClone(train));
    assert.equal((await dataset.picture(0)).data[0], Number(learnt[0]) + 1);
    assert.deepEqual(
      await labelsOf(train),
      learnt.map((id) => Number(id) % 2),
    );
    await assert.rejects(dataset.picture(3), { name: "DataError", message: /found row 3, expected 0 to 2/ });
  });

  it("identifies the pictures and which of them are held out", async () => {
    await putPictures(...Array.from({ length: 20 }, (_, at) => `cat/${at}.png`));
    const [one, same, other] = [await locate(1), await locate(1), await locate(2)];
    assert.equal(one.train.sha256, same.train.sha256);
    assert.notEqual(one.train.sha256, one.evaluate?.sha256);
    assert.notEqual(one.train.sha256, other.train.sha256);
    await putPictures("dog/2.png");
    assert.notEqual((await locate(1)).train.sha256, one.train.sha256);
  });
});
