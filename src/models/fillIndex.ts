/** @file Pictures into an index folder: each is in it for good as soon as its batch is told. */

import { openDataset } from "../data/dataset.js";
import { pickRows } from "../data/formats/picked.js";
import type { BrokenPicture } from "../data/loader.js";
import { ArtifactError } from "../errors.js";
import { embedBatches } from "../evaluate/embed.js";
import type { ExactIndex } from "../search/folder/exactIndex.js";
import type { Vectors } from "../search/vectors.js";
import { openEncoder, type EncoderOptions } from "./encoder.js";
import type { NamedSource } from "./locatePictures.js";
import type { Model } from "./model.js";

export interface FillOptions extends EncoderOptions {
  /** Threads that decode pictures; default 2. */
  readonly dataWorkers?: number | undefined;
  /** A picture that cannot be read is an error; default: it is told and left out. */
  readonly strictData?: boolean | undefined;
  /** Pictures whose ids are in the index are left as they are; default: they are embedded again. */
  readonly onlyMissing?: boolean | undefined;
  /** Pictures that become lasting together; default 1,024. */
  readonly commitEvery?: number | undefined;
  readonly progress?: ((done: number, total: number) => void) | undefined;
  /** Told whenever more have become lasting: how many by now. */
  readonly added?: ((count: number) => void) | undefined;
  readonly broken?: ((picture: BrokenPicture) => void) | undefined;
}

export interface Filled {
  readonly added: number;
  /** Were in the index already, or twice among the pictures. */
  readonly skipped: number;
  readonly broken: number;
}

const COMMIT_EVERY = 1024;

/**
 * Embeds the pictures and adds them, in their order.
 * @throws ArtifactError when the model is not the one of the index; DataError as embedding does
 */
export async function fillIndex(
  index: ExactIndex,
  model: Model,
  sources: readonly NamedSource[],
  options: FillOptions = {},
): Promise<Filled> {
  checkModel(index, model);
  const encoder = await openEncoder(model, options);
  try {
    const known = new Set<string>(options.onlyMissing ? index.ids() : []);
    const wanted: Wanted[] = [];
    for (const named of sources) wanted.push(await withoutKnown(named, known));
    const total = wanted.reduce((sum, { ids }) => sum + ids.length, 0);
    const waiting = new Waiting(index, options);
    let [before, broken] = [0, 0];
    const { dataWorkers = 2, strictData = false } = options;
    const { preprocessing } = model;
    const embedding = { preprocessing, embeddingDim: encoder.dim, seed: 0, dataWorkers, strictData };
    for (const { named, ids } of wanted) {
      if (ids.length === 0) continue;
      await embedBatches(embedding, encoder.encode, named.source, async (batch) => {
        const { row, vectors } = batch;
        for (const picture of batch.broken) options.broken?.({ ...picture, id: named.prefix + picture.id });
        broken += batch.broken.length;
        await waiting.take(ids, row, vectors, new Set(batch.broken.map((picture) => picture.row)));
        options.progress?.(before + row + vectors.count, total);
      });
      before += ids.length;
    }
    await waiting.flush();
    const all = sources.reduce((sum, { source }) => sum + source.rowCount, 0);
    return { added: waiting.added, skipped: all - total, broken };
  } finally {
    await encoder.close();
  }
}

/** @throws ArtifactError unless the vectors of both can be compared */
function checkModel({ folder, index }: ExactIndex, model: Model): void {
  if (index.model === null || index.model.sha256 === model.sha256) return;
  throw new ArtifactError(
    `${model.where}: has an encoder with sha256 ${model.sha256}, ${folder} was made by one with ${index.model.sha256}; ` +
      "their vectors cannot be compared: use the same model, or write another index",
  );
}

interface Wanted {
  readonly named: NamedSource;
  /** Of the rows that are left. */
  readonly ids: readonly string[];
}

/** Leaves out ids that are known, and makes the others known. */
async function withoutKnown({ source, prefix }: NamedSource, known: Set<string>): Promise<Wanted> {
  const dataset = await openDataset(source);
  const all = Array.from({ length: dataset.size }, (_, row) => prefix + dataset.id(row));
  const rows = Int32Array.from(all.keys()).filter((row) => known.size !== known.add(all[row]!).size);
  if (rows.length === all.length) return { named: { source, prefix }, ids: all };
  const picked = pickRows(source, rows, source.name);
  return { named: { source: picked, prefix }, ids: Array.from(rows, (row) => all[row]!) };
}

/** Embedded and not yet in the index. */
class Waiting {
  private readonly commitEvery: number;
  private ids: string[] = [];
  private readonly data: Float32Array<ArrayBuffer>;
  added = 0;

  constructor(
    private readonly index: ExactIndex,
    private readonly options: FillOptions,
  ) {
    this.commitEvery = options.commitEvery ?? COMMIT_EVERY;
    this.data = new Float32Array(this.commitEvery * index.dim);
  }

  /** @param broken rows that are left out */
  async take(
    ids: readonly string[],
    firstRow: number,
    { count, dim, data }: Vectors,
    broken: ReadonlySet<number>,
  ): Promise<void> {
    for (let at = 0; at < count; at++) {
      if (broken.has(firstRow + at)) continue;
      this.data.set(data.subarray(at * dim, (at + 1) * dim), this.ids.length * dim);
      this.ids.push(ids[firstRow + at]!);
      if (this.ids.length === this.commitEvery) await this.flush();
    }
  }

  async flush(): Promise<void> {
    const { ids } = this;
    if (ids.length === 0) return;
    const { dim } = this.index;
    const vectors = { count: ids.length, dim, data: this.data.slice(0, ids.length * dim) };
    await this.index.add({ ids, vectors });
    this.ids = [];
    this.added += ids.length;
    this.options.added?.(this.added);
  }
}
