/** @file onnx-instdisc build-graph: writes an artifact folder. */

import type { Argv } from "yargs";
import { writeArtifact } from "../../artifact/node.js";
import { buildArtifact } from "../../build/buildArtifact.js";
import { DEFAULT_RECIPE } from "../../build/recipe.js";
import { summarizeArtifact } from "../../build/summary.js";
import { UsageError } from "../../errors.js";
import { INIT_OPTIONS, readInitialWeights, withInitialWeights, type InitArguments } from "../initFrom.js";
import type { Io } from "../io.js";
import { showSizes, showSummary } from "../summary.js";
import {
  checkInstances,
  checkNumbers,
  defaultPreprocessing,
  RECIPE_OPTIONS,
  recipeOf,
  type RecipeArguments,
} from "../recipeOptions.js";

/** Pictures that costs are estimated for, where nobody says how many. */
const SOME_INSTANCES = 50_000;

const OPTIONS = {
  ...RECIPE_OPTIONS,
  ...INIT_OPTIONS,
  out: { type: "string", requiresArg: true, describe: "folder to write" },
  "dry-run": { type: "boolean", default: false, describe: "build and describe, but write nothing" },
  instances: {
    type: "number",
    defaultDescription: String(SOME_INSTANCES),
    requiresArg: true,
    describe: "pictures to estimate costs for; with the parametric objective, to build for",
  },
  json: { type: "boolean", default: false, describe: "print the result as JSON" },
} as const;

interface BuildArguments extends RecipeArguments, InitArguments {
  readonly out?: string | undefined;
  readonly dryRun: boolean;
  readonly instances?: number | undefined;
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
        .example("$0 build-graph --width 16 --batch-size 64 --out build/small", "a small one"),
    async (parsed) => {
      const given = parsed as unknown as BuildArguments;
      io.stdout.write(await buildGraph(given, io));
    },
  );
}

async function buildGraph(given: BuildArguments, io: Io): Promise<string> {
  checkNumbers(given);
  const { instances = null } = given;
  if (instances !== null) checkInstances(instances);
  if (given.out === undefined && !given.dryRun)
    throw new UsageError("--out is missing, expected a folder to write");
  const recipe = recipeOf(given, DEFAULT_RECIPE, instances);
  const preprocessing = defaultPreprocessing(recipe.imageSize);
  const weights = await readInitialWeights(given);
  const random = buildArtifact({ recipe, seed: given.seed ?? 0, preprocessing });
  const { files, manifest: draft } = withInitialWeights(random, weights, given, io);
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
