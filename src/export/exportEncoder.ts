/** @file A trained encoder as a folder in Hugging Face's layout, which transformers.js and every ONNX runtime load. */

import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { Manifest } from "../artifact/manifest.js";
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
import { checkFolder, isWithin, replaceFolder } from "./folder.js";
import { modelConfig, preprocessorConfig } from "./hubConfig.js";
import { measureFiles, type Stage } from "./measure.js";
import { featuresOf, makeModelFiles, type ModelFile } from "./modelFiles.js";
import { EXPORT, isOurs } from "./names.js";
import { testPictures } from "./testPictures.js";
import { chooseVariants, PRECISIONS } from "./variants.js";

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
  const out = options.out ?? join(model.run ?? model.artifact ?? options.model, "..", "encoder");
  const manifest = manifestOf(model);
  checkApart(model, out);
  const folder = await checkFolder(out, options.overwrite ?? false, isOurs);
  const { license = "unknown", author = null, name = basename(folder), stage = () => () => {} } = options;
  const models = makeModelFiles(model, { author, license }, variants, stage("making the model files"));
  const { drift, comparison } = await measure(model, models, stage);
  const run = await recordsOf(model);
  const curves = run && (await drawCurveSheet(run));
  const facts: CardFacts = {
    name,
    license,
    author,
    manifest,
    temperature: model.temperature,
    features: featuresOf(model),
    run,
    models: models.map(({ file, what, bytes }) => describe(file, bytes, what, drift.get(file))),
    dtypes: models.flatMap(({ dtype }) => dtype ?? []),
    comparison,
    curves: curves === null ? null : EXPORT.curves,
  };
  const others = new Map([
    [HUB.config, json(modelConfig({ manifest, temperature: model.temperature }))],
    [HUB.preprocessor, json(preprocessorConfig(model.preprocessing))],
    ...(curves === null ? [] : [[EXPORT.curves, text(curves)] as const]),
    [EXPORT.card, text(printCard(facts, basename(folder)))],
  ]);
  const files = new Map([...others, ...models.map(({ file, bytes }) => [file, bytes] as const)]);
  await replaceFolder(folder, files, isOurs);
  return {
    out,
    name,
    files: [...facts.models, ...[...others].map(([file, bytes]) => describe(file, bytes, ""))],
    comparison,
  };
}

function describe(name: string, { length }: Uint8Array, what: string, drift?: Agreement): ExportedFile {
  return { name, sizeBytes: length, what, drift: drift ?? null };
}

function manifestOf({ manifest, where }: Model): Manifest {
  if (manifest !== null) return manifest;
  throw new UsageError(
    `${where}: is an exported folder already, expected a run or an artifact folder; give the one that it was made from`,
  );
}

/** @throws UsageError when replacing `out` would take the model with it */
function checkApart({ where, run, artifact }: Model, out: string): void {
  if (isWithin(resolve(run ?? artifact!), resolve(out))) {
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
  models: readonly ModelFile[],
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

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const json = (content: object): Uint8Array => text(`${JSON.stringify(content, null, 2)}\n`);
