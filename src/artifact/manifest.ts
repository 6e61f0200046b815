/** @file manifest.json: what an artifact folder holds, how it was made, and how its tensors hang together. */

import * as z from "zod";
import { ArtifactError } from "../errors.js";
import { DTYPES } from "../ir/dtype.js";
import { count, perChannel, sha256Digits } from "./numbers.js";
import { objective } from "./objectiveSchema.js";
import { optimizer } from "./optimizerSchema.js";
import { checkSchema, parseJson, type DeepReadonly } from "./schema.js";

export const MANIFEST_FILE = "manifest.json";

const FORMAT = "onnx-instdisc";
/** Versions of the format that this package reads. */
const FORMAT_VERSIONS: readonly number[] = [1];
const REMEDY = "rebuild the folder with build-graph";
const LINE_WIDTH = 110;

const share = z.number().min(0).max(1);
/** A plain name: a manifest may not point out of its folder. */
const fileName = z.string().regex(/^[\w-][\w.-]*$/, "expected a file name without a folder");

const schema = z.strictObject({
  format: z.literal(FORMAT),
  formatVersion: z.literal(1),
  producer: z.strictObject({ name: z.string(), version: z.string() }),
  seed: z.int().min(0),
  opset: count,
  irVersion: count,
  recipe: z.strictObject({
    arch: z.string().min(1),
    /** null for networks with one kind of first layers. */
    stem: z.string().min(1).nullable(),
    /** Channels of the first convolution or stage. */
    width: count,
    /** Height and width of a training picture, pixels. */
    imageSize: count,
    batchSize: count,
    objective,
    embeddingDim: count,
    /** Share of the old row that a bank update keeps, in [0, 1]. */
    bankMomentum: share,
    optimizer,
    /** Batches whose gradients make one step. */
    accumulation: count.default(1),
  }),
  /** How a picture becomes pixel_values: resized, scaled to [0, 1], minus mean, divided by std, per channel. */
  preprocessing: z.strictObject({
    imageSize: count,
    mean: perChannel,
    std: z.tuple([z.number().gt(0), z.number().gt(0), z.number().gt(0)]),
    /** The shorter side before the central crop of imageSize, pixels. */
    resize: count,
  }),
  /** What was learned from; null: nothing yet, or not recorded. */
  data: z
    .strictObject({
      /** How the pictures are kept, such as "folder". */
      format: z.string().min(1),
      pictures: count,
      /** Of the pictures' names in their order: row r of the bank belongs to the r-th. */
      sha256: sha256Digits,
    })
    .nullable()
    .default(null),
  tensors: z.array(
    z.strictObject({
      name: z.string().min(1),
      dtype: z.enum(DTYPES),
      shape: z.array(
        z.union([z.int().min(0), z.string().min(1)], { error: "expected a size or the name of a dimension" }),
      ),
      role: z.enum(["input", "output", "parameter", "momentum", "statistic", "bank", "accumulator"]),
      /** The output of train_step.onnx, for an accumulator of accumulate_step.onnx, that is this tensor after the run. */
      next: z.string().min(1).optional(),
    }),
  ),
  files: z.record(
    fileName,
    z.strictObject({
      sha256: sha256Digits,
      sizeBytes: z.int().min(0),
    }),
  ),
});

export type Manifest = DeepReadonly<z.output<typeof schema>>;
export type ManifestTensor = Manifest["tensors"][number];
export type TensorRole = ManifestTensor["role"];
export type FileEntry = Manifest["files"][string];

/** A manifest as its maker knows it; what the files hash to is found when they are written. */
export type ManifestDraft = Omit<Manifest, "files">;

/** @param describe each file */
export function completeManifest(
  draft: ManifestDraft,
  files: ReadonlyMap<string, Uint8Array>,
  describe: (bytes: Uint8Array) => FileEntry,
): Manifest {
  const entries = [...files].map(([name, bytes]) => [name, describe(bytes)] as const);
  return { ...draft, files: Object.fromEntries(entries) };
}

/**
 * @param where the file, for messages
 * @throws ArtifactError when it is not a manifest, is of a version not known here, or listing every fault
 */
export function parseManifest(json: string, where: string): Manifest {
  return check(parseJson(json, where, REMEDY), where);
}

/** Stable text: keys in the order of the schema, files by name, one tensor a line. */
export function printManifest(manifest: Manifest): string {
  const checked = check(manifest, "manifest to be written");
  const files = Object.entries(checked.files).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${print({ ...checked, files: Object.fromEntries(files) }, "")}\n`;
}

function check(data: unknown, where: string): Manifest {
  const { format, formatVersion } = (data ?? {}) as Record<string, unknown>;
  if (format === FORMAT && typeof formatVersion === "number" && !FORMAT_VERSIONS.includes(formatVersion)) {
    throw new ArtifactError(
      `${where}: formatVersion is ${formatVersion}, expected one that is known here: ${FORMAT_VERSIONS.join(", ")}; ` +
        `update onnx-instdisc or ${REMEDY}`,
    );
  }
  const manifest = checkSchema(schema, data, where, REMEDY);
  const names = manifest.tensors.map(({ name }) => name);
  const repeated = names.filter((name, at) => names.indexOf(name) < at);
  if (repeated.length > 0) {
    throw new ArtifactError(
      `${where}: tensors has ${repeated.join(", ")} more than once, expected each name once; ${REMEDY}`,
    );
  }
  return manifest;
}

/** JSON, indented, but for what fits in one line. */
function print(value: unknown, indent: string): string {
  const short = printInline(value);
  if (typeof value !== "object" || value === null || indent.length + short.length <= LINE_WIDTH) return short;
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const lines = entriesOf(value).map(([label, item]) => `${inner}${label}${print(item, inner)}`);
  return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}

function printInline(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const items = entriesOf(value).map(([label, item]) => `${label}${printInline(item)}`);
  if (Array.isArray(value)) return `[${items.join(", ")}]`;
  return items.length > 0 ? `{ ${items.join(", ")} }` : "{}";
}

/** What stands in a list or an object, each with its key and a colon where it has one. */
function entriesOf(value: object): [label: string, item: unknown][] {
  if (Array.isArray(value)) return value.map((item: unknown) => ["", item]);
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => [`${JSON.stringify(key)}: `, item]);
}
