/** @file onnx-instdisc build-graph: writes an artifact folder. */

import type { Argv } from "yargs";
import { writeArtifact } from "../../artifact/node.js";
import { buildArtifact } from "../../build/buildArtifact.js";
import { DEFAULT_RECIPE } from "../../build/recipe.js";
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
  json: { type: "boolean", default: false, describe: "print the result as JSON" },
} as const;

interface BuildArguments extends RecipeArguments {
  readonly out: string;
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
      checkNumbers(given);
      const recipe = recipeOf(given, DEFAULT_RECIPE, null);
      const seed = given.seed ?? 0;
      const built = buildArtifact({ recipe, seed, preprocessing: defaultPreprocessing(recipe.imageSize) });
      const manifest = await writeArtifact(given.out, built.files, built.manifest);
      if (given.json) io.stdout.write(`${JSON.stringify({ out: given.out, ...manifest })}\n`);
      else io.stdout.write(describe(given.out, manifest.files));
    },
  );
}

function describe(out: string, files: Readonly<Record<string, { sizeBytes: number }>>): string {
  const rows = Object.entries(files).map(([name, { sizeBytes }]) => [name, bytes(sizeBytes)]);
  return `Wrote ${out}:\n${table([...rows, ["manifest.json", ""]])}\nNext: onnx-instdisc train --graph ${out} --data path/to/pictures --out build/run\n`;
}
