import assert from "node:assert/strict";
import { describeMatch, matchStateDict } from "../../src/artifact/stateDict.js";
import type { DType } from "../../src/ir/dtype.js";
import { asFloat32, packTensor, type RawTensor } from "../../src/ir/rawTensor.js";

const EXPECTED = new Map<string, number[]>([
  ["conv1.weight", [2, 1]],
  ["bn1.running_mean", [2]],
  ["fc.bias", [3]],
]);

function tensor(shape: number[], dtype: DType = "float32"): RawTensor {
  const data = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, at) => at);
  return packTensor({ dtype, shape, data }, "tensor");
}

describe("matchStateDict", () => {
  it("takes every tensor whose name and shape agree", () => {
    const given = new Map([...EXPECTED].map(([name, shape]) => [name, tensor(shape)]));
    const match = matchStateDict(EXPECTED, given);
    assert.deepEqual(match.tensors, given);
    assert.equal(describeMatch(match), null);
  });

  it("strips the prefixes of wrappers, and passes over counters of batches", () => {
    const given = new Map([
      ["module.conv1.weight", tensor([2, 1])],
      ["module.module.bn1.running_mean", tensor([2])],
      ["module.bn1.num_batches_tracked", tensor([], "int64")],
      ["num_batches_tracked", tensor([], "int64")],
      ["fc.bias", tensor([3])],
    ]);
    const match = matchStateDict(EXPECTED, given);
    assert.deepEqual([...match.tensors.keys()].sort(), [...EXPECTED.keys()].sort());
    assert.equal(describeMatch(match), null);
  });

  it("turns other floats into float32", () => {
    for (const dtype of ["float64", "float16"] as const) {
      const given = new Map([...EXPECTED].map(([name, shape]) => [name, tensor(shape, dtype)]));
      const { tensors } = matchStateDict(EXPECTED, given);
      assert.deepEqual([...asFloat32(tensors.get("fc.bias")!, "fc.bias")], [0, 1, 2]);
    }
  });

  it("lists what is missing, unexpected, of another shape and of another dtype", () => {
    const given = new Map([
      ["fc.bias", tensor([4])],
      ["bn1.running_mean", tensor([2], "int64")],
      ["layer1.weight", tensor([1])],
      ["module.fc.bias", tensor([3])],
    ]);
    const match = matchStateDict(EXPECTED, given);
    assert.equal(match.tensors.size, 0);
    assert.equal(
      describeMatch(match),
      "missing: conv1.weight; unexpected: layer1.weight, module.fc.bias; of another shape or dtype: " +
        "fc.bias is float32 [4], expected [3], bn1.running_mean is int64 [2], expected [2]",
    );
  });
});
