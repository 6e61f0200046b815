import assert from "node:assert/strict";
import { addObjective, type ObjectiveConfig } from "../../graphs/index.js";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { differentiate, gradientName } from "../../src/grad/differentiate.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { RandomStream } from "../../src/random/philox.js";
import { floats, int64s, type HostTensor } from "../../src/runtime/session.js";
import { initializeUnitBank } from "../../src/build/initialize.js";
import { drawNoise } from "../../src/train/noise.js";
import { evaluate, ndArray } from "../support/reference.js";
import { runGraph } from "../support/runGraph.js";

const [B, D, N, M] = [4, 8, 50, 20];
const TEMPERATURE = 0.01;
const { softmax, nce, infonce } = OBJECTIVE_DEFAULTS;
const cold = { temperature: TEMPERATURE, negatives: M } as const;

const OBJECTIVES: Readonly<Record<string, Exclude<ObjectiveConfig, { name: "parametric" }>>> = {
  softmax: { ...softmax, temperature: TEMPERATURE },
  nce: { ...nce, ...cold },
  "nce with ε": { ...nce, ...cold, epsilon: 1e-7 },
  "nce with an exact Z": { ...nce, ...cold, normalizer: { mode: "exact" } },
  "nce by whole bank": { ...nce, ...cold, noiseForm: "gemm" },
  infonce: { ...infonce, ...cold },
};

/** Embeddings equal to own rows, opposite to them, and others: similarities from -100 to 100 over the temperature. */
function feeds(logNormalizer: number): Map<string, HostTensor> {
  const bank = initializeUnitBank(N, D, 0);
  const embeddings = floats([B, D]);
  const stream = new RandomStream(1, "signs");
  for (let at = 0; at < B * D; at++)
    embeddings.data[at] = (Math.floor(at / D) % 2 === 0 ? 1 : -1) * bank[at]!;
  embeddings.data.set(bank.subarray(D * (1 + stream.below(40)), D * 41).subarray(0, D), 0);
  const rows = int64s([B]);
  for (let at = 0; at < B; at++) rows.data[at] = BigInt(at);
  const noise = int64s([B, M]);
  const rule = { instances: N, negatives: M, positive: true, duplicates: true };
  drawNoise(rule, Int32Array.of(0, 1, 2, 3), 0, 0, noise.data);
  return new Map<string, HostTensor>([
    ["embeddings", embeddings],
    ["rows", rows],
    ["bank", floats([N, D], bank)],
    ["noise_rows", noise],
    ["log_noise_ratio", floats([], Float32Array.of(Math.log(M / N)))],
    ["log_normalizer", floats([], Float32Array.of(logNormalizer))],
  ]);
}

describe("at a temperature of 0.01, where exp(s/τ) is beyond float32,", () => {
  for (const [name, objective] of Object.entries(OBJECTIVES)) {
    for (const logNormalizer of [0, 100]) {
      it(`${name} with ln Z ${logNormalizer} has a finite loss and gradient in float32, near those in float64`, async () => {
        const builder = new GraphBuilder("objective");
        const embeddings = builder.input("embeddings", "float32", [B, D]);
        addObjective(builder, embeddings, builder.input("rows", "int64", [B]), objective);
        const graph = differentiate(builder.build(), "loss", ["embeddings"], ["log_normalizer_estimate"]);
        const given = feeds(logNormalizer);
        const arrays = [...given].map(
          ([key, { shape, data }]) =>
            [key, ndArray(shape, Array.from(data as ArrayLike<number | bigint>, Number))] as const,
        );
        const [found, truth] = [await runGraph(graph, given), evaluate(graph, new Map(arrays))];
        for (const output of ["loss", gradientName("embeddings")]) {
          const [actual, expected] = [found.get(output)!, truth.get(output)!.data];
          const error = Math.hypot(...actual.map((x, at) => x - expected[at]!));
          assert.ok(
            error <= 1e-4 * Math.hypot(...expected),
            `${output}: [${actual.join(", ")}], float64 [${expected.join(", ")}]`,
          );
        }
      });
    }
  }
});
