/** @file onnx-instdisc build-graph: writes an artifact folder. */

import type { Argv } from "yargs";
import { writeArtifact } from "../../artifact/node.js";
import { buildArtifact } from "../../build/buildArtifact.js";
import { buildOrtTraining } from "../../build/ortTraining/buildOrtTraining.js";
import { checkRecipe, DEFAULT_RECIPE, type Recipe } from "../../build/recipe.js";
import { ORT_OPTIMIZERS, type OrtOptimizer } from "../../codec/optimizerModel.js";
import { bytes, table } from "../format.js";
import type { Io } from "../io.js";
import {
  checkNumbers,
  defaultPreprocessing,
  RECIPE_OPTIONS,
  recipeOf,
  type RecipeArguments,
} from "../recipeOptions.js";

const OPTIONS = {
  ...RECIPE_OPTIONS,
  out: { type: "string", demandOption: true, requiresArg: true, describe: "folder to write" },
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

interface BuildArguments extends RecipeArguments {
  readonly out: string;
  readonly ortTraining?: OrtOptimizer;
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
      const given = parsed as unknown as BuildArguments;
      checkNumbers(given);
      const recipe = recipeOf(given, DEFAULT_RECIPE);
      const seed = given.seed ?? 0;
      const built = buildArtifact({ recipe, seed, preprocessing: defaultPreprocessing(recipe.imageSize) });
      const files = new Map([...built.files, ...ortTrainingFiles(recipe, seed, given.ortTraining)]);
      const manifest = await writeArtifact(given.out, files, built.manifest);
      if (given.json) io.stdout.write(`${JSON.stringify({ out: given.out, ...manifest })}\n`);
      else io.stdout.write(describe(given.out, manifest.files));
    },
  );
}

function ortTrainingFiles(recipe: Recipe, seed: number, optimizer: OrtOptimizer | undefined) {
  if (optimizer === undefined) return new Map<string, Uint8Array>();
  return buildOrtTraining(checkRecipe(recipe), { optimizer, seed });
}

function describe(out: string, files: Readonly<Record<string, { sizeBytes: number }>>): string {
  const rows = Object.entries(files).map(([name, { sizeBytes }]) => [name, bytes(sizeBytes)]);
  return `Wrote ${out}:\n${table([...rows, ["manifest.json", ""]])}\nNext: onnx-instdisc train --graph ${out} --data path/to/pictures --out build/run\n`;
}
