/**
 * @file Each network against PyTorch's, torchvision's names and initial weights included: gradients of the first step
 * may lie three times as far from float64 as PyTorch's own float32 does, losses of ten steps within 0.1 %.
 */

import assert from "node:assert/strict";
import { nextName } from "../../graphs/index.js";
import { gradientName } from "../../src/grad/differentiate.js";
import type { Target } from "../../src/lower/target.js";
import type { FloatTensor } from "../../src/runtime/session.js";
import { TARGETS } from "../support/targets.js";
import { readGolden, sampledNorm, ZERO } from "./golden.js";
import {
  allowedError,
  assertClose,
  FACTOR,
  firstStep,
  relative,
  ROUNDING,
  startsAlike,
  trainSteps,
  withoutLuck,
  worst,
  type Find,
} from "./stepParity.js";

const NETWORKS = ["resnet18ImagenetStem", "resnet50", "alexnet", "vgg16", "vgg16_bn"];
/** Tensors must be this many times larger than what a test lets pass, or zeros would pass too. */
const MARGIN = 100;
const LOSS_TOLERANCE = 1e-3;

for (const [way, target] of TARGETS) for (const name of NETWORKS) networkIsTheSame(name, way, target);

function networkIsTheSame(name: string, way: string, target: Target): void {
  describe(`${name} ${way} against PyTorch`, () => {
    const golden = readGolden(name);
    const { gradients, runningStatistics, embeddings, bankRows } = golden.firstStep;
    const zeros = Object.keys(gradients).filter((parameter) => gradients[parameter]!.norm < ZERO);
    let outputs: Map<string, FloatTensor>;
    const gradientOf: Find = (parameter) => outputs.get(gradientName(parameter));
    const statisticOf: Find = (statistic) => outputs.get(nextName(statistic));

    before(async () => {
      outputs = await firstStep(golden, target);
      console.log(`    gradients, ${worst(golden, gradients, gradientOf)}`);
      console.log(`    running statistics, ${worst(golden, runningStatistics, statisticOf)}`);
    });

    startsAlike(golden);

    it("is compared with tensors a hundred times larger than what may differ", () => {
      for (const [key, tensor] of Object.entries({ ...gradients, ...runningStatistics, bankRows })) {
        if (zeros.includes(key)) continue;
        assert.ok(sampledNorm(tensor) > 0 && MARGIN * allowedError(tensor) < 1, key);
      }
      const beforeNorm = Object.keys(gradients).filter((key) => key.endsWith(".bias") && zeros.includes(key));
      assert.deepEqual(zeros, beforeNorm, "only biases before batch normalization have no gradient");
    });

    it("gives the same loss", () => {
      const [truth] = golden.losses.float64;
      const error = relative(outputs.get("loss")!.data[0]!, truth!);
      // PyTorch's loss may be right by luck; the embeddings that it is computed from tell what rounding does.
      const theirs = Math.max(relative(golden.losses.float32[0]!, truth!), embeddings.float32Error.whole);
      assert.ok(error <= FACTOR * Math.max(theirs, ROUNDING), `relative distance from float64 is ${error}`);
    });

    it("gives the same gradients", () => assertClose(golden, gradients, gradientOf, withoutLuck(gradients)));

    it("gives the same running statistics", () =>
      assertClose(golden, runningStatistics, statisticOf, withoutLuck(runningStatistics)));

    it("gives the same bank rows", () => assertClose(golden, { bankRows }, () => outputs.get("bank_rows")));

    it("keeps to the same losses for ten steps", async () => {
      const { float64, float32 } = golden.losses;
      const errors = (await trainSteps(golden, 10, target)).map((loss, at) => relative(loss, float64[at]!));
      const theirs = float32.map((loss, at) => relative(loss, float64[at]!));
      console.log(
        `    losses of ten steps: ours within ${Math.max(...errors).toExponential(1)} of float64, ` +
          `PyTorch's float32 within ${Math.max(...theirs).toExponential(1)}`,
      );
      // Where PyTorch's own float32 leaves float64, which is by a unit's sign, nobody can be asked to stay.
      const most = (at: number) => Math.max(LOSS_TOLERANCE, FACTOR * Math.max(...theirs.slice(0, at + 1)));
      const faults = errors.filter((error, at) => error > most(at));
      assert.deepEqual(
        faults,
        [],
        `relative distances are ${errors.map((error) => error.toExponential(1)).join(" ")}`,
      );
    });
  });
}
