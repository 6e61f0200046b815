/** @file How an exported folder is used, as programs of some ten lines. A test takes them out of a card and runs them. */

import { codeBlock } from "./markdown.js";

/**
 * @param folder name of the exported folder
 * @param dtypes of its models, as transformers.js calls them, fp32 first
 * @param dim D
 */
export function usage(folder: string, dtypes: readonly string[], dim: number): string {
  const quoted = JSON.stringify(folder);
  const [first, ...others] = dtypes.map((dtype) => JSON.stringify(dtype));
  const choice = others.length > 0 ? ` // or ${others.join(", ")}` : "";
  return `### transformers.js, in Node and in a browser

${codeBlock(
  "js",
  `
import { env, pipeline } from "@huggingface/transformers";

env.localModelPath = "."; // where the folder ${folder} lies; in a browser, a URL
env.allowRemoteModels = false; // leave both out for a model of the hub

const extract = await pipeline("image-feature-extraction", ${quoted}, { dtype: ${first} });${choice}
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

const picture = sharp("photo.jpg").autoOrient().flatten({ background: "white" }).toColourspace("srgb").raw();
const { data, info } = await picture.toBuffer({ resolveWithObject: true });
const session = await ort.InferenceSession.create(${JSON.stringify(`${folder}/model_image.onnx`)});
const image = new ort.Tensor("uint8", data, [info.height, info.width, 3]);
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
from PIL import Image, ImageOps

session = ort.InferenceSession(${JSON.stringify(`${folder}/model_image.onnx`)})
image = np.asarray(ImageOps.exif_transpose(Image.open("photo.jpg")).convert("RGB"))
(vectors,) = session.run(["image_embeds"], {"image": image})
print(vectors.shape)  # (1, ${dim})
`,
)}

Two pictures are as alike as their vectors' dot product says: 1 for the same, about 0 for unrelated ones.`;
}
