/** @file Parquet files of pictures, written by another library. */

import assert from "node:assert/strict";
import path from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { openDataset } from "../../../src/data/dataset.js";
import type { DataSource } from "../../../src/data/dataset.js";
import { locateData } from "../../../src/data/locate.js";
import { idsOf, labelsOf, onlyPixel, plainPng, put, useTemporaryFolder } from "../fixtures.js";

const COLORS = ["#ff0000", "#00ff00", "#0000ff", "#ffff00", "#00ffff"];
const PIXELS = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255]]; // prettier-ignore

type WriteOptions = Parameters<typeof parquetWriteBuffer>[0];
type Column = WriteOptions["columnData"][number];

describe("Parquet files", () => {
  const folder = useTemporaryFolder();
  let pictures: Buffer[];
  before(async () => {
    pictures = await Promise.all(COLORS.map(plainPng));
  });

  const write = (name: string, columnData: Column[], options: Partial<WriteOptions> = {}): Promise<string> =>
    put(folder(), name, new Uint8Array(parquetWriteBuffer({ ...options, columnData })));

  /** As Hugging Face writes it: a struct with bytes and path, and a class number. */
  function hub(
    name: string,
    labels: readonly number[],
    options: Partial<WriteOptions> = {},
  ): Promise<string> {
    const image = labels.map((_, at) => ({ bytes: pictures[at % 5], path: `${at}.png` }));
    const schema: WriteOptions["schema"] = [
      { name: "root", num_children: 2 },
      { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      { name: "label", type: "INT64", repetition_type: "OPTIONAL" },
    ];
    const columns = [
      { name: "image", data: image },
      { name: "label", data: labels.map(BigInt) },
    ];
    return write(name, columns, { schema, rowGroupSize: 2, ...options });
  }

  const wholeOf = (source: DataSource): DataSource => (source.kind === "picked" ? source.whole : source);
  const locate = async (name = ""): Promise<DataSource> =>
    wholeOf((await locateData(path.join(folder(), name), { seed: 1 })).train);

  async function assertColors(source: DataSource, rows: readonly number[]): Promise<void> {
    const dataset = await openDataset(structuredClone(source));
    // Not in order, and several at once, as a loader asks.
    await Promise.all(
      [...rows].reverse().map(async (row) => {
        assert.deepEqual(onlyPixel(await dataset.picture(row)), PIXELS[row % 5], String(row));
      }),
    );
  }

  it("gives pictures of a struct {bytes, path} from any row group, in any order", async () => {
    await hub("a.parquet", [0, 1, 2, 1, 0]);
    const source = await locate("a.parquet");
    assert.deepEqual([source.format, await labelsOf(source)], ["parquet", [0, 1, 2, 1, 0]]);
    assert.equal((await idsOf(source))[4], "a.parquet#4");
    await assertColors(source, [0, 1, 2, 3, 4]);
  });

  it("gives pictures of a column of bytes, with and without a page index, compressed or not", async () => {
    for (const offsetIndex of [true, false]) {
      for (const codec of ["SNAPPY", "UNCOMPRESSED"] as const) {
        const column: Column = { name: "photo", data: pictures, type: "BYTE_ARRAY", offsetIndex };
        await write("a.parquet", [column], { codec, rowGroupSize: 3, pageSize: 100 });
        const source = await locate();
        assert.deepEqual([source.rowCount, source.classNames], [5, []]);
        await assertColors(source, [0, 1, 2, 3, 4]);
      }
    }
  });

  it("takes parts by the names of files, in data/ too, and classes as Hugging Face names them", async () => {
    const features = { label: { names: ["dog", "cat"], _type: "ClassLabel" } };
    const kvMetadata = [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }];
    await hub("data/train-00000-of-00002.parquet", [0, 1], { kvMetadata });
    await hub("data/train-00001-of-00002.parquet", [1], { kvMetadata });
    await hub("data/validation-00000-of-00001.parquet", [1, 0], { kvMetadata });
    await hub("data/test-00000-of-00001.parquet", [-1, -1], { kvMetadata });
    const { train, evaluate } = await locateData(folder(), { seed: 1 });
    assert.deepEqual(
      [train.classNames, await labelsOf(train)],
      [
        ["dog", "cat"],
        [0, 1, 1],
      ],
    );
    assert.deepEqual(
      [evaluate?.classNames, await labelsOf(evaluate)],
      [
        ["dog", "cat"],
        [1, 0],
      ],
    );
    assert.equal((await idsOf(train))[2], "train-00001-of-00002.parquet#0");
  });

  it("names classes that are text in natural order", async () => {
    const label: Column = { name: "label", data: ["b10", "b2", "b10"], type: "STRING" };
    await write("a.parquet", [{ name: "image", data: pictures.slice(0, 3), type: "BYTE_ARRAY" }, label]);
    const source = await locate();
    assert.deepEqual(
      [source.classNames, await labelsOf(source)],
      [
        ["b2", "b10"],
        [1, 0, 1],
      ],
    );
  });

  it("is identified by names, sizes and row counts of its files", async () => {
    await hub("a.parquet", [0, 1]);
    const first = (await locate()).sha256;
    assert.equal((await locate()).sha256, first);
    await hub("a.parquet", [0, 1, 1]);
    assert.notEqual((await locate()).sha256, first);
  });

  it("names file and row of a picture that is missing or broken", async () => {
    const data = [Buffer.from("<html>"), null, ...pictures];
    await write("a.parquet", [{ name: "image", data, type: "BYTE_ARRAY" }]);
    const dataset = await openDataset(await locate());
    await assert.rejects(dataset.picture(0), { name: "DataError", message: /a\.parquet#0: found text/ });
    await assert.rejects(dataset.picture(1), {
      name: "DataError",
      message: /a\.parquet#1: found no bytes in column image, expected a picture/,
    });
  });

  it("refuses what is no Parquet file, a file cut short and a file without pictures", async () => {
    const whole = new Uint8Array(
      parquetWriteBuffer({ columnData: [{ name: "image", data: pictures, type: "BYTE_ARRAY" }] }),
    );
    for (const bytes of [Buffer.from("text"), new Uint8Array(0), whole.subarray(0, 300)]) {
      await put(folder(), "a.parquet", bytes);
      await assert.rejects(locate(), {
        name: "DataError",
        message: /a\.parquet: found bytes that do not read/,
      });
    }
    await write("a.parquet", [{ name: "height", data: [1, 2] }]);
    await assert.rejects(locate("a.parquet"), {
      name: "DataError",
      message: /found no pictures in the file/,
    });
  });
});
