import assert from "node:assert/strict";
import { ProviderError } from "../../src/errors.js";
import { parseTrace } from "../../src/profile/trace.js";
import { openTracedSession } from "../../src/runtime/node.js";
import { feedsOf } from "../../src/profile/feeds.js";
import { smallModel } from "./smallModel.js";

/** A trace event as the runtime writes it; µs. */
const event = (cat: string, name: string, ts: number, dur: number, args: object = {}) => ({
  ...{ cat, name, ts, dur, args },
  ...{ pid: 1, tid: 1, ph: "X" },
});
const kernel = (name: string, ts: number, dur: number) =>
  event("Node", `${name}_kernel_time`, ts, dur, {
    op_name: "Mul",
    activation_size: "16",
    parameter_size: "4",
    output_size: "8",
    input_type_shape: [{ float: [2, 2] }, { float: [2, 2] }, { float: [] }],
    output_type_shape: [{ float: [2] }],
  });
const parse = (...events: readonly object[]) => parseTrace(JSON.stringify(events), "net.onnx");

describe("a trace of the runtime", () => {
  it("of a real session has a kernel for every node that it runs, in each run", async () => {
    const { bytes, graph } = smallModel();
    const session = await openTracedSession(bytes, "small", { ep: "cpu", threads: 1 });
    try {
      const feeds = feedsOf(session.declaredInputs, graph, { batch: 2 }, "small");
      for (let run = 0; run < 3; run++) await session.run(feeds, new Map());
      const runs = parseTrace(await session.endTrace(), "small");
      assert.equal(runs.length, 3);
      const [first, ...others] = runs.map(({ kernels }) => kernels.map(({ name, op }) => `${name} ${op}`));
      assert.ok(first!.includes("/Gemm Gemm"), first!.join(", "));
      for (const other of others) assert.deepEqual(other, first);
      for (const { ms, kernels } of runs) {
        assert.ok(kernels.reduce((sum, one) => sum + one.ms, 0) <= ms);
        assert.equal(kernels.find(({ op }) => op === "Gemm")!.shapes.endsWith("→ [2, 2]"), true);
      }
    } finally {
      await session.close();
    }
  });

  it("gives each kernel to the run in which it ran, whatever their order in the file", () => {
    const runs = parse(
      event("Session", "model_run", 300, 100),
      kernel("/b", 350, 20),
      kernel("/a", 120, 30),
      event("Session", "model_run", 100, 80),
      event("Session", "SequentialExecutor::Execute", 110, 60),
    );
    assert.deepEqual(
      runs.map(({ ms, kernels }) => [ms, kernels.map(({ name, ms: own }) => [name, own])]),
      [
        [0.08, [["/a", 0.03]]],
        [0.1, [["/b", 0.02]]],
      ],
    );
  });

  it("says what a kernel read and wrote, and equal shapes once", () => {
    const [run] = parse(event("Session", "model_run", 0, 10), kernel("/a", 1, 2));
    const { op, bytes, shapes } = run!.kernels[0]!;
    assert.deepEqual([op, bytes, shapes], ["Mul", 28, "2 × [2, 2] [] → [2]"]);
  });

  it("counts the time of nodes inside of a Loop once", () => {
    const [run] = parse(
      event("Session", "model_run", 0, 100),
      kernel("/Loop", 10, 50),
      kernel("/inner", 20, 10),
      kernel("/inner", 40, 15),
      kernel("/after", 70, 5),
    );
    assert.deepEqual(
      run!.kernels.map(({ name }) => name),
      ["/inner", "/inner", "/after"],
    );
  });

  it("is refused when it is cut short, no list, or without a run", () => {
    for (const [json, found] of [
      ['[{"cat":', /^net\.onnx: the runtime's trace cannot be read \(.+\), expected a list of events/],
      ["{}", /cannot be read \(not a list\)/],
      ["[]", /has no run, expected at least one/],
    ] as const) {
      assert.throws(
        () => parseTrace(json, "net.onnx"),
        (error) => error instanceof ProviderError && found.test(error.message),
      );
    }
  });
});
