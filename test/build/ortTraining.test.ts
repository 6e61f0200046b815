/** @file The four files of on-device training, in the official TrainingSession and against our own training. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { forwardGraph, type TrainStepConfig } from "../../graphs/index.js";
import { readCheckpoint, writeCheckpoint } from "../../src/artifact/ortTraining/checkpoint.js";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { buildArtifact, FILES } from "../../src/build/buildArtifact.js";
import { buildOrtTraining, ORT_TRAINING_FILES } from "../../src/build/ortTraining/buildOrtTraining.js";
import { ortEvalGraph, ortTrainingGraph } from "../../src/build/ortTraining/trainingGraphs.js";
import { decodeModel } from "../../src/codec/decode.js";
import type { OrtOptimizer } from "../../src/codec/optimizerModel.js";
import { openIdx } from "../../src/data/formats/idx.js";
import { createTransform } from "../../src/data/transform.js";
import { ArtifactError, GraphError } from "../../src/errors.js";
import { fromFloat32 } from "../../src/ir/rawTensor.js";
import { lower } from "../../src/lower/lower.js";
import { onDevice } from "../../src/lower/targets/onDevice.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import {
  floats,
  int64s,
  type FloatTensor,
  type HostTensor,
  type Int64Tensor,
} from "../../src/runtime/session.js";
import { initializeBank } from "../../src/build/initialize.js";
import { HostTraining } from "../support/hostTraining.js";
import { OfficialSession, type HostTensors, type Numbers } from "../support/ortTraining.js";

const SEED = 1;
const STEPS = 20;
/** The first, which are compared with our own. */
const COMPARED_STEPS = 5;
/** Of a loss, relative, from equal parameters: two runtimes sum in other orders. */
const LOSS_TOLERANCE = 1e-5;
/** The same, after steps of which each was taken on its own. */
const PARTED_TOLERANCE = 1e-4;
/** Steps after which float32 rounding is still small against that; it grows about tenfold with every step. */
const PARTED_STEPS = 3;
/** Of a vector, as a share of its norm. */
const VECTOR_TOLERANCE = 1e-3;
/** The same, of a step: AdamW makes a whole step of a gradient that is nothing but rounding, in either direction. */
const CHANGE_TOLERANCE = 0.1;
const INSTANCES = 64;
const SAMPLE = fileURLToPath(new URL("../../../src/data/sample/t10k-images-idx3-ubyte.gz", import.meta.url));

const BASE = {
  stem: "cifar",
  batchSize: 16,
  embeddingDim: 32,
  bankMomentum: 0.5,
  optimizer: { name: "sgd", momentum: 0, nesterov: false, weightDecay: 0, decayNormAndBias: true },
} as const;

const NETWORKS = [
  { arch: "resnet18", width: 8, imageSize: 28 },
  { arch: "resnet50", width: 4, imageSize: 16 },
] as const;

/** An objective, and the feeds it has beside pixel_values and rows. */
interface Objective {
  readonly config: Pick<TrainStepConfig, "objective">;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /**
   * @param rows of the batch in the bank, [B]
   * @param logNormalizer ln Z, []
   */
  feeds(bank: FloatTensor, rows: Int64Tensor, logNormalizer: FloatTensor): ReadonlyMap<string, HostTensor>;
}

const NEGATIVES = 24;
const NOISE = {
  temperature: 0.1,
  proximal: 0,
  negatives: NEGATIVES,
  noiseForm: "gather",
  noise: { positive: false, duplicates: true },
} as const;

/** For each picture the rows that follow its own at a distance: none is its own. */
function noiseRows(rows: Int64Tensor): Int64Tensor {
  const noise = int64s([rows.data.length, NEGATIVES]);
  noise.data.forEach((_, at) => {
    const own = Number(rows.data[Math.floor(at / NEGATIVES)]);
    noise.data[at] = BigInt((own + 1 + 2 * (at % NEGATIVES)) % INSTANCES);
  });
  return noise;
}

const OBJECTIVES: readonly Objective[] = [
  {
    config: { objective: { name: "softmax", temperature: 0.1, proximal: 0 } },
    inputs: ["bank"],
    outputs: [],
    feeds: (bank) => new Map([["bank", bank]]),
  },
  {
    config: { objective: { name: "nce", ...NOISE, epsilon: 0, normalizer: { mode: "ema", momentum: 0 } } },
    inputs: ["bank", "noise_rows", "log_noise_ratio", "log_normalizer"],
    outputs: ["log_normalizer_estimate"],
    feeds: (bank, rows, logNormalizer) =>
      new Map<string, HostTensor>([
        ["bank", bank],
        ["noise_rows", noiseRows(rows)],
        ["log_noise_ratio", floats([], Float32Array.of(Math.log(NEGATIVES / INSTANCES)))],
        ["log_normalizer", logNormalizer],
      ]),
  },
  {
    config: { objective: { name: "parametric", instances: INSTANCES } },
    inputs: [],
    outputs: [],
    feeds: () => new Map(),
  },
  {
    config: { objective: { name: "infonce", ...NOISE } },
    inputs: ["bank", "noise_rows"],
    outputs: [],
    feeds: (bank, rows) =>
      new Map<string, HostTensor>([
        ["bank", bank],
        ["noise_rows", noiseRows(rows)],
      ]),
  },
];

/** The first pictures of the sample, [INSTANCES, 3, size, size]. */
async function pictures(imageSize: number): Promise<FloatTensor> {
  const source = { name: "sample", rowCount: INSTANCES, classNames: [], firstRow: 0, labelsPath: null };
  const dataset = await openIdx({ kind: "idx", format: "idx", sha256: "", imagesPath: SAMPLE, ...source });
  const [mean, std] = [[0.29, 0.29, 0.29] as const, [0.35, 0.35, 0.35] as const];
  // A short side of 28 pixels stays; a smaller picture is cut from its centre.
  const transform = { kind: "evaluate", resize: 28 } as const;
  const write = createTransform({ transform, imageSize, mean, std, seed: 0 });
  const all = floats([INSTANCES, 3, imageSize, imageSize]);
  for (let row = 0; row < INSTANCES; row++) {
    write(await dataset.picture(row), 0, row, all.data, row * 3 * imageSize * imageSize);
  }
  return all;
}

/** The pictures and the bank, and what a step is fed of them. */
class Instances {
  readonly #pictures: FloatTensor;
  readonly #bank: FloatTensor;
  readonly #objective: Objective;
  readonly #batchSize: number;
  /** ln Z, at first that of a bank without order. */
  #logNormalizer = Math.log(INSTANCES);

  constructor(all: FloatTensor, { batchSize, embeddingDim }: TrainStepConfig, objective: Objective) {
    this.#pictures = all;
    this.#bank = floats([INSTANCES, embeddingDim], initializeBank(INSTANCES, embeddingDim, SEED));
    this.#objective = objective;
    this.#batchSize = batchSize;
  }

  #firstRow(step: number): number {
    return (step * this.#batchSize) % INSTANCES;
  }

  feeds(step: number): HostTensors {
    const first = this.#firstRow(step);
    const shape = [this.#batchSize, ...this.#pictures.shape.slice(1)];
    const size = this.#pictures.data.length / INSTANCES;
    const rows = int64s([this.#batchSize]);
    rows.data.forEach((_, at) => (rows.data[at] = BigInt(first + at)));
    return new Map<string, HostTensor>([
      [
        "pixel_values",
        floats(shape, this.#pictures.data.slice(first * size, (first + this.#batchSize) * size)),
      ],
      ["rows", rows],
      ...this.#objective.feeds(this.#bank, rows, floats([], Float32Array.of(this.#logNormalizer))),
    ]);
  }

  update(step: number, fetched: Numbers): void {
    this.#bank.data.set(fetched.get("bank_rows")!, this.#firstRow(step) * this.#bank.shape[1]!);
    this.#logNormalizer = fetched.get("log_normalizer_estimate")?.[0] ?? this.#logNormalizer;
  }
}

/** Not Math.hypot: it takes as many arguments as there are numbers. */
const normOf = (numbers: Float32Array): number =>
  Math.sqrt(numbers.reduce((sum, number) => sum + number * number, 0));

function assertClose(found: Float32Array, expected: Float32Array, tolerance: number, what: string): void {
  assert.equal(found.length, expected.length, what);
  const error = normOf(found.map((number, at) => number - expected[at]!));
  const norm = normOf(expected);
  assert.ok(norm > 0 && error <= tolerance * norm, `${what}: error ${error}, norm ${norm}`);
}

const lossOf = (fetched: Numbers): number => fetched.get("loss")![0]!;

function assertSameLoss(found: Numbers, expected: Numbers, what: string, tolerance = LOSS_TOLERANCE): void {
  const [a, b] = [lossOf(found), lossOf(expected)];
  assert.ok(Math.abs(a - b) <= tolerance * Math.abs(b), `${what}: loss ${a}, ours ${b}`);
}

interface Step {
  readonly fetched: Numbers;
  /** Of all parameters, statistics last. */
  readonly change: Float32Array;
}

function assertSameStep(found: Step, expected: Step, statisticCount: number, what: string): void {
  assertSameLoss(found.fetched, expected.fetched, what);
  const [rows, ownRows] = [found.fetched.get("bank_rows")!, expected.fetched.get("bank_rows")!];
  assertClose(rows, ownRows, VECTOR_TOLERANCE, `${what}, new bank rows`);
  const [statistics, ownStatistics] = [
    found.change.slice(-statisticCount),
    expected.change.slice(-statisticCount),
  ];
  assertClose(statistics, ownStatistics, VECTOR_TOLERANCE, `${what}, change of running statistics`);
  const [moved, ownMoved] = [
    found.change.slice(0, -statisticCount),
    expected.change.slice(0, -statisticCount),
  ];
  assertClose(moved, ownMoved, CHANGE_TOLERANCE, `${what}, change of parameters`);
}

const difference = (a: Float32Array, b: Float32Array): Float32Array => a.map((number, at) => number - b[at]!);

const meanOf = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

function assertFalls(losses: readonly number[]): void {
  const epoch = INSTANCES / BASE.batchSize;
  const [early, late] = [meanOf(losses.slice(0, epoch)), meanOf(losses.slice(-epoch))];
  assert.ok(late < early - 0.1, `mean loss is ${early} in the first epoch and ${late} in the last`);
}

/** Not parametric on the deep network: a tenth of its first gradient is rounding, and AdamW makes whole steps of it. */
const networksOf = ({ config }: Objective) =>
  config.objective.name === "parametric" ? NETWORKS.slice(0, 1) : NETWORKS;

const CASES = OBJECTIVES.flatMap((objective) =>
  networksOf(objective).flatMap((network) =>
    // SGD is the same for every network and objective: once will do.
    (network === NETWORKS[0] && objective === OBJECTIVES[0]
      ? (["adamw", "sgd"] as const)
      : (["adamw"] as const)
    ).map((optimizer: OrtOptimizer) => ({
      title: `${network.arch}, ${objective.config.objective.name}, ${optimizer}`,
      config: { ...BASE, ...network, ...objective.config },
      objective,
      optimizer,
    })),
  ),
);
const [FIRST] = CASES as [(typeof CASES)[number]];

for (const { title, config, objective, optimizer } of CASES) {
  describe(`on-device training of ${title}`, () => {
    const files = buildOrtTraining(config, { optimizer, initial: SEED });
    let all: FloatTensor;
    let official: OfficialSession;
    let ours: HostTraining;

    before(async () => {
      all = await pictures(config.imageSize);
      official = await OfficialSession.open(files);
      ours = await HostTraining.open(config, optimizer, SEED);
    });

    after(async () => {
      await official.close();
      await ours.close();
    });

    it("shows the user the inputs and outputs of the step, and nothing of the runtime's", () => {
      const inputs = ["pixel_values", "rows", ...objective.inputs];
      const outputs = ["loss", ...objective.outputs, "bank_rows"];
      assert.deepEqual(official.names, {
        trainingInputNames: inputs,
        trainingOutputNames: outputs,
        evalInputNames: inputs,
        evalOutputNames: outputs,
      });
    });

    it("starts from the parameters of the checkpoint", async () => {
      assert.deepEqual(await official.parameters(), ours.parameters());
    });

    // Both begin each step with the session's parameters: left alone, they part. A pre-activation that one of them
    // rounds below 0 and the other above turns whole gradients by 1e-3, and a deep network doubles that every step.
    it("learns as our own step with the same optimizer does, and evaluates so", async () => {
      const instances = new Instances(all, config, objective);
      const losses: number[] = [];
      for (let step = 0; step < STEPS; step++) {
        const feeds = instances.feeds(step);
        const before = await official.parameters();
        const fetched = await official.train(feeds);
        losses.push(lossOf(fetched));
        if (step < COMPARED_STEPS) {
          const after = await official.parameters();
          ours.adopt(before);
          const expected = await ours.train(feeds);
          assertSameStep(
            { fetched, change: difference(after, before) },
            { fetched: expected, change: difference(ours.parameters(), before) },
            ours.statisticCount,
            `step ${step}`,
          );
          ours.adopt(after);
          const evaluations = [await official.evaluate(feeds), await ours.evaluate(feeds)] as const;
          assertSameLoss(...evaluations, `evaluation after step ${step}`);
        }
        instances.update(step, fetched);
      }
      assertFalls(losses);
    });
  });
}

describe("on-device training", () => {
  it("stays with our own training when both go their own way", async () => {
    const { config, objective } = FIRST;
    const all = await pictures(config.imageSize);
    const ours = await HostTraining.open(config, "adamw", SEED);
    const official = await OfficialSession.open(
      buildOrtTraining(config, { optimizer: "adamw", initial: SEED }),
    );
    const [theirs, own] = [new Instances(all, config, objective), new Instances(all, config, objective)];
    for (let step = 0; step < PARTED_STEPS; step++) {
      const fetched = await official.train(theirs.feeds(step));
      const expected = await ours.train(own.feeds(step));
      assertSameLoss(fetched, expected, `step ${step}`, PARTED_TOLERANCE);
      theirs.update(step, fetched);
      own.update(step, expected);
    }
    await official.close();
    await ours.close();
  });

  it("goes on from a checkpoint with moments as if it had never stopped", async () => {
    const { config, objective } = FIRST;
    const all = await pictures(config.imageSize);
    const ours = await HostTraining.open(config, "adamw", SEED);
    const instances = new Instances(all, config, objective);
    const SAVED = 3;
    for (let step = 0; step < SAVED; step++) instances.update(step, await ours.train(instances.feeds(step)));

    const files = buildOrtTraining(config, { optimizer: "adamw", initial: SEED });
    files.set(ORT_TRAINING_FILES.checkpoint, writeCheckpoint({ ...ours.state(), properties: new Map() }));
    const official = await OfficialSession.open(files);
    const saved = await official.parameters();
    assert.deepEqual(saved, ours.parameters());
    // Where a step leads depends on the moments and the count of steps; from zeros it would be another.
    const feeds = instances.feeds(SAVED);
    const fetched = await official.train(feeds);
    const found = { fetched, change: difference(await official.parameters(), saved) };
    const expected = { fetched: await ours.train(feeds), change: difference(ours.parameters(), saved) };
    assertSameStep(found, expected, ours.statisticCount, "the step after the checkpoint");
    await official.close();
    await ours.close();
  });

  it("adds up the gradients of several batches until the optimizer runs", async () => {
    const { config, objective } = FIRST;
    const files = buildOrtTraining(config, { optimizer: "sgd", initial: SEED });
    const feeds = new Instances(await pictures(config.imageSize), config, objective).feeds(0);
    const moved: Float32Array[] = [];
    for (const repeats of [0, 1]) {
      const official = await OfficialSession.open(files);
      const before = await official.parameters();
      for (let at = 0; at < repeats; at++) await official.accumulate(feeds);
      await official.train(feeds);
      const after = await official.parameters();
      const trainable = after.length - statisticCountOf(config);
      moved.push(after.slice(0, trainable).map((number, at) => number - before[at]!));
      await official.close();
    }
    assertClose(
      moved[1]!,
      moved[0]!.map((number) => 2 * number),
      VECTOR_TOLERANCE,
      "steps from two equal gradients and from one, doubled",
    );
  });

  it("has the inputs and outputs that ONNX Runtime's tools write, in their order", () => {
    const { config, objective } = FIRST;
    const files = buildOrtTraining(config, { optimizer: "adamw", initial: SEED });
    const model = (name: string) => decodeModel(files.get(name)!, name).graph;
    const namesOf = (items: readonly { readonly name: string }[]) => items.map(({ name }) => name);
    const { trainable, frozen } = readCheckpoint(files.get(ORT_TRAINING_FILES.checkpoint)!, "checkpoint");
    const user = ["pixel_values", "rows", ...objective.inputs];
    const outputs = ["loss", ...objective.outputs, "bank_rows"];
    const parameters = [...trainable.keys(), ...frozen.keys()];
    const training = model(ORT_TRAINING_FILES.training);
    assert.deepEqual(namesOf(training.inputs), [
      ...user,
      ...parameters,
      ...Array.from(trainable.keys(), (name) => `${name}_grad.accumulation.buffer`),
      "lazy_reset_grad",
    ]);
    assert.deepEqual(namesOf(training.outputs), [
      ...outputs,
      ...parameters.map((name) => `${name}_grad.accumulation.out`),
    ]);
    const evaluation = model(ORT_TRAINING_FILES.eval);
    assert.deepEqual(namesOf(evaluation.inputs), [...user, ...parameters]);
    assert.deepEqual(namesOf(evaluation.outputs), outputs);
    for (const [name, { shape }] of [...trainable, ...frozen]) {
      assert.deepEqual(evaluation.inputs.find((input) => input.name === name)?.shape, shape, name);
    }
  });

  it("begins with the weights of state.safetensors, and with no optimizer state", () => {
    const recipe = { ...FIRST.config, accumulation: 1 };
    const [mean, std] = [[0, 0, 0] as const, [1, 1, 1] as const];
    const preprocessing = { imageSize: recipe.imageSize, resize: recipe.imageSize, mean, std };
    const built = buildArtifact({ recipe, preprocessing, seed: SEED });
    const { tensors } = readSafetensors(built.files.get(FILES.state)!, FILES.state);

    const files = buildOrtTraining(FIRST.config, { optimizer: "adamw", initial: SEED });
    const checkpoint = readCheckpoint(files.get(ORT_TRAINING_FILES.checkpoint)!, "checkpoint");
    assert.deepEqual(new Map([...checkpoint.trainable, ...checkpoint.frozen]), new Map(tensors));
    assert.equal(checkpoint.optimizer, null);
    assert.deepEqual(buildOrtTraining(FIRST.config, { optimizer: "adamw", initial: tensors }), files);
  });

  it("lists every initial tensor that does not fit", () => {
    const files = buildOrtTraining(FIRST.config, { optimizer: "adamw", initial: SEED });
    const { trainable, frozen } = readCheckpoint(files.get(ORT_TRAINING_FILES.checkpoint)!, "checkpoint");
    const initial = new Map([...trainable, ...frozen]);
    initial.delete("fc.bias");
    initial.set("bn1.weight", fromFloat32(new Float32Array(3), [3]));
    assert.throws(
      () => buildOrtTraining(FIRST.config, { optimizer: "adamw", initial }),
      new ArtifactError(
        "initial tensors of on-device training: bn1.weight is float32 [3], expected float32 [8]; " +
          "fc.bias is missing; pass those of the same recipe",
      ),
    );
  });

  it("gives equal bytes for equal options, and other weights for another seed", () => {
    const build = (seed: number) => buildOrtTraining(FIRST.config, { optimizer: "adamw", initial: seed });
    const files = build(1);
    assert.deepEqual(build(1), files);
    const changed = [...build(2)].filter(([name, bytes]) => Buffer.compare(bytes, files.get(name)!) !== 0);
    assert.deepEqual(
      changed.map(([name]) => name),
      [ORT_TRAINING_FILES.checkpoint],
    );
  });

  it("keeps a statistic that no step changes as a frozen parameter only", () => {
    const builder = new GraphBuilder("net");
    const x = builder.input("x", "float32", [2]);
    const shift = builder.parameter("shift", [2], { kind: "constant", value: 0 }, false);
    const scale = builder.parameter("scale", [2], { kind: "constant", value: 1 });
    const { op } = builder;
    builder.output("y", op.add(op.mul(x, scale), shift));
    builder.output("loss", op.reduceSum(builder.value("/Add_output_0")));
    const training = lower(ortTrainingGraph(builder.build()), onDevice);
    assert.deepEqual(
      training.inputs.map(({ name }) => name),
      ["x", "scale", "shift", "scale_grad.accumulation.buffer", "lazy_reset_grad"],
    );
    assert.deepEqual(
      training.outputs.map(({ name }) => name),
      ["loss", "y", "scale_grad.accumulation.out"],
    );
  });

  it("refuses graphs without a loss, and names that the runtime keeps for itself", () => {
    const builder = new GraphBuilder("net");
    const x = builder.input("x_grad", "float32", []);
    builder.output("y", builder.op.exp(x));
    for (const pack of [ortTrainingGraph, ortEvalGraph]) {
      assert.throws(
        () => pack(builder.build()),
        new GraphError("graph net: has outputs y, expected loss among them"),
      );
    }
    builder.output("loss", builder.op.neg(x));
    for (const pack of [ortTrainingGraph, ortEvalGraph]) {
      assert.throws(
        () => pack(builder.build()),
        new GraphError(
          "graph net: x_grad: on-device training keeps such names for gradients, expected others; " +
            "rename these inputs and outputs",
        ),
      );
    }
  });
});

function statisticCountOf(config: TrainStepConfig): number {
  const frozen = [...forwardGraph(config).parameters.values()].filter(({ trainable }) => !trainable);
  return frozen.reduce((sum, { value }) => sum + (value.shape[0] as number), 0);
}
