/** @file The embedded sample: Fashion-MNIST's 10,000 test pictures, 8,000 to learn from and 2,000 others. */

import path from "node:path";
import { fileURLToPath } from "node:url";
import type { IdxSource } from "./formats/idx.js";
import { hashIdx } from "./formats/idx.js";

// Compiled, this file is dist/src/data/sample.js; the sample is not compiled and stays under src/.
const FOLDER = fileURLToPath(new URL("../../../src/data/sample/", import.meta.url));
const SPLIT_ROW = 8000;
const ROWS = 10_000;
const CLASSES = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

export async function locateSample(): Promise<{ train: IdxSource; evaluate: IdxSource }> {
  const imagesPath = path.join(FOLDER, "t10k-images-idx3-ubyte.gz");
  const rows = async (name: string, firstRow: number, lastRow: number): Promise<IdxSource> => ({
    kind: "idx",
    name,
    format: "idx",
    imagesPath,
    labelsPath: path.join(FOLDER, "t10k-labels-idx1-ubyte.gz"),
    firstRow,
    rowCount: lastRow - firstRow,
    classNames: CLASSES,
    sha256: await hashIdx(imagesPath, firstRow, lastRow - firstRow),
  });
  return {
    train: await rows("fashion-mnist sample, train", 0, SPLIT_ROW),
    evaluate: await rows("fashion-mnist sample, evaluate", SPLIT_ROW, ROWS),
  };
}
