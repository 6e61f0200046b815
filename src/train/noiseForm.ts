/** @file Measures, once on the machine at hand, which form of NCE's similarities is cheaper. */

import { similaritiesInBank, NOISE_FORMS, type NoiseForm } from "../../graphs/index.js";
import type { TuneMode } from "../artifact/tuneMode.js";
import { encodeModel } from "../codec/encode.js";
import { differentiate, gradientName } from "../grad/differentiate.js";
import type { Graph } from "../ir/graph.js";
import { lower } from "../lower/lower.js";
import { cpu } from "../lower/targets/cpu.js";
import { GraphBuilder } from "../ops/builder.js";
import { openSession } from "../runtime/node.js";
import { floats, int64s, type HostTensor, type Session } from "../runtime/session.js";
import { answerOf, holds } from "../tune/answers.js";
import { TuningCache } from "../tune/cache.js";
import { machineTarget } from "../tune/machine.js";
import { race, type RaceRules } from "../tune/race.js";
import { VERSION } from "../version.js";
import { drawNoise } from "./noise.js";

/** Banks larger than this many times m are read by row without asking: a product over them cannot win. */
const HOPELESS = 100;
/** Up to here a product over the bank costs about as much as reading m scattered rows for each picture. */
const EVEN = 24;
const RULES: RaceRules = { leastRounds: 3, mostRounds: 3, enoughMs: 0 };

export interface NoiseSizes {
  readonly batchSize: number;
  readonly negatives: number;
  readonly instances: number;
  readonly embeddingDim: number;
}

export interface NoiseFormChoice {
  readonly form: NoiseForm;
  /** Best time of the similarities and their gradient, ms; null: not measured. */
  readonly ms: Readonly<Record<NoiseForm, number>> | null;
}

export interface NoiseFormOptions {
  readonly tune: TuneMode;
  /** Of the runtime. */
  readonly threads: number;
  /** Takes what is wrong with the cache of answers. */
  readonly say: (line: string) => void;
}

/** What was measured before on this machine, else what is measured now. */
export async function chooseNoiseForm(
  sizes: NoiseSizes,
  { tune, threads, say }: NoiseFormOptions,
): Promise<NoiseFormChoice> {
  const { instances, negatives } = sizes;
  if (instances > HOPELESS * negatives) return { form: "gather", ms: null };
  const suggested: NoiseForm = instances > EVEN * negatives ? "gather" : "gemm";
  if (tune === "off") return { form: suggested, ms: null };
  const { machine } = await machineTarget(threads);
  const cache = new TuningCache(machine, say);
  const key = keyOf(sizes);
  const ways = { candidates: NOISE_FORMS, suggested };
  const known = (await cache.answers()).get(key);
  const answer = holds(known, ways, tune) ? known : answerOf(ways, await measure(sizes, threads), tune);
  if (answer !== known) await cache.remember(new Map([[key, answer]]));
  const { gather = NaN, gemm = NaN } = answer.ms;
  return { form: answer.choice as NoiseForm, ms: { gather, gemm } };
}

function keyOf({ batchSize, negatives, instances, embeddingDim }: NoiseSizes): string {
  return `noise form of [${batchSize},${negatives}] rows of [${instances},${embeddingDim}]`;
}

/** Similarities and their gradient by the embeddings: where the two forms differ. */
function similarityGraph(form: NoiseForm, { batchSize, negatives, embeddingDim }: NoiseSizes): Graph {
  const builder = new GraphBuilder(`similarities_${form}`);
  const { op } = builder;
  const embeddings = builder.input("embeddings", "float32", [batchSize, embeddingDim]);
  const bank = builder.input("bank", "float32", ["instances", embeddingDim]);
  const rows = builder.input("rows", "int64", [batchSize]);
  const noiseRows = builder.input("noise_rows", "int64", [batchSize, negatives]);
  const { noise } = similaritiesInBank(op, embeddings, bank, op.gather(bank, rows), noiseRows, form);
  builder.output("loss", op.reduceMean(op.softplus(noise)));
  return differentiate(builder.build(), "loss", ["embeddings"]);
}

function makeFeeds({ batchSize, negatives, instances, embeddingDim }: NoiseSizes): Map<string, HostTensor> {
  const own = Int32Array.from({ length: batchSize }, (_, at) => at % instances);
  const [rows, noiseRows] = [int64s([batchSize]), int64s([batchSize, negatives])];
  own.forEach((row, at) => (rows.data[at] = BigInt(row)));
  drawNoise({ instances, negatives, positive: true, duplicates: true }, own, 0, 0, noiseRows.data);
  return new Map<string, HostTensor>([
    ["embeddings", filled([batchSize, embeddingDim])],
    ["bank", filled([instances, embeddingDim])],
    ["rows", rows],
    ["noise_rows", noiseRows],
  ]);
}

/** Any numbers but zeros and denormals, which processors treat differently. */
function filled(shape: readonly number[]) {
  const tensor = floats(shape);
  tensor.data.forEach((_, at) => (tensor.data[at] = ((at % 251) - 125) / 1000));
  return tensor;
}

/** Best times, ms. */
async function measure(sizes: NoiseSizes, threads: number): Promise<Map<string, number>> {
  const feeds = makeFeeds(sizes);
  const gradient = floats([sizes.batchSize, sizes.embeddingDim]);
  const into = new Map<string, HostTensor>([[gradientName("embeddings"), gradient]]);
  const sessions: Session[] = [];
  try {
    for (const form of NOISE_FORMS) {
      const model = encodeModel(lower(similarityGraph(form, sizes), cpu), { producerVersion: VERSION });
      sessions.push(await openSession(model, `similarities by ${form}`, { ep: "cpu", threads }));
    }
    const contestants = NOISE_FORMS.map((name, at) => ({ name, run: () => sessions[at]!.run(feeds, into) }));
    return await race(contestants, RULES, () => performance.now());
  } finally {
    for (const session of sessions) await session.close();
  }
}
