/** @file What every device owes: the same tests for each, wherever it is. */

import assert from "node:assert/strict";
import { encodeModel } from "../../src/codec/encode.js";
import { cpuProvider } from "../../src/evaluate/provider.js";
import { targetOf } from "../../src/lower/targets/targetOf.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import type { AnyTensor, Device } from "../../src/runtime/device.js";
import { floats, int64s, type FloatTensor, type HostTensor } from "../../src/runtime/session.js";
import { prepareTraining, relativeErrors, trainOn, type TrainingCase } from "./providerTraining.js";

const LOSS_TOLERANCE = 1e-3;
/** Bank rows are of unit length. */
const BANK_TOLERANCE = 1e-3;
/** Relative, of a whole tensor: a unit that rounding switches on or off is seen in the second digit. */
const GRADIENT_TOLERANCE = 0.05;

function modelOf(build: (builder: GraphBuilder) => void): Uint8Array {
  const builder = new GraphBuilder("net");
  build(builder);
  const graph = builder.build();
  // ONNX names an output by its value.
  const outputs = graph.outputs.map(({ value }) => ({ name: value.name, value }));
  return encodeModel({ ...graph, outputs }, { producerVersion: "0" });
}

/** y = x · factor */
const SCALE = modelOf((builder) => {
  const x = builder.input("x", "float32", [2, 3]);
  builder.output("y", builder.op.mul(x, builder.input("factor", "float32", [])));
});
const Y = "/Mul_output_0";

function bytesOf({ data: { buffer, byteOffset, byteLength } }: HostTensor): number[] {
  return [...new Uint8Array(buffer, byteOffset, byteLength)];
}

const empty = ({ dtype, shape }: HostTensor): HostTensor =>
  dtype === "float32"
    ? floats(shape)
    : dtype === "int64"
      ? int64s(shape)
      : { dtype, shape, data: new Uint8Array(shape.reduce((a, b) => a * b, 1)) };

export function copiesTensors(device: () => Device): void {
  const odd = new Uint8Array([9, 1, 2, 3, 4, 5, 6, 7]);
  const rows = int64s([3]);
  rows.data.set([1n, -(2n ** 40n), 2n ** 62n]);
  const cases: readonly (readonly [string, HostTensor])[] = [
    ["float32, NaN and infinity among them", floats([2, 2], Float32Array.of(1.5, NaN, -Infinity, 1e-40))],
    ["a float32 number alone", floats([], Float32Array.of(7))],
    ["int64", rows],
    ["uint8 of no whole words, at an odd place", { dtype: "uint8", shape: [7], data: odd.subarray(1) }],
  ];
  for (const [what, tensor] of cases) {
    it(`copies ${what}, bit by bit`, async () => {
      const there = await device().allocate(tensor.dtype, tensor.shape);
      await device().upload(tensor, there);
      const back = empty(tensor);
      await device().download(there, back);
      device().release(there);
      assert.deepEqual(bytesOf(back), bytesOf(tensor));
    });
  }

  it("refuses to copy between tensors of two shapes", async () => {
    const there = await device().allocate("float32", [2, 3]);
    await assert.rejects(device().upload(floats([3, 2]), there), {
      code: "PROVIDER",
      message:
        "webgpu device: upload: copies float32 [3, 2] into float32 [2, 3], expected one type and one shape; " +
        "give a tensor that fits",
    });
    device().release(there);
  });
}

export function runsModels(device: () => Device): void {
  const factor = floats([], Float32Array.of(10));
  const x = floats([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));

  it("takes tensors of the host and its own alike, as feeds and as places", async () => {
    const session = await device().openSession(SCALE, "net");
    assert.deepEqual([session.ep, session.inputs, session.outputs], ["webgpu", ["x", "factor"], [Y]]);
    const make = () => device().allocate("float32", [2, 3]);
    const [one, other, y] = [await make(), await make(), floats([2, 3])];
    const feeds = (from: AnyTensor) =>
      new Map<string, AnyTensor>([
        ["x", from],
        ["factor", factor],
      ]);
    await session.run(feeds(x), new Map([[Y, one]]));
    await session.run(feeds(one), new Map([[Y, other]]));
    await session.run(feeds(other), new Map([[Y, y]]));
    assert.deepEqual([...y.data], [1000, 2000, 3000, 4000, 5000, 6000]);
    await session.close();
  });

  it("names inputs that are missing and outputs that the model does not have", async () => {
    const session = await device().openSession(SCALE, "net");
    await assert.rejects(session.run(new Map([["x", x]]), new Map([["z", x]])), {
      code: "PROVIDER",
      message: "net: inputs missing: factor; outputs unknown: z",
    });
    await session.close();
  });

  it("refuses a model of which a node would run on the CPU", async () => {
    const rounding = modelOf((builder) =>
      builder.output("y", builder.op.round(builder.input("x", "float32", [2]))),
    );
    await assert.rejects(device().openSession(rounding, "rounding"), {
      code: "PROVIDER",
      message: /^rounding: .*does not load the model: .*fallback to CPU EP has been explicitly disabled/s,
    });
  });
}

/** Allocations that no GPU has room for. */
export function runsOutOfRoom(device: () => Device): void {
  it("has no room for more than the GPU has, and says for what", async () => {
    await assert.rejects(device().allocate("float32", [2 ** 34]), {
      code: "PROVIDER",
      message:
        /^webgpu device: .*has no room for float32 \[17179869184\], 68719476736 bytes: .+; choose a smaller one$/s,
    });
  });
}

/** Relative. */
function distance(found: FloatTensor, expected: FloatTensor): number {
  const apart = found.data.map((value, at) => value - expected.data[at]!);
  return Math.hypot(...apart) / Math.hypot(...expected.data);
}

/** Training steps with state and bank on the device, against the CPU. */
export function trainsAsTheCpu(device: () => Device, name: string, training: TrainingCase): void {
  it(`trains as the CPU does, for ${training.steps} steps: ${name}`, async () => {
    const prepared = await prepareTraining(training);
    const expected = await trainOn({ ...cpuProvider(1), device: null }, prepared);
    const open = (model: Uint8Array, where: string) => device().openSession(model, where);
    const found = await trainOn({ target: targetOf(device().ep), open, device: device() }, prepared);
    const errors = relativeErrors(found.losses, expected.losses);
    console.log(
      `      losses ${expected.losses[0]!.toFixed(4)} to ${expected.losses.at(-1)!.toFixed(4)}, ` +
        `within ${Math.max(...errors).toExponential(1)} of the CPU's`,
    );
    assert.ok(
      errors.every((error) => error <= LOSS_TOLERANCE),
      errors.map((error) => error.toExponential(1)).join(" "),
    );
    assert.notEqual(expected.losses.at(-1), expected.losses[0], "the loss moves");
    const far = found.bank.data.findIndex(
      (value, at) => !(Math.abs(value - expected.bank.data[at]!) < BANK_TOLERANCE),
    );
    assert.equal(far, -1, "the bank is the CPU's");
    assert.notDeepEqual(expected.bank.data, prepared.bank.data, "the bank moves");
    const wrong = [...expected.momentum].filter(
      ([name, gradients]) => !(distance(found.momentum.get(name)!, gradients) < GRADIENT_TOLERANCE),
    );
    assert.deepEqual(
      wrong.map(([name]) => name),
      [],
      "all gradients are the CPU's",
    );
  });
}

export function closes(device: () => Device): void {
  it("knows a tensor no more that was given back", async () => {
    const there = await device().allocate("float32", [2]);
    device().release(there);
    await assert.rejects(device().download(there, floats([2])), { code: "PROVIDER" });
  });

  it("is closed once, and says so to whoever comes later", async () => {
    await device().close();
    await device().close();
    await assert.rejects(device().allocate("float32", [2]), {
      code: "PROVIDER",
      message: "webgpu device: was closed, expected it open; open another",
    });
  });
}
