/** @file onnx-instdisc embed: vectors of pictures as a file that other tools read. */

import type { Argv } from "yargs";
import { UsageError } from "../../errors.js";
import { ENCODER_OUTPUTS, type EncoderOutput } from "../../models/encoder.js";
import { PARTS, type Part } from "../../models/locatePictures.js";
import { readModel } from "../../models/model.js";
import { vectorFormat, writeVectors } from "../../models/vectorFiles.js";
import { EMBEDDING_OPTIONS, embedNamed, locateNamedPictures, type EmbeddingArguments } from "../embedding.js";
import { counted } from "../format.js";
import type { Io } from "../io.js";
import { checkNumbers } from "../option.js";

const OPTIONS = {
  out: { type: "string", requiresArg: true, describe: "file to write: .npy, .parquet or .safetensors" },
  output: {
    choices: ENCODER_OUTPUTS,
    default: ENCODER_OUTPUTS[0],
    requiresArg: true,
    describe: "the embedding, or the features before the last layer",
  },
  part: {
    choices: PARTS,
    default: "all",
    requiresArg: true,
    describe: "pictures to learn from, to evaluate on, or both",
  },
  ...EMBEDDING_OPTIONS,
  json: { type: "boolean", default: false, describe: "print what was written as JSON" },
} as const;

interface EmbedArguments extends EmbeddingArguments {
  readonly model: string;
  readonly paths: readonly string[];
  readonly out?: string;
  readonly output: EncoderOutput;
  readonly part: Part;
  readonly json: boolean;
}

export function embedCommand(parser: Argv, io: Io): void {
  parser.command(
    "embed <model> <paths...>",
    "Write the vectors of pictures as .npy, .parquet or .safetensors",
    (command) =>
      command
        .positional("model", {
          type: "string",
          demandOption: true,
          describe: "folder that train, build-graph or export wrote",
        })
        .positional("paths", {
          type: "string",
          array: true,
          demandOption: true,
          describe: "pictures, folders of them, or whatever else train takes",
        })
        .options(OPTIONS)
        .example("$0 embed build/run photos --out vectors.parquet", "a row for each picture, with its path")
        .example("$0 embed my-encoder a.jpg b.jpg --out two.npy", "single pictures; ids in two.npy.json"),
    async (parsed) => {
      io.stdout.write(await embed(parsed, io));
    },
  );
}

async function embed(given: EmbedArguments, io: Io): Promise<string> {
  const { paths, ...others } = given;
  checkNumbers(others);
  if (given.out === undefined) throw new UsageError("--out is missing, expected a file to write; name one");
  vectorFormat(given.out); // before any work
  const model = await readModel(given.model);
  const options = { part: given.part, format: given["data-format"] };
  const sources = await locateNamedPictures(paths.map(String), options, io);
  const pictures = await embedNamed(model, sources, given, io);
  const files = await writeVectors(given.out, pictures, { model, output: given.output });
  const { count, dim } = pictures.vectors;
  const left = pictures.broken.length;
  if (given.json) {
    const { sha256 } = model;
    return `${JSON.stringify({ files, pictures: count, dim, broken: pictures.broken, modelSha256: sha256 })}\n`;
  }
  const broken = left > 0 ? `, ${counted(left, "picture")} left out` : "";
  return `Wrote ${files.join(" and ")}: ${counted(count, "vector")} of ${dim} numbers${broken}.\n`;
}
