import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { RandomStream } from "../../src/random/philox.js";
import { sha256 } from "../../src/run/sha256.js";

describe("sha256", () => {
  it("gives the value that FIPS 180-4 is shown with, and that of nothing", () => {
    assert.equal(
      sha256(new TextEncoder().encode("abc")),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    assert.equal(sha256(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });

  it("gives what Node's gives, whatever the length and wherever it is cut", () => {
    const stream = new RandomStream(1, "bytes");
    for (const length of [55, 56, 63, 64, 65, 119, 120, 1000]) {
      const bytes = Uint8Array.from({ length }, () => stream.below(256));
      const expected = createHash("sha256").update(bytes).digest("hex");
      for (const cut of [0, 1, 60, length])
        assert.equal(sha256(bytes.subarray(0, cut), bytes.subarray(cut)), expected, `${length}, ${cut}`);
    }
  });
});
