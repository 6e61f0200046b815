/** @file onnx-instdisc export: a trained encoder for others to use. */

import type { Argv } from "yargs";
import { exportEncoder, type ExportSummary } from "../../export/exportEncoder.js";
import { PRECISIONS } from "../../export/variants.js";
import { bytes, percent, table } from "../format.js";
import type { Io } from "../io.js";
import { checkNumbers } from "../option.js";
import { withProgress } from "../progress.js";

const OPTIONS = {
  out: {
    type: "string",
    requiresArg: true,
    describe: "folder to write",
    defaultDescription: "encoder, next to the run",
  },
  overwrite: { type: "boolean", default: false, describe: "replace an earlier export in --out" },
  name: {
    type: "string",
    requiresArg: true,
    describe: "title of the model card",
    defaultDescription: "the folder's name",
  },
  license: {
    type: "string",
    requiresArg: true,
    describe: "of the model, as Hugging Face names it, such as mit",
    defaultDescription: "unknown",
  },
  author: { type: "string", requiresArg: true, describe: "who trained it" },
  dtype: {
    type: "string",
    requiresArg: true,
    describe: "number formats of the model files; fp32 must be among them",
    default: PRECISIONS.join(","),
  },
  json: { type: "boolean", default: false, describe: "print the summary as JSON" },
} as const;

interface ExportArguments {
  readonly model: string;
  readonly out?: string;
  readonly overwrite: boolean;
  readonly name?: string;
  readonly license?: string;
  readonly author?: string;
  readonly dtype: string;
  readonly json: boolean;
}

export function exportCommand(parser: Argv, io: Io): void {
  parser.command(
    "export <model>",
    "Write an encoder for others: Hugging Face's layout, fp16 and int8, a model card",
    (command) =>
      command
        .positional("model", { type: "string", demandOption: true, describe: "run or artifact folder" })
        .options(OPTIONS)
        .example("$0 export build/run", "writes build/encoder")
        .example("$0 export build/run --license mit", "a card ready for the hub")
        .example("$0 export build/run --dtype fp32,int8", "only these model files"),
    async (parsed) => {
      checkNumbers(parsed);
      const { json, dtype, ...given } = parsed as unknown as ExportArguments;
      const precisions = dtype.split(",").map((name) => name.trim());
      const summary = await withProgress(io, (tell) =>
        exportEncoder({
          ...given,
          precisions,
          stage: (what) => (done, total) => tell(what, done, total),
        }),
      );
      io.stdout.write(json ? `${JSON.stringify(summary)}\n` : show(summary));
    },
  );
}

function show({ out, files, comparison }: ExportSummary): string {
  const rows = files.map(({ name, sizeBytes, drift }) => {
    const shares = [drift?.sameNearest, drift?.sameClass].map((share) =>
      typeof share === "number" ? percent(share) : "",
    );
    const cosines = [drift?.cosineMean, drift?.cosineMin].map((cosine) => cosine?.toFixed(6) ?? "");
    return [name, bytes(sizeBytes), ...(comparison.pictures === null ? [] : [...cosines, ...shares])];
  });
  const head =
    comparison.pictures === null
      ? ["", "size"]
      : ["", "size", "cosine: mean", "least", "same nearest", "same class"];
  const note =
    comparison.pictures === null
      ? `Drift not measured: ${comparison.missing ?? ""}.`
      : `Drift against the encoder as trained, on ${comparison.pictures}.`;
  return `Wrote ${out}:\n\n${table([head, ...rows])}\n${note}\n\nNext: npx onnx-instdisc verify ${out}\n`;
}
