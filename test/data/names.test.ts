/** @file Packed names. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { nameAt, packNames } from "../../src/data/names.js";

describe("packed names", () => {
  it("come out as they went in, also empty ones and those of several bytes a letter", () => {
    const name = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(fc.array(name), (names) => {
        const packed = packNames(names);
        assert.deepEqual(
          names.map((_, row) => nameAt(packed, row)),
          names,
        );
      }),
    );
  });

  it("are shared, not copied, when a source goes to a worker thread", () => {
    const packed = packNames(["a", "b"]);
    const there = structuredClone(packed);
    packed.utf8[0] = "z".charCodeAt(0);
    assert.equal(nameAt(there, 0), "z");
  });
});
