/** @file transformers.js, where it is installed: as its users load an exported folder, without any network. */

import { basename, dirname, resolve } from "node:path";
import type { Picture } from "../data/dataset.js";
import { folderOf, versionOf } from "../doctor/packages.js";
import { inColour } from "../export/embedImages.js";
import type { Vectors } from "../search/vectors.js";
import { inBatches, type ModelFile, type Pixels, type Runner } from "./runner.js";

const PACKAGE = "@huggingface/transformers";

/** What of the library is used here. */
interface Transformers {
  readonly env: { allowRemoteModels: boolean; allowLocalModels: boolean; localModelPath: string };
  readonly Tensor: new (type: string, data: Float32Array, dims: readonly number[]) => object;
  readonly RawImage: new (data: Uint8ClampedArray, width: number, height: number, channels: number) => object;
  readonly AutoModel: {
    from_pretrained(
      id: string,
      options: { dtype: string },
    ): Promise<
      ((inputs: object) => Promise<{ image_embeds: { data: Float32Array } }>) & { dispose(): Promise<void> }
    >;
  };
  readonly pipeline: (
    task: string,
    id: string,
    options: { dtype: string },
  ) => Promise<((image: object) => Promise<{ data: Float32Array }>) & { dispose(): Promise<void> }>;
}

/** The library, looking for models beside `folder` only. @returns it, and what it calls the folder */
async function load(folder: string): Promise<{ library: Transformers; id: string }> {
  // Not a literal: it is no dependency of ours, and its types would have to be there to compile.
  const name: string = PACKAGE;
  const library = (await import(name)) as Transformers;
  library.env.allowRemoteModels = false;
  library.env.allowLocalModels = true;
  library.env.localModelPath = dirname(resolve(folder));
  return { library, id: basename(resolve(folder)) };
}

export const transformers: Runner = {
  name: "transformers.js",
  absence: () =>
    Promise.resolve(folderOf(PACKAGE) === null ? `not installed (npm install ${PACKAGE})` : null),
  version: () => Promise.resolve(versionOf(PACKAGE)),
  async encode({ path, dtype, embeddingDim }: ModelFile, pixels: Pixels) {
    const { library, id } = await load(dirname(dirname(path)));
    const model = await library.AutoModel.from_pretrained(id, { dtype });
    try {
      return await inBatches(pixels, embeddingDim, async (input, shape) => {
        const { image_embeds } = await model({ pixel_values: new library.Tensor("float32", input, shape) });
        return image_embeds.data;
      });
    } finally {
      await model.dispose();
    }
  },
};

/** Its whole pipeline, its own resize and crop included: what differs from ours beside `encode` is preprocessing. */
export async function pipelineVectors(
  folder: string,
  pictures: readonly Picture[],
  dim: number,
): Promise<Vectors> {
  const { library, id } = await load(folder);
  const extract = await library.pipeline("image-feature-extraction", id, { dtype: "fp32" });
  const data = new Float32Array(pictures.length * dim);
  try {
    for (const [at, picture] of pictures.entries()) {
      const { data: bytes, width, height } = inColour(picture);
      const image = new library.RawImage(new Uint8ClampedArray(bytes), width, height, 3);
      data.set((await extract(image)).data, at * dim);
    }
  } finally {
    await extract.dispose();
  }
  return { count: pictures.length, dim, data };
}
