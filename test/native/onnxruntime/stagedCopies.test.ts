/** @file Copies by way of pinned memory, where neither the memory nor the GPU is what it says. */

import assert from "node:assert/strict";
import { stagedCopies } from "../../../src/native/onnxruntime/stagedCopies.js";

const STAGING = 0n;
const STAGING_LENGTH = 8; // bytes
const GPU = 1000n;

describe("copies by way of pinned memory", () => {
  const gpu = new Uint8Array(32);
  const view = new ArrayBuffer(STAGING_LENGTH);
  const pinned = new Uint8Array(view);
  const calls: string[] = [];
  const copies = stagedCopies({
    address: STAGING,
    view,
    toDevice(to, from, bytes) {
      assert.equal(from, STAGING);
      calls.push(`in ${bytes}`);
      gpu.set(pinned.subarray(0, bytes), Number(to - GPU));
    },
    toHost(to, from, bytes) {
      assert.equal(to, STAGING);
      calls.push(`out ${bytes}`);
      pinned.set(gpu.subarray(Number(from - GPU), Number(from - GPU) + bytes));
    },
    free: () => void calls.push("free"),
  });
  beforeEach(() => void calls.splice(0));

  it("cross in pieces, and only those of the array", () => {
    const all = Float32Array.of(9, 1, 2, 3, 4, 5, 9);
    copies.toDevice(all.subarray(1, 6), GPU + 4n);
    assert.deepEqual(calls, ["in 8", "in 8", "in 4"]);
    const back = Float32Array.of(7, 0, 0, 0, 0, 0, 7);
    copies.toHost(GPU + 4n, back.subarray(1, 6));
    assert.deepEqual([...back], [7, 1, 2, 3, 4, 5, 7]);
    assert.deepEqual(calls.slice(3), ["out 8", "out 8", "out 4"]);
  });

  it("copy bytes at an odd place, and nothing of an array without any", () => {
    copies.toDevice(Uint8Array.of(0, 1, 2, 3).subarray(1), GPU);
    assert.deepEqual([...gpu.subarray(0, 3)], [1, 2, 3]);
    copies.toDevice(new Float32Array(), GPU);
    assert.deepEqual(calls, ["in 3"]);
  });

  it("give the memory back", () => {
    copies.close();
    assert.deepEqual(calls, ["free"]);
  });
});
