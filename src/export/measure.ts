/** @file The drift of each exported file, measured with ONNX Runtime on the CPU against the encoder as it was trained. */

import { availableParallelism } from "node:os";
import type { DataSource } from "../data/dataset.js";
import { embedAll, withEncoder, type Embedded, type EmbedOptions, type Progress } from "../evaluate/embed.js";
import type { Model } from "../models/model.js";
import { withoutRows } from "../search/vectors.js";
import { agreementWith, type Agreement } from "./agreement.js";
import type { TestPictures } from "./testPictures.js";

const DATA_WORKERS = 2;

/** Says what is being measured, and how far it is. */
export type Stage = (what: string) => Progress;

/**
 * @param files model files by name, of the same inputs and outputs as the encoder
 * @returns what each differs in, by name
 * @throws ProviderError when the runtime refuses a file; DataError when not one picture can be read
 */
export async function measureFiles(
  model: Model,
  { source, bank }: TestPictures,
  files: ReadonlyMap<string, Uint8Array>,
  stage: Stage,
): Promise<ReadonlyMap<string, Agreement>> {
  const embed = async (name: string, encoder: Uint8Array): Promise<Embedded> =>
    embedPictures(model, source, encoder, stage(`measuring ${name}`));
  const { vectors, broken } = await embed("the encoder", model.encoder);
  const compare = await agreementWith(withoutRows(vectors, broken).vectors, bank);
  const measured = new Map<string, Agreement>();
  for (const [name, encoder] of files) {
    const found = await embed(name, encoder);
    measured.set(name, await compare(withoutRows(found.vectors, broken).vectors));
  }
  return measured;
}

function embedPictures(
  { preprocessing, embeddingDim }: Model,
  source: DataSource,
  encoder: Uint8Array,
  progress: Progress,
): Promise<Embedded> {
  const options: EmbedOptions = {
    preprocessing,
    embeddingDim,
    seed: 0,
    threads: availableParallelism(),
    dataWorkers: DATA_WORKERS,
    strictData: false,
  };
  return withEncoder(options, encoder, (encode) => embedAll(options, encode, source, progress));
}
