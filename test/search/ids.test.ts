import assert from "node:assert/strict";
import fc from "fast-check";
import { ArtifactError } from "../../src/errors.js";
import { packIds, unpackIds } from "../../src/search/ids.js";

const id = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !text.includes("\0"));

describe("ids in a file", () => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(fc.array(id), (ids) => assert.deepEqual(unpackIds(packIds(ids), ids.length, "file"), ids)),
    );
    assert.deepEqual(unpackIds(packIds(["\ufeffa", "日本"]), 2, "file"), ["\ufeffa", "日本"]);
  });

  it("are refused where they are others than were counted, or no text", () => {
    const refuses = (bytes: Uint8Array, count: number, message: RegExp) =>
      assert.throws(
        () => unpackIds(bytes, count, "file"),
        (error: Error) => {
          assert.ok(error instanceof ArtifactError);
          assert.match(error.message, message);
          return true;
        },
      );
    refuses(packIds(["a", "b"]), 3, /file: holds 2 ids, expected 3 ids/);
    refuses(packIds(["a"]).subarray(0, 1), 1, /expected 1 ids/);
    refuses(Uint8Array.of(0xff, 0), 1, /not UTF-8/);
  });
});
