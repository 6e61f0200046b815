/**
 * @file What is lowered for WebGPU, run on the CPU against the float64 interpreter: lowered graphs are plain ONNX. On
 * WebGPU itself run the training steps of test/runtime/nodeGpu.test.ts and test/web/device.
 */

import assert from "node:assert/strict";
import { ARCHITECTURES, RESNET_STEMS, stemsOf } from "../../graphs/index.js";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { OPTIMIZER_DEFAULTS } from "../../src/build/optimizer.js";
import { checkRecipe, DEFAULT_RECIPE, type Recipe } from "../../src/build/recipe.js";
import { sourceGraphs } from "../../src/build/sourceGraphs.js";
import type { Graph } from "../../src/ir/graph.js";
import type { OpKind } from "../../src/ir/opTable.js";
import { lower } from "../../src/lower/lower.js";
import { candidatesFor, type Target } from "../../src/lower/target.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { webgpu } from "../../src/lower/targets/webgpu.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { RandomStream } from "../../src/random/philox.js";
import { assertClose, largest, rounded, withSizes } from "../support/closeness.js";
import { caseFeeds, caseGraph, sampleCases } from "../support/opCases.js";
import { evaluate, ndArray } from "../support/reference.js";
import { runOn } from "../support/runtime.js";

/** The same graphs, computed where every machine can. */
const ON_CPU: Target = { ...webgpu, ep: "cpu" };
const CASES = 60;
/** Operators that are written in another way than for the CPU. */
const OWN = (Object.keys(webgpu.candidates) as OpKind[]).filter(
  (op) => webgpu.candidates[op] !== cpu.candidates[op],
);

describe("for WebGPU", () => {
  for (const op of OWN) {
    it(`${op} is written in other operators that give what the interpreter gives`, async () => {
      const ways = new Set<string>();
      for (const opCase of sampleCases(op, CASES).map(withSizes)) {
        const graph = caseGraph(opCase);
        const feeds = rounded(caseFeeds(opCase));
        const expected = evaluate(graph, feeds);
        const found = await runOn(ON_CPU, graph, feeds);
        const size = largest([...feeds.values(), ...expected.values()]);
        for (const [name, values] of expected)
          assertClose(found.get(name)!, values, size, `${opCase.name}, ${name}`);
        for (const { name } of candidatesFor(
          graph.nodes.find((node) => node.op === op)!,
          webgpu,
        ))
          ways.add(name);
      }
      const known = cpu.candidates[op]?.map(({ name }) => name) ?? [];
      const own = webgpu.candidates[op]!.map(({ name }) => name).filter((name) => !known.includes(name));
      assert.deepEqual(
        own.filter((name) => !ways.has(name)),
        [],
        "a way that no case was right for",
      );
    });
  }

  const recipes = (): Recipe[] => {
    const base: Recipe = { ...DEFAULT_RECIPE, width: 2, imageSize: 64, batchSize: 2, embeddingDim: 4 };
    // The largest networks repeat the blocks of the smaller ones.
    const networks = ARCHITECTURES.filter((arch) => !["resnet101", "resnet152"].includes(arch)).flatMap(
      (arch) => (stemsOf(arch).length > 0 ? RESNET_STEMS : [null]).map((stem) => ({ ...base, arch, stem })),
    );
    const small = { ...base, arch: "resnet10" } as const;
    const objectives = [
      ...Object.values(OBJECTIVE_DEFAULTS),
      { ...OBJECTIVE_DEFAULTS.nce, noiseForm: "gemm", epsilon: 1e-7, normalizer: { mode: "exact" } } as const,
      { ...OBJECTIVE_DEFAULTS.infonce, noiseForm: "gemm", proximal: 1 } as const,
    ].map((objective) => ({ ...small, objective }));
    const optimizers = Object.values(OPTIMIZER_DEFAULTS).map((optimizer) => ({
      ...small,
      optimizer,
      accumulation: 2,
    }));
    return [...networks, ...objectives, ...optimizers];
  };

  it("every graph of training is written in operators that the provider has", () => {
    for (const recipe of recipes())
      for (const graph of sourceGraphs(checkRecipe(recipe)).values()) assert.ok(lower(graph, webgpu));
  });
});

describe("convolutions for WebGPU", () => {
  const convolution = (channels: number, filters: number, kernel: number) => {
    const builder = new GraphBuilder("net");
    const x = builder.input("x", "float32", [2, channels, 3, 3]);
    const w = builder.input("w", "float32", [filters, channels, kernel, kernel]);
    const edge = (kernel - 1) / 2;
    builder.output(
      "y",
      builder.op.conv(x, w, { pads: [edge, edge, edge, edge] }, builder.input("b", "float32", [filters])),
    );
    return builder.build();
  };
  const channelsOf = (graph: Graph) =>
    lower(graph, webgpu).nodes.find(({ op }) => op === "Conv")!.inputs[0]!.shape[1];

  it("have channels of zeros where there are 6, 9 or 15 of them, which it gets wrong", async () => {
    for (const [channels, padded] of [
      [6, 8],
      [9, 12],
      [15, 16],
    ] as const) {
      const graph = convolution(channels, 4, 3);
      assert.equal(channelsOf(graph), padded);
      const draw = new RandomStream(channels, "convolution");
      const feeds = rounded(
        new Map(
          graph.inputs.map(({ name, shape }) => {
            const sizes = shape as readonly number[];
            const count = sizes.reduce((product, size) => product * size, 1);
            return [
              name,
              ndArray(
                sizes,
                Array.from({ length: count }, () => draw.normal()),
              ),
            ];
          }),
        ),
      );
      const [expected, found] = [evaluate(graph, feeds), await runOn(ON_CPU, graph, feeds)];
      assertClose(found.get("y")!, expected.get("y")!, 3 * channels, `${channels} channels`);
    }
  });

  it("stay as they are where it computes right: 3, 8 or 12 channels, few filters, or products of pixels", () => {
    for (const [channels, filters, kernel] of [
      [3, 4, 3],
      [8, 4, 3],
      [12, 4, 3],
      [6, 2, 3],
      [6, 4, 1],
    ] as const)
      assert.equal(channelsOf(convolution(channels, filters, kernel)), channels);
  });
});

describe("WebGPU refuses", () => {
  const refused = (build: (builder: GraphBuilder) => void, message: string) => {
    const builder = new GraphBuilder("net");
    build(builder);
    const graph = builder.build();
    assert.throws(() => lower(graph, webgpu), {
      name: "LoweringError",
      message: `lower net for webgpu: ${message}`,
    });
  };

  it("operators that it lacks", () =>
    refused(
      (builder) => builder.output("y", builder.op.round(builder.input("x", "float32", [2]))),
      "/Round (Round): the provider has no kernel for it; leave rounding to the host",
    ));

  it("positions of maxima, but not a MaxPool of which nobody asks them", () => {
    const window = { kernelShape: [2, 2], strides: [2, 2] };
    const pooled = (builder: GraphBuilder) =>
      builder.op.maxPoolWithIndices(builder.input("x", "float32", [1, 1, 4, 4]), window);
    refused(
      (builder) => builder.output("y", pooled(builder).Indices),
      "/MaxPool (MaxPool): the provider gives no indices of maxima; compare the pixels with the maxima instead",
    );
    const builder = new GraphBuilder("net");
    builder.output("y", pooled(builder).Y);
    assert.ok(lower(builder.build(), webgpu));
  });

  it("whole numbers of 64 bits as data, but not as rows to gather", () => {
    refused(
      (builder) => builder.output("y", builder.op.unsqueeze(builder.input("rows", "int64", [2]), [1])),
      "/Unsqueeze (Unsqueeze): takes int64 as rows, expected float32, float16, int32, bool; cast on the host",
    );
    const builder = new GraphBuilder("net");
    const bank = builder.input("bank", "float32", ["instances", 2]);
    builder.output("y", builder.op.gather(bank, builder.input("rows", "int64", [2])));
    assert.ok(lower(builder.build(), webgpu));
  });

  it("types that Cast cannot make", () =>
    refused(
      (builder) => builder.output("y", builder.op.cast(builder.input("x", "float32", [2]), "float64")),
      "/Cast (Cast): makes float64, expected float32, float16, int32, int64, bool, uint8; cast on the host",
    ));

  it("slices backwards in steps, which it gets wrong", () =>
    refused(
      (builder) =>
        builder.output(
          "y",
          builder.op.slice(builder.input("x", "float32", [5]), [{ axis: 0, start: 3, end: -6, step: -2 }]),
        ),
      "/Slice (Slice): the provider takes wrong elements at steps below -1; turn the axis first, then take every n-th",
    ));

  it("kernels as large as the picture with padding at one end, which it drops", () =>
    refused((builder) => {
      const [x, w] = [
        builder.input("x", "float32", [2, 1, 1, 3]),
        builder.input("w", "float32", [2, 1, 1, 3]),
      ];
      builder.output("y", builder.op.conv(x, w, { pads: [0, 0, 1, 1] }));
    }, "/Conv (Conv): the provider drops the padding below and right of a kernel as large as the picture; pad on all sides"));

  it("convolutions of groups whose filters it mixes", () =>
    refused((builder) => {
      const [x, w] = [
        builder.input("x", "float32", [1, 4, 3, 3]),
        builder.input("w", "float32", [12, 2, 3, 3]),
      ];
      builder.output("y", builder.op.conv(x, w, { group: 2 }));
    }, "/Conv (Conv): the provider computes several filters at once, here of two groups; split the groups"));

  it("transposed convolutions of groups with one filter, which it gets wrong", () =>
    refused((builder) => {
      const [x, w] = [
        builder.input("x", "float32", [1, 4, 2, 2]),
        builder.input("w", "float32", [4, 1, 2, 2]),
      ];
      builder.output("y", builder.op.convTranspose(x, w, { group: 2, strides: [2, 2] }));
    }, "/ConvTranspose (ConvTranspose): the provider gives wrong numbers for groups of one filter; split the groups"));
});
