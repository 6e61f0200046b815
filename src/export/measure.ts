/** @file The drift of each exported file, measured with ONNX Runtime on the CPU against the encoder as it was trained. */

import { availableParallelism } from "node:os";
import type { DataSource } from "../data/dataset.js";
import { cpuProvider } from "../evaluate/provider.js";
import { embedAll, withEncoder, type Embedded, type EmbedOptions, type Progress } from "../evaluate/embed.js";
import { readPicture } from "../evaluate/pictures.js";
import type { Model } from "../models/model.js";
import { withoutRows, type Vectors } from "../search/vectors.js";
import { agreementWith, type Agreement } from "./agreement.js";
import { embedImages } from "./embedImages.js";
import type { ModelFile } from "./modelFiles.js";
import type { TestPictures } from "./testPictures.js";

const DATA_WORKERS = 2;

/** Says what is being measured, and how far it is. */
export type Stage = (what: string) => Progress;

/**
 * @returns what each file differs in, by name
 * @throws ProviderError when the runtime refuses a file; DataError when not one picture can be read
 */
export async function measureFiles(
  model: Model,
  pictures: TestPictures,
  files: readonly Pick<ModelFile, "file" | "input" | "bytes">[],
  stage: Stage,
): Promise<ReadonlyMap<string, Agreement>> {
  const { source, dataset, bank } = pictures;
  const embed = (encoder: Uint8Array, progress: Progress): Promise<Embedded> =>
    embedPictures(model, source, encoder, progress);
  const { vectors, broken } = await embed(model.encoder, stage("measuring the encoder"));
  const compare = await agreementWith(withoutRows(vectors, broken).vectors, bank);
  const tested = { count: dataset.size, at: (row: number) => readPicture(dataset, row) };
  const measured = new Map<string, Agreement>();
  for (const { file, input, bytes } of files) {
    const progress = stage(`measuring ${file}`);
    const found: Vectors =
      input === "image"
        ? await embedImages({ model: bytes, where: file, dim: model.embeddingDim }, tested, progress)
        : (await embed(bytes, progress)).vectors;
    measured.set(file, await compare(withoutRows(found, broken).vectors));
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
    provider: cpuProvider(availableParallelism()),
    dataWorkers: DATA_WORKERS,
    strictData: false,
  };
  return withEncoder(options, encoder, (encode) => embedAll(options, encode, source, progress));
}
