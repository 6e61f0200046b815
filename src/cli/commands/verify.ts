/** @file onnx-instdisc verify: the same vectors in every runtime, or a failure that says where not. */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Argv } from "yargs";
import { atomicWrite } from "../../artifact/node.js";
import type { Picture } from "../../data/dataset.js";
import { openDataset } from "../../data/dataset.js";
import { UsageError } from "../../errors.js";
import { readablePictures } from "../../evaluate/pictures.js";
import { RUNTIMES } from "../../export/card.js";
import { replaceSection } from "../../export/cardSections.js";
import { EXPORT } from "../../export/names.js";
import { HEAD, markdownOf, rowOf } from "../../verify/report.js";
import { verifyFolder, type Verification } from "../../verify/verify.js";
import { counted, table } from "../format.js";
import type { Io } from "../io.js";
import { locateNamed } from "../locateNamed.js";
import { checkNumbers } from "../option.js";

interface VerifyArguments {
  readonly folder: string;
  readonly data: string | undefined;
  readonly pictures: number;
  readonly python: string;
  readonly threshold: number | undefined;
  readonly json: boolean;
}

/** @param done takes whether every runtime agrees */
export function verifyCommand(parser: Argv, io: Io, done: (agree: boolean) => void): void {
  parser.command(
    "verify <folder>",
    "Run an exported encoder in every runtime there is and compare the vectors",
    (command) =>
      command
        .positional("folder", { type: "string", demandOption: true, describe: "folder that export wrote" })
        .options({
          data: {
            type: "string",
            requiresArg: true,
            describe: "pictures to compare with; default: the embedded sample",
          },
          pictures: { type: "number", requiresArg: true, default: 100, describe: "how many of them" },
          python: { type: "string", requiresArg: true, default: "python3", describe: "Python to try" },
          threshold: {
            type: "number",
            requiresArg: true,
            defaultDescription: "0.9999 for float32, 0.999 for float16, 0.97 for int8",
            describe: "smallest cosine that passes, for every file",
          },
          json: { type: "boolean", default: false, describe: "print as JSON" },
        } as const)
        .example("$0 verify build/encoder", "writes the table into the model card too")
        .example("$0 verify build/encoder --data path/to/pictures --python .venv/bin/python", ""),
    async (parsed) => {
      checkNumbers(parsed);
      done((await verify(parsed, io)).passed);
    },
  );
}

async function verify(parsed: VerifyArguments, io: Io): Promise<Verification> {
  check(parsed);
  const { folder, python, threshold } = parsed;
  const pictures = await takePictures(parsed, io);
  const verification = await verifyFolder({
    ...{ folder, pictures, python },
    ...(threshold === undefined ? {} : { threshold }),
    tell: (doing) => io.stderr.write(`${doing}\n`),
  });
  const card = await writeIntoCard(folder, verification);
  io.stdout.write(parsed.json ? `${JSON.stringify(verification)}\n` : describe(folder, verification, card));
  return verification;
}

/** @throws UsageError for numbers out of range */
function check({ pictures, threshold }: VerifyArguments): void {
  const faults = [
    ...(Number.isInteger(pictures) && pictures >= 1 ? [] : [`--pictures is ${pictures}, expected 1 or more`]),
    ...(threshold === undefined || (threshold >= -1 && threshold <= 1)
      ? []
      : [`--threshold is ${threshold}, expected a cosine, -1 to 1`]),
  ];
  if (faults.length > 0) throw new UsageError(`verify: ${faults.join("; ")}; correct these options`);
}

/** The first that can be read: of the held-out ones where there are any. */
async function takePictures({ data, pictures }: VerifyArguments, io: Io): Promise<Picture[]> {
  const { train, evaluate } = await locateNamed(data, { seed: 0 }, io);
  const dataset = await openDataset(evaluate ?? train);
  const rows = Array.from({ length: dataset.size }, (_, row) => row);
  const taken: Picture[] = [];
  for await (const { picture } of readablePictures(dataset, rows, pictures)) taken.push(picture);
  return taken;
}

/** @returns the card; null: the folder has none */
async function writeIntoCard(folder: string, verification: Verification): Promise<string | null> {
  const path = join(folder, EXPORT.card);
  if (!existsSync(path)) return null;
  const card = await readFile(path, "utf8");
  await atomicWrite(path, new TextEncoder().encode(replaceSection(card, RUNTIMES, markdownOf(verification))));
  return path;
}

function describe(folder: string, verification: Verification, card: string | null): string {
  const { pictures, reference, checks, passed } = verification;
  const head = `Vectors of ${counted(pictures, "picture")}, compared with ${reference}:\n\n`;
  const told = card === null ? "" : `; ${card} says ${passed ? "so" : "where"}`;
  const end = `\n${passed ? "All agree" : "Not all agree"}${told}.\n`;
  const next = `Next: npx onnx-instdisc index create build/index --model ${folder} --data path/to/pictures\n`;
  return `${head}${table([HEAD, ...checks.map(rowOf)], "left")}${end}${passed ? next : ""}`;
}
