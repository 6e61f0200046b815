import assert from "node:assert/strict";
import { MemoryIndex } from "../../src/search/memoryIndex.js";
import { checkBackend } from "./backendRules.js";

describe("an index in memory", () => {
  checkBackend((dim) => Promise.resolve(new MemoryIndex(dim)));

  it("begins with the vectors that it is given", () => {
    const vectors = { count: 2, dim: 2, data: Float32Array.of(1, 0, 0, 1) };
    const backend = new MemoryIndex(2, { ids: ["a", "b"], vectors });
    assert.deepEqual([...backend.ids()], ["a", "b"]);
  });
});
