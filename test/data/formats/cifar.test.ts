/** @file The binary files of CIFAR-10 and CIFAR-100. */

import assert from "node:assert/strict";
import path from "node:path";
import { openDataset } from "../../../src/data/dataset.js";
import { locateData } from "../../../src/data/locate.js";
import type { LocatedData } from "../../../src/data/locate.js";
import { idsOf, labelsOf, put, speckle, useTemporaryFolder } from "../fixtures.js";

/** A record: label bytes, then a red, a green and a blue plane of one value each but for the first pixel. */
function record(labels: readonly number[], red: number, green: number, blue: number): Buffer {
  const planes = [red, green, blue].map((value) => {
    const plane = Buffer.alloc(1024, value);
    plane[0] = value + 1;
    return plane;
  });
  return Buffer.concat([Buffer.from(labels), ...planes]);
}

describe("CIFAR's binary files", () => {
  const folder = useTemporaryFolder();
  const locate = (): Promise<LocatedData> => locateData(folder(), { seed: 1 });
  const refuses = (message: RegExp): Promise<void> =>
    assert.rejects(locate(), { name: "DataError", message });

  it("gives pictures, labels and names of CIFAR-10, batches in order, and its test part", async () => {
    await put(folder(), "data_batch_2.bin", record([9], 10, 20, 30));
    await put(folder(), "data_batch_1.bin", Buffer.concat([record([3], 1, 2, 3), record([0], 4, 5, 6)]));
    await put(folder(), "test_batch.bin", record([1], 7, 8, 9));
    const names = [..."abcdefghij"];
    await put(folder(), "batches.meta.txt", `${names.join("\n")}\n\n`);
    const { train, evaluate } = await locate();
    assert.deepEqual(await idsOf(train), ["data_batch_1.bin#0", "data_batch_1.bin#1", "data_batch_2.bin#0"]);
    assert.deepEqual(await labelsOf(train), [3, 0, 9]);
    assert.deepEqual(await labelsOf(evaluate), [1]);
    assert.deepEqual([train.classNames, train.format], [names, "cifar"]);
    const { width, height, channels, data } = await (await openDataset(train)).picture(2);
    assert.deepEqual([width, height, channels, data.length], [32, 32, 3, 3072]);
    assert.deepEqual([...data.subarray(0, 6)], [11, 21, 31, 10, 20, 30]);
  });

  it("takes the fine label of CIFAR-100, in the folder that its archive unpacks to", async () => {
    await put(folder(), "cifar-100-binary/train.bin", record([7, 42], 1, 2, 3));
    await put(folder(), "cifar-100-binary/test.bin", record([7, 99], 1, 2, 3));
    const { train, evaluate } = await locate();
    assert.deepEqual([await labelsOf(train), await labelsOf(evaluate)], [[42], [99]]);
    assert.deepEqual([train.classNames.length, train.classNames[42]], [100, "42"]);
    assert.deepEqual([...(await (await openDataset(train)).picture(0)).data.subarray(3, 6)], [1, 2, 3]);
  });

  it("is identified by every byte of its files", async () => {
    await put(folder(), "data_batch_1.bin", record([3], 1, 2, 3));
    const first = (await locate()).train.sha256;
    await put(folder(), "data_batch_1.bin", record([3], 1, 2, 4));
    assert.match(first, /^[0-9a-f]{64}$/);
    assert.notEqual((await locate()).train.sha256, first);
  });

  it("refuses a file cut short and a label beyond the classes", async () => {
    await put(folder(), "data_batch_1.bin", record([3], 1, 2, 3).subarray(0, 3000));
    await refuses(/data_batch_1\.bin: found 3000 bytes, expected a multiple of 3073/);
    await put(folder(), "data_batch_1.bin", record([10], 1, 2, 3));
    await refuses(/found label 10 in data_batch_1\.bin, expected 0 to 9/);
  });

  it("names the file of a picture that is gone since", async () => {
    const file = await put(
      folder(),
      "data_batch_1.bin",
      Buffer.concat([record([1], 1, 2, 3), record([1], 1, 2, 3)]),
    );
    const { train } = await locateData(folder(), { seed: 1, format: "cifar" });
    const dataset = await openDataset(train);
    await put(path.dirname(file), "data_batch_1.bin", speckle(10));
    await assert.rejects(dataset.picture(0), {
      name: "DataError",
      message: /data_batch_1\.bin: found 10 bytes/,
    });
  });
});
