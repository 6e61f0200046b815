/**
 * @file Each objective on each network against PyTorch's: the loss, gradients and running statistics of the first step
 * may lie three times as far from float64 as PyTorch's own float32 does, losses of ten steps within 0.1 %.
 */

import assert from "node:assert/strict";
import { forwardGraph, nextName } from "../../graphs/index.js";
import { initializeParameters } from "../../src/build/initialize.js";
import { gradientName } from "../../src/grad/differentiate.js";
import {
  goldenBatches,
  readGolden,
  relativeError,
  sampledNorm,
  sha256,
  ZERO,
  type GoldenTensor,
} from "./golden.js";
import {
  firstStep,
  objectiveBank,
  objectiveConfig,
  readObjectiveGolden,
  trainSteps,
  type ObjectiveGolden,
} from "./objectiveGolden.js";
import { FACTOR, relative, ROUNDING, withoutLuck } from "./stepParity.js";

const NETWORKS = ["resnet18", "resnet18ImagenetStem", "resnet50", "alexnet", "vgg16_bn"];
const OBJECTIVES = ["nce", "infonce", "parametric"];
const CASES = [
  ...NETWORKS.flatMap((network) => OBJECTIVES.map((objective) => `${network}-${objective}`)),
  "resnet18-nceEpsilonProximal",
];

const LOSS_TOLERANCE = 1e-3;
/** Tensors must be this many times larger than what a test lets pass, or zeros would pass too. */
const MARGIN = 100;

type Tensor = Pick<GoldenTensor, "norm" | "float32Error" | "values">;
type Tensors = Readonly<Record<string, Tensor>>;

const gradientsOf = ({ gradients }: ObjectiveGolden): Tensors =>
  Object.fromEntries(
    Object.entries(gradients).map(([name, gradient]) => {
      const { float32Error, values } = gradient;
      return [
        name,
        { norm: sampledNorm(gradient), float32Error: { sampled: float32Error, whole: float32Error }, values },
      ];
    }),
  );

interface Distance {
  readonly name: string;
  readonly error: number;
  readonly allowed: number;
}

function distances(
  golden: ObjectiveGolden,
  tensors: Tensors,
  find: (name: string) => Float32Array | undefined,
): Distance[] {
  const allowed = withoutLuck(tensors);
  return Object.entries(tensors).map(([name, tensor]) => {
    const found = find(name);
    assert.ok(found, `${name} is computed`);
    return { name, error: relativeError(golden, name, tensor, found), allowed: allowed(tensor) };
  });
}

const faultsOf = (found: readonly Distance[]): string[] =>
  found
    .filter(({ error, allowed }) => !(error <= allowed))
    .map(({ name, error, allowed }) => `${name}: ${error} exceeds ${allowed}`);

/** "1.81 (layer2.1.bn1.bias)", of 3 */
function worst(found: readonly Distance[]): string {
  const [first] = found
    .map(({ name, error, allowed }) => ({ name, times: (FACTOR * error) / allowed }))
    .sort((a, b) => b.times - a.times);
  return first ? `${first.times.toFixed(2)} (${first.name})` : "none";
}

for (const name of CASES) {
  describe(`a training step of ${name}`, () => {
    const golden = readObjectiveGolden(name);
    const gradients = gradientsOf(golden);
    const { runningStatistics, embeddings } = readGolden(golden.forward).firstStep;
    const { float64, float32 } = golden.losses;
    let outputs: Map<string, Float32Array>;
    const found: { gradients: Distance[]; statistics: Distance[]; losses: number[] } = {
      gradients: [],
      statistics: [],
      losses: [],
    };

    before(async () => {
      outputs = await firstStep(golden);
      found.gradients = distances(golden, gradients, (key) => outputs.get(gradientName(key)));
      found.statistics = distances(golden, runningStatistics, (key) => outputs.get(nextName(key)));
    });

    after(() => {
      const largest = (losses: readonly number[]) =>
        Math.max(...losses.map((loss, at) => relative(loss, float64[at]!))).toExponential(1);
      console.log(
        `    ${name}: gradients ${worst(found.gradients)}, statistics ${worst(found.statistics)} times PyTorch's error; ` +
          `ten losses ${largest(found.losses)} / ${largest(float32)}`,
      );
    });

    it("starts from PyTorch's numbers", async () => {
      const parameters = initializeParameters(forwardGraph(objectiveConfig(golden)), golden.case.seed);
      const trained = Object.keys(gradients).map((key) => parameters.get(key)!);
      const { pixelValues } = await (await goldenBatches(golden))(0);
      assert.deepEqual(
        [sha256(...trained), sha256(objectiveBank(golden).data), sha256(pixelValues)],
        [golden.inputs.parametersSha256, golden.inputs.bankSha256, golden.inputs.firstBatchSha256],
      );
    });

    it("is compared with every parameter's gradient, a hundred times larger than what may differ", () => {
      const parameters = [...forwardGraph(objectiveConfig(golden)).parameters.values()];
      const trained = parameters.filter(({ trainable }) => trainable).map(({ value }) => value.name);
      assert.deepEqual(Object.keys(gradients).sort(), trained.sort());
      const large = found.gradients.filter(({ name: key }) => gradients[key]!.norm >= ZERO);
      assert.deepEqual(
        large.filter(({ allowed }) => !(MARGIN * allowed < 1)),
        [],
      );
    });

    it("has PyTorch's loss, gradients and statistics, within what float32 loses there", () => {
      const error = relative(outputs.get("loss")![0]!, float64[0]!);
      // PyTorch's loss may be right by luck; the embeddings that it is computed from tell what rounding does.
      const theirs = Math.max(relative(float32[0]!, float64[0]!), embeddings.float32Error.whole);
      const allowed = FACTOR * Math.max(theirs, ROUNDING);
      assert.deepEqual(faultsOf([{ name: "loss", error, allowed }]), []);
      assert.deepEqual(faultsOf(found.gradients), []);
      assert.deepEqual(faultsOf(found.statistics), []);
    });

    it("has PyTorch's loss over ten steps", async () => {
      found.losses = await trainSteps(golden);
      const errors = found.losses.map((loss, at) => relative(loss, float64[at]!));
      assert.ok(
        errors.every((error) => error <= LOSS_TOLERANCE),
        `relative distances from float64 are ${errors.map((error) => error.toExponential(1)).join(" ")}`,
      );
    });
  });
}
