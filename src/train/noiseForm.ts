/** @file Measures, on the machine at hand, which form of NCE's similarities is cheaper. */

import { similaritiesInBank, NOISE_FORMS, type NoiseForm } from "../../graphs/index.js";
import { encodeModel } from "../codec/encode.js";
import { differentiate, gradientName } from "../grad/differentiate.js";
import type { Graph } from "../ir/graph.js";
import { lower } from "../lower/lower.js";
import { cpu } from "../lower/targets/cpu.js";
import { GraphBuilder } from "../ops/builder.js";
import { openSession } from "../runtime/node.js";
import { floats, int64s, type HostTensor } from "../runtime/session.js";
import { VERSION } from "../version.js";
import { drawNoise } from "./noise.js";

/** Banks larger than this many times m are read by row without asking: a product over them cannot win. */
const HOPELESS = 100;
const WARM_UPS = 1;
const REPETITIONS = 3;

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

/** @param threads of the runtime */
export async function chooseNoiseForm(sizes: NoiseSizes, threads: number): Promise<NoiseFormChoice> {
  if (sizes.instances > HOPELESS * sizes.negatives) return { form: "gather", ms: null };
  const feeds = makeFeeds(sizes);
  const [gather, gemm] = [
    await measure("gather", sizes, feeds, threads),
    await measure("gemm", sizes, feeds, threads),
  ];
  const ms = { gather, gemm };
  const form = NOISE_FORMS.reduce((best, other) => (ms[other] < ms[best] ? other : best));
  return { form, ms };
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

async function measure(
  form: NoiseForm,
  sizes: NoiseSizes,
  feeds: ReadonlyMap<string, HostTensor>,
  threads: number,
): Promise<number> {
  const model = encodeModel(lower(similarityGraph(form, sizes), cpu), { producerVersion: VERSION });
  const session = await openSession(model, `similarities by ${form}`, { ep: "cpu", threads });
  const gradient = floats([sizes.batchSize, sizes.embeddingDim]);
  const into = new Map<string, HostTensor>([[gradientName("embeddings"), gradient]]);
  let best = Infinity;
  try {
    for (let run = 0; run < WARM_UPS + REPETITIONS; run++) {
      const began = performance.now();
      await session.run(feeds, into);
      if (run >= WARM_UPS) best = Math.min(best, performance.now() - began);
    }
  } finally {
    await session.close();
  }
  return best;
}
