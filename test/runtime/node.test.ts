import assert from "node:assert/strict";
import { encodeModel } from "../../src/codec/encode.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, int64s, type HostTensor, type Session } from "../../src/runtime/session.js";

/** y = x · factor, and a copy of the rows. */
function model(): Uint8Array {
  const builder = new GraphBuilder("net");
  const x = builder.input("x", "float32", ["batch", 2]);
  const factor = builder.input("factor", "float32", []);
  const rows = builder.input("rows", "int64", [2]);
  for (const [name, value] of [
    ["y", builder.op.mul(x, factor)],
    ["same", builder.op.identity(rows)],
  ] as const) {
    builder.output(name, value);
  }
  const { outputs, ...graph } = builder.build();
  // ONNX names an output by its value.
  return encodeModel(
    { ...graph, outputs: outputs.map(({ value }) => ({ name: value.name, value })) },
    { producerVersion: "0" },
  );
}
const [Y, SAME] = ["/Mul_output_0", "/Identity_output_0"] as const;

const feeds = (): Map<string, HostTensor> => {
  const rows = int64s([2]);
  rows.data.set([3n, -(2n ** 40n)]);
  return new Map<string, HostTensor>([
    ["x", floats([1, 2], Float32Array.of(1, 2))],
    ["factor", floats([], Float32Array.of(3))],
    ["rows", rows],
  ]);
};

describe("a session", () => {
  let session: Session;
  before(async () => {
    session = await openSession(model(), "net", { ep: "cpu", threads: 1 });
  });
  after(() => session.close());

  it("names inputs, outputs and its provider", () => {
    assert.deepEqual(
      [session.inputs, session.outputs],
      [
        ["x", "factor", "rows"],
        [Y, SAME],
      ],
    );
    assert.equal(session.ep, "cpu");
  });

  it("writes results into the arrays it is given", async () => {
    const [y, same] = [floats([1, 2]), int64s([2])];
    await session.run(
      feeds(),
      new Map<string, HostTensor>([
        [Y, y],
        [SAME, same],
      ]),
    );
    assert.deepEqual([...y.data], [3, 6]);
    assert.deepEqual([...same.data], [3n, -(2n ** 40n)]);
  });

  it("sees what its feeds hold at the time, when a tensor is fed again", async () => {
    const [given, y] = [feeds(), floats([1, 2])];
    const into = new Map([[Y, y]]);
    await session.run(given, into);
    (given.get("x")!.data as Float32Array).set([10, 20]);
    await session.run(given, into);
    assert.deepEqual([...y.data], [30, 60]);
  });

  it("takes results as the feeds of the next run", async () => {
    const [given, y, z] = [feeds(), floats([1, 2]), floats([1, 2])];
    await session.run(given, new Map([[Y, y]]));
    await session.run(given.set("x", y), new Map([[Y, z]]));
    assert.deepEqual(
      [[...y.data], [...z.data]],
      [
        [3, 6],
        [9, 18],
      ],
    );
  });

  it("lists inputs that are missing and outputs that it does not have", async () => {
    const given = feeds();
    given.delete("x");
    given.delete("rows");
    await assert.rejects(session.run(given, new Map([["z", floats([])]])), {
      name: "ProviderError",
      message: "net: inputs missing: x, rows; outputs unknown: z",
    });
  });

  it("gives the runtime's own words when it refuses a shape", async () => {
    await assert.rejects(session.run(feeds().set("x", floats([1, 3])), new Map()), {
      name: "ProviderError",
      message: /^net: ONNX Runtime stopped: .*Got: 3 Expected: 2/s,
    });
  });
});

describe("openSession", () => {
  it("computes on WebGPU what it does on the CPU, or says what lacks and who can tell more", async () => {
    const [given, y] = [feeds(), floats([1, 2])];
    try {
      const webgpu = await openSession(model(), "net", { ep: "webgpu" });
      await webgpu.run(given, new Map([[Y, y]]));
      assert.deepEqual([...y.data], [3, 6]);
      await webgpu.close();
    } catch (error) {
      assert.match((error as Error).message, /adapter.*onnx-instdisc doctor says what webgpu lacks here/s);
    }
  });

  for (const ep of ["cuda", "wasm"] as const) {
    it(`refuses ${ep}, which is not there, and says what is`, async () => {
      await assert.rejects(openSession(model(), "net", { ep }), {
        name: "ProviderError",
        message: `net: execution provider ${ep} is not available here, expected cpu, webgpu; choose --ep cpu`,
      });
    });
  }

  it("refuses bytes that are no model", async () => {
    await assert.rejects(openSession(Uint8Array.of(1, 2, 3), "encoder.onnx", { ep: "cpu" }), {
      name: "ProviderError",
      message: /^encoder\.onnx: ONNX Runtime does not load the model: /,
    });
  });
});
