/** @file The idx reader: whole files, and every way a file can be less than whole. */

import assert from "node:assert/strict";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { openDataset } from "../../../src/data/dataset.js";
import type { IdxSource } from "../../../src/data/formats/idx.js";
import { idxBytes, put, useTemporaryFolder } from "../fixtures.js";

const VALUES = Uint8Array.from({ length: 3 * 2 * 4 }, (_, at) => at); // [3, 2, 4]
const IMAGES = idxBytes([3, 2, 4], VALUES);
const LABELS = idxBytes([3], Uint8Array.of(1, 0, 1));

describe("idx files", () => {
  const folder = useTemporaryFolder();

  async function source(
    images: Uint8Array,
    labels: Uint8Array | null = LABELS,
    rows: { firstRow: number; rowCount: number } = { firstRow: 0, rowCount: 3 },
  ): Promise<IdxSource> {
    const imagesPath = await put(folder(), "images", images);
    const labelsPath = labels === null ? null : await put(folder(), "labels", labels);
    return {
      kind: "idx",
      format: "idx",
      name: "tiny",
      sha256: "",
      imagesPath,
      labelsPath,
      classNames: ["cat", "dog"],
      ...rows,
    };
  }

  async function refuses(made: Promise<IdxSource>, message: RegExp): Promise<void> {
    const name = "DataError";
    await assert.rejects(openDataset(await made), { name, message });
  }

  for (const [form, wrap] of [
    ["plain", (bytes: Uint8Array) => bytes],
    ["gzipped", (bytes: Uint8Array) => gzipSync(bytes)],
  ] as const) {
    it(`gives pictures, labels and ids of ${form} files`, async () => {
      const dataset = await openDataset(await source(wrap(IMAGES), wrap(LABELS)));
      assert.equal(dataset.size, 3);
      assert.deepEqual(
        [0, 1, 2].map((row) => dataset.label(row)),
        [1, 0, 1],
      );
      const picture = await dataset.picture(1);
      assert.deepEqual(
        { ...picture, data: [...picture.data] },
        {
          width: 4,
          height: 2,
          channels: 1,
          data: [8, 9, 10, 11, 12, 13, 14, 15],
        },
      );
    });
  }

  it("starts at the first row asked for", async () => {
    const dataset = await openDataset(await source(IMAGES, LABELS, { firstRow: 1, rowCount: 2 }));
    assert.equal(dataset.size, 2);
    assert.equal((await dataset.picture(0)).data[0], 8);
    assert.equal(dataset.id(0), "1");
    assert.equal(dataset.label(0), 0);
  });

  it("has null labels and no classes without a labels file", async () => {
    const dataset = await openDataset(await source(IMAGES, null));
    assert.equal(dataset.label(0), null);
    assert.deepEqual(dataset.classNames, []);
  });

  it("refuses rows outside the data", async () => {
    const dataset = await openDataset(await source(IMAGES));
    await assert.rejects(dataset.picture(-1), { name: "DataError" });
    assert.throws(() => dataset.label(3), {
      name: "DataError",
      message: /tiny: found row 3, expected 0 to 2/,
    });
  });

  it("refuses more rows than the file has", () =>
    refuses(source(IMAGES, null, { firstRow: 1, rowCount: 3 }), /found 3 images, expected rows 1 to 3/));

  it("refuses a file cut short anywhere", async () => {
    for (let length = 0; length < IMAGES.length; length++) {
      await refuses(source(IMAGES.subarray(0, length)), /images: found \d+ bytes.*expected.*again/);
    }
  });

  it("refuses bytes after the end", () =>
    refuses(
      source(Buffer.concat([IMAGES, Buffer.alloc(1)])),
      /found 25 bytes of values, expected 24 for \[3, 2, 4\]/,
    ));

  it("refuses a gzip stream cut short", () =>
    refuses(source(gzipSync(IMAGES).subarray(0, 30)), /found broken gzip data \(unexpected end of file\)/));

  it("refuses a labels file in the place of the images", () =>
    refuses(source(LABELS), /found idx magic 0x00000801, expected 0x00000803 .* give the images file here/));

  it("refuses a header whose sizes no file could hold", () =>
    refuses(source(idxBytes([2 ** 31, 2 ** 31, 2 ** 31], VALUES)), /found 24 bytes of values, expected/));

  it("refuses a file without pictures", () =>
    refuses(
      source(idxBytes([0, 28, 28], new Uint8Array(0))),
      /expected 0 for \[0, 28, 28\], and at least one/,
    ));

  it("refuses labels that are not one per image", () =>
    refuses(source(IMAGES, idxBytes([2], Uint8Array.of(0, 1))), /labels: found 2 labels, expected 3/));

  it("refuses a label without a class name", () =>
    refuses(source(IMAGES, idxBytes([3], Uint8Array.of(0, 1, 2))), /found label 2, expected 0 to 1/));

  it("names a file that is not there", async () => {
    const made = await source(IMAGES);
    const imagesPath = path.join(folder(), "gone");
    await assert.rejects(openDataset({ ...made, imagesPath }), {
      name: "DataError",
      message: `${imagesPath}: found nothing there, expected a readable file; check the path`,
    });
  });
});
