/** @file Pictures of a finished run as its encoder sees them. */

import { Tensor } from "onnxruntime-node";
import { openDataset } from "../../src/data/dataset.js";
import { createTransform } from "../../src/data/transform.js";
import { readModel, type Model } from "../../src/models/model.js";
import { picturesOfRun } from "../../src/models/pictures.js";

/** The first `count` pictures that `run` learned from, and its model. */
export async function evaluationInput(
  run: string,
  count: number,
): Promise<{ readonly model: Model; readonly pixels: Tensor }> {
  const model = await readModel(run);
  const { imageSize, resize, mean, std } = model.preprocessing;
  const { train } = await picturesOfRun(run);
  const dataset = await openDataset(train);
  const transform = createTransform({
    transform: { kind: "evaluate", resize },
    imageSize,
    mean,
    std,
    seed: 0,
  });
  const size = 3 * imageSize ** 2;
  const data = new Float32Array(count * size);
  for (let row = 0; row < count; row++) transform(await dataset.picture(row), 0, row, data, row * size);
  return { model, pixels: new Tensor("float32", data, [count, 3, imageSize, imageSize]) };
}
