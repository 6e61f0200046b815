import assert from "node:assert/strict";
import { encoderGraph } from "../../graphs/index.js";
import { initializeParameters } from "../../src/build/initialize.js";
import { encodeModel } from "../../src/codec/encode.js";
import type { Graph } from "../../src/ir/graph.js";
import { fromFloat32, type RawTensor } from "../../src/ir/rawTensor.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { feedsOf } from "../../src/profile/feeds.js";
import { Origins } from "../../src/profile/origin.js";
import { parseTrace, type Kernel } from "../../src/profile/trace.js";
import { openTracedSession } from "../../src/runtime/node.js";
import { tinyConfig } from "./tinyConfig.js";

const kernel = (name: string, op: string): Kernel => ({ name, op, ms: 1, bytes: 0, shapes: "" });

/** What the runtime makes of an encoder whose weights it knows: it fuses, and may change the layout. */
async function encoderKernels(): Promise<{ graph: Graph; kernels: readonly Kernel[] }> {
  const graph = lower(encoderGraph(tinyConfig()), cpu);
  const tensors = new Map(
    [...initializeParameters(graph, 0)].map(([name, data]): [string, RawTensor] => [
      name,
      fromFloat32(data, graph.parameters.get(name)!.value.shape as readonly number[]),
    ]),
  );
  const bytes = encodeModel(graph, { producerVersion: "0", tensors });
  const session = await openTracedSession(bytes, "encoder", { ep: "cpu", threads: 1 });
  try {
    await session.run(feedsOf(session.declaredInputs, graph, { batch: 2 }, "encoder"), new Map());
    return { graph, kernels: parseTrace(await session.endTrace(), "encoder")[0]!.kernels };
  } finally {
    await session.close();
  }
}

describe("the node that a kernel computes", () => {
  it("is, of each convolution in a fused encoder, the convolution itself", async () => {
    const { graph, kernels } = await encoderKernels();
    const origins = new Origins(graph);
    const convolutions = graph.nodes.filter(({ op }) => op === "Conv").map(({ name }) => name);
    const found = kernels.filter(({ op }) => /^(Fused)?Conv$/.test(op)).map((one) => origins.of(one)?.name);
    assert.ok(convolutions.length > 10);
    assert.deepEqual(found.sort(), convolutions.sort());
  });

  const origins = new Origins(lower(encoderGraph(tinyConfig()), cpu));

  for (const [name, op, node] of [
    ["/fc/Gemm", "Gemm", "/fc/Gemm"],
    ["/fc/Gemm/MatMulAddFusion", "FusedGemm", "/fc/Gemm"],
    ["/fc/Gemm_new_reshape", "Reshape", "/fc/Gemm"],
    ["fused /layer1/0/conv1/Conv", "FusedConv", "/layer1/0/conv1/Conv"],
    ["/layer1/0/bn1/BatchNormalization_output_0_nchwc", "Conv", "/layer1/0/conv1/Conv"],
  ] as const) {
    it(`${name}, ${op}, is ${node}`, () => assert.equal(origins.of(kernel(name, op))?.name, node));
  }

  it("is none for what the runtime puts in between", () => {
    for (const [name, op] of [
      ["ReorderOutput_token_25", "ReorderOutput"],
      ["Transpose", "Transpose"],
    ] as const)
      assert.equal(origins.of(kernel(name, op)), null);
  });

  it("is none where the graph is not known", () => {
    assert.equal(new Origins(null).of(kernel("/fc/Gemm", "Gemm")), null);
  });
});
