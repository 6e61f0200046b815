/** @file What a finished model says of itself to people and tools, beside what it computes. */

import { ArtifactError } from "../errors.js";
import { readModel, writeModel, type IGraphProto, type ValueInfoProto } from "./protobuf.js";

/** Meaning of an axis of a picture. Source: onnx/docs/DimensionDenotation.md */
export type AxisDenotation = "DATA_BATCH" | "DATA_CHANNEL" | "DATA_FEATURE";

export interface ModelMetadata {
  /** Replaces the description; default: as it is. */
  readonly docString?: string;
  /** Added to what the model says already; a key of the same name is replaced. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Marks an input as a picture, for tools that then ask for one. */
  readonly image?: { readonly input: string; readonly axes: readonly AxisDenotation[] };
}

/**
 * The same model, described. Keys are written in their order, so that equal descriptions give equal bytes.
 * @throws ArtifactError when the bytes are not a model, or have no such input of as many axes
 */
export function withMetadata(
  model: Uint8Array,
  { docString, metadata = {}, image }: ModelMetadata,
  where = "model",
): Uint8Array {
  const { graph, ...head } = readModel(model, where);
  const known = head.metadataProps?.map(({ key, value }) => [key ?? "", value ?? ""]) ?? [];
  const merged = { ...(Object.fromEntries(known) as Record<string, string>), ...metadata };
  return writeModel(
    {
      ...head,
      ...(docString === undefined ? {} : { docString }),
      metadataProps: Object.entries(merged)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => ({ key, value })),
    },
    image === undefined ? graph! : markImage(graph!, image, where),
  );
}

function markImage(
  graph: IGraphProto,
  { input, axes }: NonNullable<ModelMetadata["image"]>,
  where: string,
): IGraphProto {
  const mark = (info: ValueInfoProto): ValueInfoProto => {
    const tensorType = info.type?.tensorType;
    const dim = tensorType?.shape?.dim ?? [];
    if (dim.length !== axes.length) {
      throw new ArtifactError(
        `${where}: input ${input} has ${dim.length} axes, expected ${axes.length}; name one for each`,
      );
    }
    const shape = { dim: dim.map((own, axis) => ({ ...own, denotation: axes[axis]! })) };
    return { ...info, type: { ...info.type, denotation: "IMAGE", tensorType: { ...tensorType, shape } } };
  };
  if (!graph.input?.some(({ name }) => name === input))
    throw new ArtifactError(
      `${where}: has no input ${input}, expected one to mark as a picture; correct its name`,
    );
  return { ...graph, input: graph.input.map((info) => (info.name === input ? mark(info) : info)) };
}
