import assert from "node:assert/strict";
import {
  readCheckpoint,
  writeCheckpoint,
  type Checkpoint,
} from "../../../src/artifact/ortTraining/checkpoint.js";
import { ArtifactError } from "../../../src/errors.js";
import { DTYPES } from "../../../src/ir/dtype.js";
import { fromFloat32, packTensor, type RawTensor } from "../../../src/ir/rawTensor.js";
import { uniform } from "../../support/opCases/draw.js";

const floats = (...numbers: number[]): RawTensor => fromFloat32(Float32Array.from(numbers), [numbers.length]);

const full: Checkpoint = {
  trainable: new Map([
    ["conv1.weight", fromFloat32(Float32Array.of(1, 2, 3, 4, 5, 6), [1, 3, 2])],
    ["fc.bias", floats(-0.5, 0.25)],
  ]),
  frozen: new Map([["bn1.running_mean", floats(0.125)]]),
  optimizer: {
    step: 12,
    initialLearningRate: 0.5,
    moments: new Map([
      ["conv1.weight", [floats(1, 2), floats(3, 4)]],
      ["fc.bias", [floats(5), floats(6)]],
    ]),
  },
  properties: new Map([
    ["epoch", { kind: "int", value: -3 }],
    ["loss", { kind: "float", value: 1.5 }],
    ["名", { kind: "string", value: "ü" }],
    ["empty", { kind: "string", value: "" }],
  ]),
};

const empty: Checkpoint = { trainable: new Map(), frozen: new Map(), optimizer: null, properties: new Map() };

function assertRefused(bytes: Uint8Array, message: RegExp): void {
  assert.throws(
    () => readCheckpoint(bytes, "build/checkpoint"),
    (error) => error instanceof ArtifactError && message.test(error.message),
  );
}

describe("the checkpoint of on-device training", () => {
  it("gives back parameters, optimizer state and properties in their order", () => {
    const read = readCheckpoint(writeCheckpoint(full), "checkpoint");
    assert.deepEqual(read, full);
    assert.deepEqual([...read.trainable.keys()], ["conv1.weight", "fc.bias"]);
  });

  it("gives back an empty one, and one whose training has not begun", () => {
    assert.deepEqual(readCheckpoint(writeCheckpoint(empty), "checkpoint"), empty);
    const fresh = { ...full, optimizer: null };
    assert.deepEqual(readCheckpoint(writeCheckpoint(fresh), "checkpoint"), fresh);
  });

  it("gives back tensors of every dtype, scalars and empty ones", () => {
    const trainable = new Map([
      ...DTYPES.map((dtype) => [dtype, packTensor({ dtype, shape: [3], data: [1, 0, 1] }, dtype)] as const),
      ["scalar", fromFloat32(Float32Array.of(0.07), [])] as const,
      ["none", fromFloat32(new Float32Array(), [0, 128])] as const,
    ]);
    const read = readCheckpoint(writeCheckpoint({ ...empty, trainable }), "checkpoint");
    assert.deepEqual(read.trainable, trainable);
  });

  it("reads from the middle of a larger buffer", () => {
    const bytes = writeCheckpoint(full);
    const larger = new Uint8Array(bytes.length + 20);
    larger.set(bytes, 3);
    assert.deepEqual(readCheckpoint(larger.subarray(3, 3 + bytes.length), "checkpoint"), full);
  });

  it("carries the identifier and equal bytes for equal checkpoints", () => {
    const bytes = writeCheckpoint(full);
    assert.equal(new TextDecoder().decode(bytes.subarray(4, 8)), "ODTC");
    assert.deepEqual(writeCheckpoint(full), bytes);
  });

  it("refuses a file that is empty, of another kind, or of another version", () => {
    assertRefused(
      new Uint8Array(),
      /^build\/checkpoint: points to bytes 0 to 7, and has 0: it is damaged or cut short, expected a training checkpoint; copy the file again/,
    );
    const other = Uint8Array.from(writeCheckpoint(full)).fill(0x58, 4, 8);
    assertRefused(other, /has the identifier "XXXX", expected "ODTC"/);
    const bytes = Uint8Array.from(writeCheckpoint(empty));
    const view = new DataView(bytes.buffer);
    const root = view.getUint32(0, true);
    const version = root + view.getUint16(root - view.getInt32(root, true) + 4, true);
    view.setInt32(version, 3, true);
    assertRefused(bytes, /has version 3, and 2 is known here/);
  });

  it("refuses a file cut short at any byte", () => {
    const bytes = writeCheckpoint(full);
    for (let length = 0; length < bytes.length; length++) {
      // What is cut off is the end of a tensor, a name or a table: all of them are read.
      if (bytes.subarray(length).every((byte) => byte === 0)) continue; // only padding is missing
      assert.throws(
        () => readCheckpoint(bytes.slice(0, length), "checkpoint"),
        ArtifactError,
        `${length} bytes`,
      );
    }
  });

  it("answers any damage with an ArtifactError or other contents, and no other error", () => {
    const random = uniform(1);
    const bytes = writeCheckpoint(full);
    let refused = 0;
    for (let run = 0; run < 3000; run++) {
      const damaged = Uint8Array.from(bytes);
      for (let flips = 0; flips < 3; flips++) damaged[Math.floor(random() * bytes.length)] = random() * 256;
      try {
        readCheckpoint(damaged, "checkpoint");
      } catch (error) {
        assert.ok(error instanceof ArtifactError, String(error));
        refused++;
      }
    }
    assert.ok(refused > 1000, `only ${refused} of 3000 were refused`);
  });

  it("refuses to write tensors of another size than their shape, moments too", () => {
    const wrong: RawTensor = { dtype: "float32", shape: [2], bytes: new Uint8Array(7) };
    const optimizer = { step: 0, initialLearningRate: 0, moments: new Map([["b", [wrong]]]) };
    assert.throws(
      () => writeCheckpoint({ ...empty, trainable: new Map([["a", wrong]]), optimizer }),
      new ArtifactError(
        "checkpoint to be written: tensor a has 7 bytes, expected 8 for float32 [2]; " +
          "tensor momentum0 of b has 7 bytes, expected 8 for float32 [2]; correct the tensors",
      ),
    );
  });
});
