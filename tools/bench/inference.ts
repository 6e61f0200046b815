/**
 * @file How fast does an encoder encode, beside PyTorch and beside the same file in Python's ONNX Runtime? One picture at
 * a time, and 64.
 *
 *     node dist/tools/bench/inference.js [--arch resnet18,resnet50] [--width 64,16] [--batch 1,64]
 *         [--repetitions 15] [--turn 1] [--threads 2]
 *
 * Contestants take turns of about --turn seconds: ours in this process, the others (inference.py) in one each. All encode
 * the same pictures with the same weights, and their embeddings must agree. PyTorch runs in both its layouts, evaluation
 * and inference mode; times as fast: beside the faster one, round by round. Writes a table to stderr and JSON to stdout.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FILES } from "../../src/build/buildArtifact.js";
import { table } from "../../src/cli/format.js";
import { encodeWith } from "../../src/evaluate/embed.js";
import { openSession } from "../../src/runtime/node.js";
import { startPython, type LineChild } from "./lineChild.js";
import { LOAD, MACHINE, quartiles, VERSIONS, warnIfBusy } from "./machine.js";
import { buildStep, CASE_OPTIONS, chosenCases, makePixels, type StepCase } from "./stepCases.js";
import { countFor, fastest, spread, takeTurns, timesAsFast, type Contestant } from "./turns.js";

const { values: given } = parseArgs({
  options: {
    ...CASE_OPTIONS,
    arch: { type: "string", default: "resnet18,resnet50" },
    batch: { type: "string", default: "1,64" },
    repetitions: { type: "string", default: "15" },
    turn: { type: "string", default: "1" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const threads = Number(given.threads);
const repetitions = Number(given.repetitions);
const batches = given.batch.split(",").map(Number);

const OURS = "ours";
const PYTORCH = { "PyTorch eager": "eager", "PyTorch channels_last": "channels_last" } as const;
const PYTHON = { ...PYTORCH, "ONNX Runtime in Python": "onnxruntime" } as const;
const WARM_UPS = 3;
/** Between numbers of unit vectors. */
const TOLERANCE = 1e-4;

/** Seconds for so many runs, and the first picture's embedding. */
interface Encoded {
  readonly seconds: number;
  readonly first: readonly number[];
}

interface Encoder {
  readonly name: string;
  run(count: number, batch: number): Promise<Encoded>;
  close(): Promise<void>;
}

async function openOurs({ recipe }: StepCase, model: Uint8Array, pixels: Float32Array<ArrayBuffer>) {
  const session = await openSession(model, FILES.encoder, { ep: "cpu", threads });
  const encode = encodeWith(session, recipe.imageSize, "image_embeds", recipe.embeddingDim);
  const picture = 3 * recipe.imageSize ** 2;
  const encoder: Encoder = {
    name: OURS,
    async run(count, batch) {
      const batchPixels = pixels.subarray(0, batch * picture);
      const began = performance.now();
      let { data } = await encode(batchPixels, batch);
      for (let at = 1; at < count; at++) ({ data } = await encode(batchPixels, batch));
      const seconds = (performance.now() - began) / 1000;
      return { seconds, first: [...data.subarray(0, recipe.embeddingDim)] };
    },
    close: () => session.close(),
  };
  return encoder;
}

function overChild(name: string, child: LineChild): Encoder {
  const run = async (count: number, batch: number) => (await child.ask(`${count} ${batch}`)) as Encoded;
  return { name, run, close: () => child.close() };
}

/** @throws when embeddings of the warm-up differ */
async function warmUp(encoders: readonly Encoder[], batch: number): Promise<number> {
  const [ours, ...others] = encoders;
  const expected = (await ours!.run(WARM_UPS, batch)).first;
  let worst = 0;
  for (const { name, run } of others) {
    const { first } = await run(WARM_UPS, batch);
    const difference = Math.max(...expected.map((value, at) => Math.abs(value - first[at]!)));
    if (!(difference <= TOLERANCE))
      throw new Error(
        `${name}: an embedding differs by ${difference} from ours, expected ${TOLERANCE} at most`,
      );
    worst = Math.max(worst, difference);
  }
  return worst;
}

async function race(name: string, encoders: readonly Encoder[], batch: number) {
  process.stderr.write(`${name}: batches of ${batch}\n`);
  const contestants = encoders.map(({ name, run }): Contestant => {
    return { name, measure: async (count) => (await run(count, batch)).seconds };
  });
  const difference = await warmUp(encoders, batch);
  const once = await takeTurns(contestants, 1);
  const count = countFor(Number(given.turn), Math.max(...[...once.values()].flat()));
  const seconds = await takeTurns(contestants, repetitions, count);
  const peer = fastest(Object.keys(PYTORCH), seconds);
  return {
    case: name,
    ...{ batch, runsInTurn: count, fasterPeer: peer, largestDifference: difference },
    results: contestants.map(({ name }) => ({
      name,
      seconds: quartiles(seconds.get(name)!),
      picturesPerSecond: quartiles(seconds.get(name)!.map((value) => batch / value)),
      timesFasterPeer: timesAsFast(name, peer, seconds),
    })),
  };
}

async function compare(one: StepCase, folder: string) {
  const { files } = buildStep(one.recipe);
  const pixels = makePixels({ ...one.recipe, batchSize: Math.max(...batches) });
  writeFileSync(join(folder, "pixels.f32"), pixels);
  writeFileSync(join(folder, "recipe.json"), JSON.stringify(one.recipe));
  for (const name of [FILES.encoder, FILES.state]) writeFileSync(join(folder, name), files.get(name)!);
  const encoders = [await openOurs(one, files.get(FILES.encoder)!, pixels)];
  const versions: Record<string, unknown> = {};
  for (const [name, library] of Object.entries(PYTHON)) {
    const child = await startPython("inference.py", [folder, "--with", library, "--threads", given.threads]);
    versions[name] = child.ready;
    encoders.push(overChild(name, child));
  }
  const name = one.name.replace(/, \w+$/, ""); // the objective is no part of an encoder
  const results = [];
  for (const batch of batches) results.push({ ...(await race(name, encoders, batch)), versions });
  for (const encoder of encoders) await encoder.close();
  return results;
}

const folder = mkdtempSync(join(tmpdir(), "instdisc-inference-"));
warnIfBusy();
try {
  const results = [];
  for (const one of chosenCases({ ...given, objective: "softmax" }))
    results.push(...(await compare(one, folder)));
  const report = {
    what: "encoder inference",
    machine: MACHINE,
    load: LOAD,
    versions: VERSIONS,
    ...{ threads, repetitions, warmUps: WARM_UPS },
    results,
  };
  process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
  process.stderr.write(
    table([
      ["", "ms a batch", "images/s", "times PyTorch"],
      ...results.flatMap((result) =>
        result.results.map((row) => [
          `${result.case}, batch ${result.batch}: ${row.name}`,
          (1000 * row.seconds.median).toFixed(2),
          spread(row.picturesPerSecond, 1),
          spread(row.timesFasterPeer, 2),
        ]),
      ),
    ]),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
