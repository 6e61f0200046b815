/** @file onnx-instdisc build-graph: writes an artifact folder. */

import type { Argv } from "yargs";
import { writeArtifact } from "../../artifact/node.js";
import { readSafetensors } from "../../artifact/safetensors.js";
import { buildArtifact, FILES } from "../../build/buildArtifact.js";
import { buildOrtTraining } from "../../build/ortTraining/buildOrtTraining.js";
import { checkRecipe, type Recipe } from "../../build/recipe.js";
import { summarizeArtifact } from "../../build/summary.js";
import { ORT_OPTIMIZERS, type OrtOptimizer } from "../../codec/optimizerModel.js";
import { checkInstances, preprocessingOf, RECIPE_SETTINGS, recipeOf } from "../../config/recipe.js";
import type { SettingsOf } from "../../config/setting.js";
import { INIT_SETTINGS } from "../../config/settings.js";
import { UsageError } from "../../errors.js";
import { readInitialWeights, withInitialWeights } from "../initFrom.js";
import type { Io } from "../io.js";
import { givenSettings, optionsOf } from "../option.js";
import { showSizes, showSummary } from "../summary.js";

/** Pictures that costs are estimated for, where nobody says how many. */
const SOME_INSTANCES = 50_000;

/** How pictures become input when nothing was measured: ImageNet's statistics. */
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

const SETTINGS = { ...RECIPE_SETTINGS, ...INIT_SETTINGS } as const;

const OPTIONS = {
  ...optionsOf(SETTINGS),
  out: { type: "string", requiresArg: true, describe: "folder to write" },
  "dry-run": { type: "boolean", default: false, describe: "build and describe, but write nothing" },
  instances: {
    type: "number",
    defaultDescription: String(SOME_INSTANCES),
    requiresArg: true,
    describe: "pictures to estimate costs for; with the parametric objective, to build for",
  },
  "ort-training": {
    type: "string",
    choices: ORT_OPTIMIZERS,
    defaultDescription: "not written",
    coerce: (given: string | string[]) => (given === "" ? ORT_OPTIMIZERS[0] : given),
    describe:
      "also write what ONNX Runtime's own on-device training loads, with this optimizer: " +
      `${ORT_OPTIMIZERS[0]} if none is named`,
  },
  json: { type: "boolean", default: false, describe: "print the result as JSON" },
} as const;

interface BuildRequest {
  readonly out?: string | undefined;
  readonly dryRun: boolean;
  readonly instances?: number | undefined;
  readonly ortTraining?: OrtOptimizer | undefined;
  readonly json: boolean;
}

export function buildGraphCommand(parser: Argv, io: Io): void {
  parser.command(
    "build-graph",
    "Write the training step and the encoder as ONNX",
    (command) =>
      command
        .options(OPTIONS)
        .example("$0 build-graph --out build/cifar", "ResNet-18 for 32×32 pictures")
        .example("$0 build-graph --width 16 --batch-size 64 --out build/small", "a small one")
        .example("$0 build-graph --ort-training sgd --out build/device", "for on-device training too"),
    async (parsed) => {
      const settings = givenSettings("build-graph", parsed, SETTINGS) as SettingsOf<typeof SETTINGS>;
      io.stdout.write(await buildGraph(settings, parsed as unknown as BuildRequest, io));
    },
  );
}

async function buildGraph(
  settings: SettingsOf<typeof SETTINGS>,
  given: BuildRequest,
  io: Io,
): Promise<string> {
  const { instances = null } = given;
  if (instances !== null) checkInstances(instances);
  if (given.out === undefined && !given.dryRun)
    throw new UsageError("--out is missing, expected a folder to write");
  const recipe = recipeOf(settings, instances);
  const preprocessing = preprocessingOf(settings, recipe.imageSize, IMAGENET);
  const seed = settings.seed ?? 0;
  const weights = await readInitialWeights(settings);
  const random = buildArtifact({ recipe, seed, preprocessing });
  const { files: own, manifest: draft } = withInitialWeights(random, weights, settings, io);
  const files = new Map([...own, ...ortTrainingFiles(recipe, own, given.ortTraining)]);
  const written = given.out !== undefined && !given.dryRun;
  const manifest = written ? await writeArtifact(given.out, files, draft) : draft;
  const summary = summarizeArtifact(manifest, files, instances ?? SOME_INSTANCES);
  const sizes = new Map([...files].map(([name, { length }]) => [name, length]));
  if (given.json) return `${JSON.stringify({ out: written ? given.out : null, summary, manifest })}\n`;
  const head = given.dryRun ? "Would write" : `Wrote ${given.out}`;
  const next = given.dryRun
    ? ""
    : `\nNext: onnx-instdisc train --graph ${given.out} --data path/to/pictures --out build/run\n`;
  return `${head}:\n${showSizes(sizes)}\n${showSummary(summary, recipe)}${next}`;
}

/** What on-device training loads, with the weights of the artifact; nothing if no optimizer is asked for. */
function ortTrainingFiles(
  recipe: Recipe,
  files: ReadonlyMap<string, Uint8Array>,
  optimizer: OrtOptimizer | undefined,
): ReadonlyMap<string, Uint8Array> {
  if (optimizer === undefined) return new Map();
  const { tensors } = readSafetensors(files.get(FILES.state)!, FILES.state);
  return buildOrtTraining(checkRecipe(recipe), { optimizer, initial: tensors });
}
