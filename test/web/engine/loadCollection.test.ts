import assert from "node:assert/strict";
import type { Collection } from "../../../src/artifact/collection.js";
import { writeSafetensors } from "../../../src/artifact/safetensors.js";
import { ArtifactError } from "../../../src/errors.js";
import { fromFloat32, type RawTensor } from "../../../src/ir/rawTensor.js";
import { packIds } from "../../../src/search/ids.js";
import { readVectors } from "../../../src/web/engine/loadCollection.js";

const DESCRIPTION = { pictures: 2, embeddingDim: 1, error: 0, map: false } as Collection;

/** vectors.safetensors of two pictures. */
function fileWith(ids: Uint8Array): Uint8Array {
  const tensors = new Map<string, RawTensor>([
    ["codes", { dtype: "uint8", shape: [2, 1], bytes: Uint8Array.of(127, 129) }],
    ["scales", fromFloat32(Float32Array.of(1, 1), [2])],
    ["ids", { dtype: "uint8", shape: [ids.length], bytes: ids }],
  ]);
  return writeSafetensors({ tensors, metadata: {} });
}

describe("the vectors of a collection", () => {
  it("have the ids that were packed", () => {
    const ids = ["\ufeffä.jpg", "日本/b.jpg"];
    const { codes, ids: read } = readVectors(fileWith(packIds(ids)), "file", DESCRIPTION);
    assert.deepEqual(read, ids);
    assert.deepEqual([...codes.codes], [127, -127]);
  });

  it("are refused with other ids than were counted, or none that are text", () => {
    const refuses = (ids: Uint8Array, message: RegExp) =>
      assert.throws(
        () => readVectors(fileWith(ids), "file", DESCRIPTION),
        (error: Error) => error instanceof ArtifactError && message.test(error.message),
      );
    refuses(packIds(["a", "b", "c"]), /file: holds 3 ids, expected 2 ids/);
    refuses(Uint8Array.of(0xff, 0, 0x61, 0), /file: holds ids that are not UTF-8/);
  });
});
