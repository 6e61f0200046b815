import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COLLECTION, type Collection } from "../../src/artifact/collection.js";
import { writeSafetensors } from "../../src/artifact/safetensors.js";
import { ArtifactError } from "../../src/errors.js";
import type { RawTensor } from "../../src/ir/rawTensor.js";
import { packIds } from "../../src/search/ids.js";
import { readCatalogue } from "../../src/serve/catalogue.js";
import { suiteFolder } from "../support/temporary.js";

const DESCRIPTION: Collection = {
  format: "onnx-instdisc collection",
  formatVersion: 1,
  name: "two pictures",
  pictures: 2,
  classNames: ["cat", "dog"],
  embeddingDim: 8,
  preprocessing: { imageSize: 32, mean: [0, 0, 0], std: [1, 1, 1], resize: 32 },
  error: 0.1,
  vote: { k: 1, temperature: 0.1 },
  sprites: { tile: 64, columns: 16, perSheet: 256, sheets: 1 },
  map: false,
  originals: false,
};

const bytesTensor = (bytes: Uint8Array): RawTensor => ({ dtype: "uint8", shape: [bytes.length], bytes });
const IDS = bytesTensor(packIds(["a.png", "\ufeffb.png"]));
const LABELS: RawTensor = {
  dtype: "int32",
  shape: [2],
  bytes: new Uint8Array(Int32Array.of(1, -1).buffer),
};

describe("the catalogue of a collection", () => {
  const folder = suiteFolder();
  let made = 0;
  const read = (tensors: Readonly<Record<string, RawTensor>> | null) => {
    const at = join(folder(), String(made++));
    mkdirSync(at);
    if (tensors !== null) {
      const bytes = writeSafetensors({ tensors: new Map(Object.entries(tensors)), metadata: {} });
      writeFileSync(join(at, COLLECTION.vectors), bytes);
    }
    return readCatalogue({ folder: at, description: DESCRIPTION });
  };

  it("has ids, labels and rows", async () => {
    const { ids, labels, rowOf } = await read({ ids: IDS, labels: LABELS });
    assert.deepEqual(ids, ["a.png", "\ufeffb.png"]);
    assert.deepEqual([...Array.from(labels!)], [1, -1]);
    assert.deepEqual([rowOf("\ufeffb.png"), rowOf("nobody")], [1, null]);
    assert.equal((await read({ ids: IDS })).labels, null);
  });

  it("says which file is damaged, in what, and what to do", async () => {
    const damaged = async (tensors: Parameters<typeof read>[0], message: RegExp) => {
      await assert.rejects(read(tensors), (error: Error) => {
        assert.ok(error instanceof ArtifactError, String(error));
        assert.match(error.message, message);
        return true;
      });
    };
    const again = "delete the folder .*, and it is made again";
    await damaged(null, new RegExp(`vectors\\.safetensors: cannot be read \\(ENOENT\\); ${again}`));
    await damaged({ labels: LABELS }, new RegExp(`tensor ids is missing, expected uint8 .*${again}`));
    await damaged({ ids: LABELS }, /tensor ids is int32 \[2\], expected uint8/);
    await damaged({ ids: bytesTensor(packIds(["one"])) }, /holds 1 ids, expected 2 ids/);
    await damaged({ ids: bytesTensor(Uint8Array.of(0xff, 0)) }, /holds ids that are not UTF-8/);
    const short = { ...LABELS, shape: [1], bytes: LABELS.bytes.slice(4) };
    await damaged({ ids: IDS, labels: short }, /tensor labels is int32 \[1\], expected int32 \[2\]/);
    await damaged({ ids: IDS, labels: IDS }, /tensor labels is uint8/);
  });
});
