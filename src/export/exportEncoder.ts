/** @file A trained encoder as a folder in Hugging Face's layout, which transformers.js and every ONNX runtime load. */

import { basename, join, relative, resolve } from "node:path";
import { existsSync } from "node:fs";
import type { Manifest } from "../artifact/manifest.js";
import { decodeModel } from "../codec/decode.js";
import { UsageError } from "../errors.js";
import { HUB } from "../models/hubFolder.js";
import { readModel, type Model } from "../models/model.js";
import { drawCurveSheet } from "../report/curveSheet.js";
import { readRun, type RunRecords } from "../report/runRecords.js";
import { counted } from "../report/text.js";
import { RUN } from "../run/layout.js";
import type { Agreement } from "./agreement.js";
import { printCard } from "./card.js";
import type { CardFacts, Comparison, ExportedFile } from "./facts.js";
import { checkFolder, replaceFolder } from "./folder.js";
import { modelConfig, preprocessorConfig } from "./hubConfig.js";
import { measureFiles, type Stage } from "./measure.js";
import { testPictures } from "./testPictures.js";
import { chooseVariants, PRECISIONS, type Variant } from "./variants.js";

export const EXPORT = { card: "README.md", curves: "curves.svg" } as const;

export interface ExportOptions {
  /** A run or an artifact folder. */
  readonly model: string;
  /** Folder to write; default: `encoder` next to the run. */
  readonly out?: string | undefined;
  /** Title of the card; default: the name of the folder. */
  readonly name?: string | undefined;
  /** As Hugging Face names it, such as "mit"; default: unknown. */
  readonly license?: string | undefined;
  readonly author?: string | undefined;
  /** Which model files; default: all. fp32 must be among them. */
  readonly precisions?: readonly string[] | undefined;
  /** Replaces what an earlier export wrote; files that are not of an export stay in any case. */
  readonly overwrite?: boolean | undefined;
  readonly stage?: Stage | undefined;
}

export interface ExportSummary {
  readonly out: string;
  readonly name: string;
  /** All files that were written; those of models have a drift, where there are pictures to measure it on. */
  readonly files: readonly ExportedFile[];
  readonly comparison: Comparison;
}

/**
 * Writes the folder as one: a killed export leaves the old one or the new one.
 * @throws UsageError when the model is exported already, or `out` may not be replaced
 * @throws ArtifactError when the model cannot be read, or `out` cannot be written
 */
export async function exportEncoder(options: ExportOptions): Promise<ExportSummary> {
  const variants = chooseVariants(options.precisions ?? PRECISIONS);
  const model = await readModel(options.model);
  const manifest = manifestOf(model);
  const out = options.out ?? join(model.run ?? model.artifact!, "..", "encoder");
  checkApart(model, out);
  const folder = await checkFolder(out, options.overwrite ?? false, isOurs);
  const name = options.name ?? basename(folder);
  const run = await recordsOf(model);
  const models = new Map(variants.map(({ file, make }) => [file, make(model.encoder)]));
  const { drift, comparison } = await measure(model, models, options.stage ?? (() => () => {}));
  const curves = run && (await drawCurveSheet(run));
  const facts: CardFacts = {
    name,
    license: options.license ?? "unknown",
    author: options.author ?? null,
    manifest,
    temperature: model.temperature,
    features: featuresOf(model),
    run,
    models: variants.map((variant) => describe(variant, models.get(variant.file)!, drift)),
    comparison,
    curves: curves === null ? null : EXPORT.curves,
  };
  const files = new Map([
    [HUB.config, json(modelConfig({ manifest, temperature: model.temperature }))],
    [HUB.preprocessor, json(preprocessorConfig(model.preprocessing))],
    ...models,
    ...(curves === null ? [] : [[EXPORT.curves, text(curves)] as const]),
    [EXPORT.card, text(printCard(facts, basename(folder)))],
  ]);
  await replaceFolder(folder, files, isOurs);
  const others = [...files].filter(([file]) => !models.has(file));
  const described = others.map(([file, bytes]) => ({
    name: file,
    sizeBytes: bytes.length,
    what: "",
    drift: null,
  }));
  return { out, name, files: [...facts.models, ...described], comparison };
}

/** Names that an export writes, now or in an earlier version. */
function isOurs(name: string): boolean {
  const known: readonly string[] = [
    HUB.config,
    HUB.preprocessor,
    EXPORT.card,
    EXPORT.curves,
    "model_image.onnx",
  ];
  return known.includes(name) || /^onnx\/model(_\w+)?\.onnx$/.test(name);
}

function manifestOf({ manifest, where }: Model): Manifest {
  if (manifest !== null) return manifest;
  throw new UsageError(
    `${where}: is an exported folder already, expected a run or an artifact folder; give the one that it was made from`,
  );
}

/** @throws UsageError when replacing `out` would take the model with it */
function checkApart({ where, run, artifact }: Model, out: string): void {
  const way = relative(resolve(out), resolve(run ?? artifact!));
  if (way === "" || !(way.startsWith("..") || resolve(way) === way)) {
    throw new UsageError(
      `--out ${out}: holds the model ${where} itself, expected another folder; name one beside or below it`,
    );
  }
}

/** null: the artifact is not from a run, or was copied without its records. */
async function recordsOf({ run }: Model): Promise<RunRecords | null> {
  return run !== null && existsSync(join(run, RUN.metrics)) ? readRun(run) : null;
}

async function measure(
  model: Model,
  models: ReadonlyMap<string, Uint8Array>,
  stage: Stage,
): Promise<{ readonly drift: ReadonlyMap<string, Agreement>; readonly comparison: Comparison }> {
  const pictures = await testPictures(model);
  if (typeof pictures === "string")
    return { drift: new Map(), comparison: { pictures: null, missing: pictures } };
  const drift = await measureFiles(model, pictures, models, stage);
  const compared = [...drift.values()][0]!.pictures;
  const kind = pictures.heldOut ? "held-out picture" : "training picture";
  return { drift, comparison: { pictures: counted(compared, kind), missing: null } };
}

function describe(
  { file, what }: Variant,
  bytes: Uint8Array,
  drift: ReadonlyMap<string, Agreement>,
): ExportedFile {
  return { name: file, sizeBytes: bytes.length, what, drift: drift.get(file) ?? null };
}

/** Length of pooler_output. */
function featuresOf({ encoder, where }: Model): number | null {
  const { outputs } = decodeModel(encoder, where).graph;
  const length = outputs.find(({ name }) => name === "pooler_output")?.value.shape[1];
  return typeof length === "number" ? length : null;
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const json = (content: object): Uint8Array => text(`${JSON.stringify(content, null, 2)}\n`);
