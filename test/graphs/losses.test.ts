import assert from "node:assert/strict";
import fc from "fast-check";
import { infonceLossOf } from "../../graphs/infonceLoss.js";
import {
  infonceLoss,
  nceLoss,
  parametricLoss,
  proximalLoss,
  similaritiesInBank,
  softmaxLoss,
} from "../../graphs/index.js";
import { nceLossOf } from "../../graphs/nceLoss.js";
import type { Value } from "../../src/ir/graph.js";
import type { OpBuilder } from "../../src/ops/table.js";
import { gradientsOf, type Differentiable } from "../support/checkGradient.js";
import { Draw } from "../support/opCases/draw.js";
import { caseFeeds, caseGraph } from "../support/opCases/opCase.js";
import { evaluate, ndArray } from "../support/reference.js";
import {
  closedForms,
  dot,
  drawContrast,
  inputsOf,
  plus,
  throughNormalization,
  times,
  total,
  type Contrast,
} from "./drawContrast.js";

interface Inputs {
  readonly embeddings: Value;
  readonly bank: Value;
  readonly rows: Value;
  readonly noiseRows: Value;
  readonly logNormalizer: Value;
  readonly logNoiseRatio: Value;
}
type Loss = (op: OpBuilder, inputs: Inputs, contrast: Contrast) => Value;

/** The loss of normalized `raw`; gradients flow to it alone, or to the bank too. */
function caseOf(contrast: Contrast, loss: Loss, bankIsTrained = false): Differentiable {
  return {
    inputs: inputsOf(contrast),
    fixed: ["logNormalizer", "logNoiseRatio", ...(bankIsTrained ? [] : ["bank"])],
    build: ({ op }, values) => {
      const inputs = values as unknown as Inputs & { readonly raw: Value };
      return [loss(op, { ...inputs, embeddings: op.l2Normalize(inputs.raw) }, contrast)];
    },
  };
}

const ONE = ndArray([], [1]);

function lossOf(contrast: Contrast, loss: Loss): number {
  const built = caseOf(contrast, loss);
  return evaluate(caseGraph(built), caseFeeds(built)).get("y0")!.data[0]!;
}

function assertClose(found: Iterable<number>, expected: readonly number[], what: string): void {
  const numbers = [...found];
  const error = Math.hypot(...numbers.map((x, at) => x - expected[at]!));
  const allowed = 1e-10 * (1 + Math.hypot(...expected));
  assert.ok(
    numbers.length === expected.length && error <= allowed,
    `${what} is [${numbers.join(", ")}], expected [${expected.join(", ")}]`,
  );
}

const contrasts = fc.gen().map((generator) => drawContrast(new Draw(generator)));

const positives = (op: OpBuilder, { bank, rows }: Inputs): Value => op.gather(bank, rows);
const EPSILON = 0.01;

const LOSSES = {
  softmax: (op, inputs, { temperature }) =>
    softmaxLoss(op, inputs.embeddings, inputs.bank, positives(op, inputs), temperature),
  parametric: (op, { embeddings, bank, rows }) => parametricLoss(op, embeddings, bank, rows),
  infonce: (op, inputs, { temperature }) =>
    infonceLoss(
      op,
      inputs.embeddings,
      positives(op, inputs),
      op.gather(inputs.bank, inputs.noiseRows),
      temperature,
    ),
  nce: (op, inputs, { temperature }) =>
    nceLoss(op, inputs.embeddings, positives(op, inputs), op.gather(inputs.bank, inputs.noiseRows), {
      ...inputs,
      temperature,
      epsilon: 0,
    }),
  nceWithEpsilon: (op, inputs, { temperature }) =>
    nceLoss(op, inputs.embeddings, positives(op, inputs), op.gather(inputs.bank, inputs.noiseRows), {
      ...inputs,
      temperature,
      epsilon: EPSILON,
    }),
  proximal: (op, inputs) => proximalLoss(op, inputs.embeddings, positives(op, inputs), 30),
} as const satisfies Record<keyof typeof closedForms, Loss>;

/** The losses as the paper and the authors' code write them, with exponentials. */
const PLAIN: { readonly [K in keyof typeof LOSSES]: (c: Contrast, at: number) => number } = {
  softmax: (c, at) => plainSoftmax(c, at, c.bank, c.temperature),
  parametric: (c, at) => plainSoftmax(c, at, c.bank, 1),
  infonce: (c, at) =>
    plainSoftmax(
      c,
      at,
      [c.bank[c.rows[at]!]!, ...c.noiseRows[at]!.map((row) => c.bank[row]!)],
      c.temperature,
    ),
  nce: (c, at) => plainNce(c, at, 0),
  nceWithEpsilon: (c, at) => plainNce(c, at, EPSILON),
  proximal: (c, at) => {
    const drift = plus(c.embeddings[at]!, c.bank[c.rows[at]!]!, -1);
    return 30 * dot(drift, drift);
  },
};

function plainSoftmax(c: Contrast, at: number, candidates: Contrast["bank"], temperature: number): number {
  const power = (v: readonly number[]) => Math.exp(dot(v, c.embeddings[at]!) / temperature);
  return -Math.log(power(c.bank[c.rows[at]!]!) / total(candidates.map(power)));
}

function plainNce(c: Contrast, at: number, epsilon: number): number {
  const ratio = Math.exp(c.logNoiseRatio);
  const p = (row: number) =>
    Math.exp(dot(c.bank[row]!, c.embeddings[at]!) / c.temperature) / Math.exp(c.logNormalizer);
  const own = p(c.rows[at]!);
  const noise = c.noiseRows[at]!.map((row) => -Math.log(ratio / (p(row) + ratio + epsilon)));
  return -Math.log(own / (own + ratio + epsilon)) + total(noise);
}

describe("losses", () => {
  for (const name of Object.keys(LOSSES) as (keyof typeof LOSSES)[]) {
    it(`${name} is the mean over the batch of what its definition says`, () => {
      fc.assert(
        fc.property(contrasts, (contrast) => {
          const terms = contrast.rows.map((_, at) => PLAIN[name](contrast, at));
          assertClose([lossOf(contrast, LOSSES[name])], [total(terms) / terms.length], "loss");
        }),
      );
    });

    it(`${name} has the gradient of its closed form, through the normalization of embeddings`, () => {
      fc.assert(
        fc.property(contrasts, (contrast) => {
          const { raw } = Object.fromEntries(gradientsOf(caseOf(contrast, LOSSES[name]), ONE));
          const expected =
            name === "nceWithEpsilon"
              ? closedForms.nceWithEpsilon(contrast, EPSILON)
              : name === "proximal"
                ? closedForms.proximal(contrast, 30)
                : closedForms[name](contrast);
          assertClose(raw!.data, throughNormalization(contrast, expected), "gradient");
        }),
      );
    });
  }

  it("the parametric softmax moves class weights by (P - [own])·f", () => {
    fc.assert(
      fc.property(contrasts, (contrast) => {
        const gradient = gradientsOf(caseOf(contrast, LOSSES.parametric, true), ONE).get("bank")!;
        const { bank, embeddings, rows } = contrast;
        const expected = bank.map((_, j) =>
          embeddings.reduce<number[]>(
            (sum, f, at) => {
              const powers = bank.map((w) => Math.exp(dot(w, f)));
              const share = powers[j]! / total(powers) - (rows[at] === j ? 1 : 0);
              return plus(sum, f, share / embeddings.length);
            },
            times(embeddings[0]!, 0),
          ),
        );
        assertClose(gradient.data, expected.flat(), "gradient");
      }),
    );
  });

  it("the proximal term, once past the normalization, pulls towards the bank row as the positive of NCE does", () => {
    fc.assert(
      fc.property(contrasts, (contrast) => {
        const unitBank = contrast.bank.map((v) => times(v, 1 / Math.sqrt(dot(v, v))));
        const unit = { ...contrast, bank: unitBank };
        const gradient = gradientsOf(caseOf(unit, LOSSES.proximal), ONE).get("raw")!;
        const attraction = unit.rows.map((row) => times(unit.bank[row]!, -2 * 30));
        assertClose(gradient.data, throughNormalization(unit, attraction), "gradient");
      }),
    );
  });

  for (const name of ["nce", "infonce"] as const) {
    it(`${name} is the same whether rows are read or the whole bank is multiplied`, () => {
      const byForm =
        (form: "gather" | "gemm"): Loss =>
        (op, inputs, { temperature }) => {
          const similarities = similaritiesInBank(
            op,
            inputs.embeddings,
            inputs.bank,
            positives(op, inputs),
            inputs.noiseRows,
            form,
          );
          return name === "nce"
            ? nceLossOf(op, similarities, { ...inputs, temperature, epsilon: 0 })
            : infonceLossOf(op, similarities, temperature);
        };
      fc.assert(
        fc.property(contrasts, (contrast) => {
          assertClose([lossOf(contrast, byForm("gemm"))], [lossOf(contrast, byForm("gather"))], "loss");
          const [gather, gemm] = (["gather", "gemm"] as const).map(
            (form) => gradientsOf(caseOf(contrast, byForm(form)), ONE).get("raw")!.data,
          );
          assertClose(gemm!, [...gather!], "gradient");
        }),
      );
    });
  }
});
