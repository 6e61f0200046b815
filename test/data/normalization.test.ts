/** @file Mean and spread of a set of pictures. */

import assert from "node:assert/strict";
import type { IdxSource } from "../../src/data/formats/idx.js";
import { listFolder } from "../../src/data/folders.js";
import { findPictures } from "../../src/data/formats/folder.js";
import { measureNormalization } from "../../src/data/normalization.js";
import { idxBytes, plainPng, put, useTemporaryFolder } from "./fixtures.js";

describe("measureNormalization", () => {
  const folder = useTemporaryFolder();

  async function idx(values: number[]): Promise<IdxSource> {
    const imagesPath = await put(
      folder(),
      "images",
      idxBytes([values.length, 1, 1], Uint8Array.from(values)),
    );
    return {
      kind: "idx",
      format: "idx",
      sha256: "",
      name: "t",
      imagesPath,
      labelsPath: null,
      firstRow: 0,
      rowCount: values.length,
      classNames: [],
    };
  }

  it("measures each channel of colour pictures", async () => {
    await put(folder(), "1.png", await plainPng("#ff0033"));
    await put(folder(), "2.png", await plainPng("#000033"));
    const source = await findPictures(await listFolder(folder()));
    assert.ok(source);
    const { mean, std } = await measureNormalization(source, 100);
    // Red 1 and 0: mean and spread one half. Green and blue never change: the least spread, one 8-bit step.
    const expected = [0.5, 0, 0.2, 0.5, 1 / 255, 1 / 255];
    [...mean, ...std].forEach((value, at) => assert.ok(Math.abs(value - (expected[at] ?? NaN)) < 1e-7));
  });

  it("counts gray for all three channels and spreads a sample over the rows", async () => {
    const { mean } = await measureNormalization(await idx([0, 255, 51, 255]), 2); // rows 0 and 2
    mean.forEach((value) => assert.ok(Math.abs(value - 0.1) < 1e-12));
  });
});
