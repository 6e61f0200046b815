/**
 * @file The encoder behind its own preprocessing, for callers that have pixels and nothing else: every language then
 * resizes, crops and normalizes in the same way.
 */

import { imageInput } from "../../../graphs/index.js";
import type { Manifest } from "../../artifact/manifest.js";
import { withMetadata } from "../../codec/metadata.js";
import { ArtifactError } from "../../errors.js";
import type { Value } from "../../ir/graph.js";
import { showShape } from "../../ir/shape.js";
import { GraphBuilder } from "../../ops/builder.js";
import { readEncoder, writeModelFile, type BoundGraph } from "./boundGraph.js";
import { emitAgain } from "./emitAgain.js";
import { foldNormalization } from "./foldNormalization.js";

const PIXELS = "pixel_values";
export const IMAGE = "image";

/** How `image` is to be filled. Source: onnx/docs/MetadataProps.md */
const IMAGE_METADATA = {
  "Image.BitmapPixelFormat": "Rgb8",
  "Image.ColorSpaceGamma": "SRGB",
  "Image.NominalPixelRange": "NominalRange_0_255",
};

/**
 * model_image.onnx: `image` uint8 [height, width, 3], red, green, blue, of any size from 1×1, → the encoder's outputs for
 * one picture: `image_embeds` [1, D], `pooler_output` [1, F].
 * @throws ArtifactError when the bytes are not an encoder of this package, or one for pictures of another size
 */
export function imageModel(encoder: Uint8Array, preprocessing: Manifest["preprocessing"]): Uint8Array {
  const source = readEncoder(encoder);
  const { imageSize } = preprocessing;
  const pixels = source.graph.inputs.find(({ name }) => name === PIXELS);
  if (pixels === undefined || showShape(pixels.shape.slice(1)) !== showShape([3, imageSize, imageSize])) {
    throw new ArtifactError(
      `encoder.onnx: found ${pixels ? `${PIXELS} ${showShape(pixels.shape)}` : `no input ${PIXELS}`}, ` +
        `expected [batch, 3, ${imageSize}, ${imageSize}]; give the preprocessing that belongs to the encoder`,
    );
  }
  const docString = `${source.docString} Takes raw pixels: resizes, crops and normalizes them itself.`;
  const model = writeModelFile(
    source,
    behindPreprocessing(foldNormalization(source), preprocessing),
    docString.trim(),
  );
  return withMetadata(model, {
    metadata: IMAGE_METADATA,
    image: { input: IMAGE, axes: ["DATA_FEATURE", "DATA_FEATURE", "DATA_CHANNEL"] },
  });
}

function behindPreprocessing(
  { graph, tensors }: BoundGraph,
  preprocessing: Manifest["preprocessing"],
): BoundGraph {
  const builder = new GraphBuilder(`${graph.name}_of_image`);
  const image = builder.input(IMAGE, "uint8", ["height", "width", 3]);
  const current = new Map<string, Value>();
  for (const { name, dtype, shape } of graph.inputs)
    if (name !== PIXELS) current.set(name, builder.input(name, dtype, shape));
  for (const [name, tensor] of graph.constants) current.set(name, builder.constant(tensor));
  current.set(
    PIXELS,
    builder.scope("image", () => imageInput(builder, image, preprocessing)),
  );
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((value) => value && current.get(value.name)!);
    for (const [name, value] of emitAgain(builder, node, inputs)) current.set(name, value);
  }
  for (const { name, value } of graph.outputs) builder.output(name, current.get(value.name)!);
  return { graph: builder.build(), tensors };
}
