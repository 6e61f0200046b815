import assert from "node:assert/strict";
import { remedyForModel, remedyForRun } from "../../../src/runtime/native/remedies.js";

/** As ONNX Runtime 1.29 writes them. */
const WORDS = {
  fallback:
    "This session contains graph nodes … but fallback to CPU EP has been explicitly disabled by the user.",
  arena: "Available memory of 1024 is smaller than requested bytes of 4096",
  cuda: "CUDA failure 2: out of memory ; GPU=0 ; hostname=a ; file=cuda_allocator.cc ; line=42 ; expr=cudaMalloc",
  broken:
    "CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; hostname=a ; file=b ; line=1 ; expr=c",
  other: "Unexpected input data type",
};

describe("remedies for what ONNX Runtime says", () => {
  const after = (name: keyof typeof WORDS) => remedyForRun(new Error(WORDS[name]));

  it("know where memory ends, whoever says so", () => {
    assert.match(after("arena"), /^; there is not enough memory: choose a smaller batch/);
    assert.equal(after("cuda"), after("arena"));
  });

  it("send a process that has lost its GPU to a new start", () => {
    assert.match(after("broken"), /start it again, which --resume lets go on/);
  });

  it("name other providers for what a model lacks, and say nothing of what they do not know", () => {
    assert.match(remedyForModel(new Error(WORDS.fallback)), /choose --ep cpu$/);
    assert.equal(remedyForModel(new Error(WORDS.arena)), after("arena"));
    assert.deepEqual([after("other"), remedyForModel("no error")], ["", ""]);
  });
});
