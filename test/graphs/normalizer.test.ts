import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addObjective,
  exactLogNormalizer,
  estimateLogNormalizer,
  similaritiesTo,
} from "../../graphs/index.js";
import { differentiate, gradientName } from "../../src/grad/differentiate.js";
import { OBJECTIVE_DEFAULTS } from "../../src/build/objective.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { Draw } from "../support/opCases/draw.js";
import { evaluate, ndArray, type NdArray } from "../support/reference.js";
import { closedForms, dot, drawContrast, times, total, type Contrast } from "./drawContrast.js";

const contrasts = fc.gen().map((generator) => drawContrast(new Draw(generator)));
const matrix = (rows: readonly (readonly number[])[]): NdArray =>
  ndArray([rows.length, rows[0]!.length], rows.flat());

const powers = ({ bank, embeddings, temperature }: Contrast, at: number, rows: readonly number[]) =>
  rows.map((row) => Math.exp(dot(bank[row]!, embeddings[at]!) / temperature));

/** Z by its definition, averaged over the batch. */
function bruteForce(contrast: Contrast): number {
  const all = contrast.bank.map((_, row) => row);
  return total(contrast.rows.map((_, at) => total(powers(contrast, at, all)))) / contrast.rows.length;
}

/** What the authors' code sets Z to: n times the mean over own and noise rows. */
function sampled(contrast: Contrast): number {
  const found = contrast.rows.flatMap((own, at) => powers(contrast, at, [own, ...contrast.noiseRows[at]!]));
  return (contrast.bank.length * total(found)) / found.length;
}

/** An NCE loss by embeddings f, with Z of the given mode. */
function nceStep(contrast: Contrast, mode: "first" | "exact") {
  const { embeddings, rows, noiseRows, bank, logNoiseRatio, logNormalizer, temperature } = contrast;
  const builder = new GraphBuilder("objective");
  const f = builder.input("embeddings", "float32", [rows.length, bank[0]!.length]);
  const own = builder.input("rows", "int64", [rows.length]);
  addObjective(builder, f, own, {
    ...OBJECTIVE_DEFAULTS.nce,
    temperature,
    negatives: noiseRows[0]!.length,
    normalizer: { mode },
  });
  const feeds = new Map([
    ["embeddings", matrix(embeddings)],
    ["rows", ndArray([rows.length], rows)],
    ["bank", matrix(bank)],
    ["noise_rows", matrix(noiseRows)],
    ["log_noise_ratio", ndArray([], [logNoiseRatio])],
    ["log_normalizer", ndArray([], [logNormalizer])],
  ]);
  const graph = differentiate(builder.build(), "loss", ["embeddings"], ["log_normalizer_estimate"]);
  return { graph, fetched: evaluate(graph, feeds) };
}

const close = (found: number, expected: number) =>
  assert.ok(Math.abs(found - expected) < 1e-10 * (1 + Math.abs(expected)), `${found}, expected ${expected}`);

describe("the normalizer of NCE", () => {
  it("is estimated as n times the mean over own and noise rows", () => {
    fc.assert(
      fc.property(contrasts, (contrast) => {
        const { fetched } = nceStep(contrast, "first");
        close(fetched.get("log_normalizer_estimate")!.data[0]!, Math.log(sampled(contrast)));
      }),
    );
  });

  it("is exactly the sum over the whole bank, averaged over the batch", () => {
    fc.assert(
      fc.property(contrasts, (contrast) => {
        const { fetched } = nceStep(contrast, "exact");
        close(fetched.get("log_normalizer_estimate")!.data[0]!, Math.log(bruteForce(contrast)));
      }),
    );
  });

  it("of every row, the own one counted once, estimates what it is exactly", () => {
    fc.assert(
      fc.property(contrasts, (contrast) => {
        const others = contrast.rows.map((own) =>
          contrast.bank.map((_, at) => at).filter((at) => at !== own),
        );
        const all = { ...contrast, noiseRows: others };
        const { bank, rows } = all;
        const noise = { logNoiseRatio: Math.log((bank.length - 1) / bank.length) };
        assert.equal(others[0]!.length, bank.length - 1);
        const estimate = nceStep({ ...all, ...noise }, "first").fetched.get("log_normalizer_estimate")!;
        close(estimate.data[0]!, Math.log(bruteForce(all)));
        assert.equal(rows.length, others.length);
      }),
    );
  });

  it("is a constant to the gradient, also where the step computes it", () => {
    fc.assert(
      fc.property(contrasts, (contrast) => {
        const found = nceStep(contrast, "exact").fetched.get(gradientName("embeddings"))!;
        const known = { ...contrast, logNormalizer: Math.log(bruteForce(contrast)) };
        const expected = closedForms
          .nce(known)
          .map((gradient) => times(gradient, 1 / contrast.rows.length))
          .flat();
        found.data.forEach((element, at) => close(element, expected[at]!));
      }),
    );
  });

  it("does not overflow at a temperature of 0.01, where Z is beyond float32", () => {
    const builder = new GraphBuilder("normalizer");
    const { op } = builder;
    const f = builder.input("f", "float32", [1, 1]);
    const bank = builder.input("bank", "float32", ["instances", 1]);
    const similarities = similaritiesTo(op, f, f, op.unsqueeze(f, [0]));
    builder.output("estimate", estimateLogNormalizer(op, similarities, op.scalar(Math.log(0.5)), 0.01));
    builder.output("exact", exactLogNormalizer(op, f, bank, 0.01));
    const feeds = new Map([
      ["f", ndArray([1, 1], [1])],
      ["bank", ndArray([2, 1], [1, 1])],
    ]);
    const fetched = evaluate(builder.build(), feeds);
    close(fetched.get("estimate")!.data[0]!, 100 + Math.log(2));
    close(fetched.get("exact")!.data[0]!, 100 + Math.log(2));
  });
});

describe("a step with noise rows", () => {
  it("reads the bank by row, and computes nothing of its size", () => {
    const [contrast] = fc.sample(contrasts, { numRuns: 1, seed: 1 }) as [Contrast];
    const { graph } = nceStep(contrast, "first");
    const readers = graph.nodes.filter(({ inputs }) => inputs.some((value) => value?.name === "bank"));
    assert.deepEqual([...new Set(readers.map(({ op }) => op))], ["Gather"]);
    const large = graph.nodes.flatMap(({ outputs }) =>
      outputs.filter(({ shape }) => shape.includes("instances")),
    );
    assert.deepEqual(large, []);
  });
});
