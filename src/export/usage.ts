/** @file How an exported folder is used, as programs of some ten lines. A test takes them out of a card and runs them. */

import { codeBlock } from "./markdown.js";

/** @param folder name of the exported folder */
export function usage(folder: string, dim: number): string {
  const quoted = JSON.stringify(folder);
  return `### transformers.js, in Node and in a browser

${codeBlock(
  "js",
  `
import { env, pipeline } from "@huggingface/transformers";

env.localModelPath = "."; // where the folder ${folder} lies; in a browser, a URL
env.allowRemoteModels = false; // leave both out for a model of the hub

const extract = await pipeline("image-feature-extraction", ${quoted}, { dtype: "fp32" }); // or "fp16", "q8"
const { data } = await extract("photo.jpg");
console.log(data.length); // ${dim} numbers, a vector of length 1
`,
)}

### ONNX Runtime in Node, from the picture itself

${codeBlock(
  "js",
  `
import ort from "onnxruntime-node";
import sharp from "sharp";

const picture = sharp("photo.jpg").rotate().toColourspace("srgb").removeAlpha().raw();
const { data, info } = await picture.toBuffer({ resolveWithObject: true });
const session = await ort.InferenceSession.create(${JSON.stringify(`${folder}/model_image.onnx`)});
const image = new ort.Tensor("uint8", data, [1, info.height, info.width, 3]);
const { image_embeds } = await session.run({ image });
console.log(image_embeds.data.length); // ${dim}
`,
)}

### Python

${codeBlock(
  "python",
  `
import numpy as np
import onnxruntime as ort
from PIL import Image

session = ort.InferenceSession(${JSON.stringify(`${folder}/model_image.onnx`)})
image = np.asarray(Image.open("photo.jpg").convert("RGB"))
(vectors,) = session.run(["image_embeds"], {"image": image[None]})
print(vectors.shape)  # (1, ${dim})
`,
)}

Two pictures are as alike as their vectors' dot product says: 1 for the same, about 0 for unrelated ones.`;
}
