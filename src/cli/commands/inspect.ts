/** @file onnx-instdisc inspect: says what a model, a weights file or an artifact folder is. */

import { readFile, stat } from "node:fs/promises";
import type { Argv } from "yargs";
import { readArtifact } from "../../artifact/node.js";
import { readSafetensors } from "../../artifact/safetensors.js";
import { summarizeArtifact, summarizeModel } from "../../build/summary.js";
import { decodeModel } from "../../codec/decode.js";
import { checkInstances } from "../../config/recipe.js";
import { ArtifactError, UsageError } from "../../errors.js";
import type { Value } from "../../ir/graph.js";
import { printGraph } from "../../ir/print.js";
import { showShape } from "../../ir/shape.js";
import { bytes, quantity, table } from "../format.js";
import type { Io } from "../io.js";
import { checkNumbers } from "../option.js";
import { showSizes, showSummary } from "../summary.js";

interface InspectArguments {
  readonly path: string;
  readonly listing: boolean;
  readonly instances: number;
  readonly json: boolean;
}

/** A report in both forms. */
interface Report {
  readonly json: object;
  readonly text: string;
}

export function inspectCommand(parser: Argv, io: Io): void {
  parser.command(
    "inspect <path>",
    "Show what an artifact folder, a model or a weights file holds",
    (command) =>
      command
        .positional("path", { type: "string", demandOption: true, describe: "folder, .onnx or .safetensors" })
        .options({
          listing: { type: "boolean", default: false, describe: "print a model node by node" },
          instances: {
            type: "number",
            default: 50_000,
            requiresArg: true,
            describe: "pictures to estimate costs for",
          },
          json: { type: "boolean", default: false, describe: "print as JSON" },
        })
        .example("$0 inspect build/run", "recipe, tensors and files of a run")
        .example("$0 inspect build/run/encoder.onnx --listing", "every node with its shape"),
    async (parsed) => {
      const given = parsed as unknown as InspectArguments;
      checkNumbers(given);
      checkInstances(given.instances);
      const { json, text } = await inspect(given);
      io.stdout.write(given.json ? `${JSON.stringify(json)}\n` : text);
    },
  );
}

async function inspect({ path, listing, instances }: InspectArguments): Promise<Report> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new ArtifactError(`${path}: cannot be read (${error.code}), expected a folder or file`, {
      cause: error,
    });
  });
  if (found.isDirectory()) return inspectFolder(path, instances);
  if (path.endsWith(".onnx")) return inspectModel(path, await readFile(path), listing, instances);
  if (path.endsWith(".safetensors")) return inspectWeights(path, await readFile(path));
  throw new UsageError(`${path}: is neither a folder nor .onnx nor .safetensors; name one of these`);
}

async function inspectFolder(folder: string, instances: number): Promise<Report> {
  const { manifest, files } = await readArtifact(folder);
  const summary = summarizeArtifact(manifest, files, instances);
  const sizes = new Map([...files].map(([name, { length }]) => [name, length]));
  const roles = new Map<string, number>();
  for (const { role } of manifest.tensors) roles.set(role, (roles.get(role) ?? 0) + 1);
  const tensors = manifest.tensors
    .filter(({ role }) => role === "input" || role === "output" || role === "bank")
    .map(({ name, dtype, shape, role }) => [name, role, `${dtype} ${showShape(shape)}`]);
  const { producer, seed, opset, recipe } = manifest;
  const counts = [...roles].map(([role, count]) => `${count} ${role}`).join(", ");
  const text = [
    `${folder}: made by ${producer.name} ${producer.version}, opset ${opset}, seed ${seed}; all files are whole\n`,
    showSizes(sizes),
    showSummary(summary, recipe),
    `Tensors of a step: ${counts}\n${table(tensors, "left")}`,
    `Recipe\n${table(Object.entries(recipe).map(showOption), "left")}`,
  ].join("\n");
  return { json: { folder, summary, manifest }, text };
}

function showOption([name, value]: [string, string | number | object | null]): string[] {
  return [
    name,
    typeof value === "object" ? (value === null ? "none" : JSON.stringify(value)) : String(value),
  ];
}

function inspectModel(path: string, file: Uint8Array, listing: boolean, instances: number): Report {
  const model = decodeModel(file, path);
  const { graph, tensors, metadata, opset, irVersion, producerName, producerVersion } = model;
  if (listing) return { json: { listing: printGraph(graph) }, text: printGraph(graph) };
  const summary = summarizeModel(model, { batch: 1, instances });
  const free = graph.inputs.filter(({ name }) => !tensors.has(name));
  const outputs = graph.outputs.map(({ value }) => value);
  const row = (role: string) => (value: Value) => [
    value.name,
    role,
    `${value.dtype} ${showShape(value.shape)}`,
  ];
  const text = [
    `${path}: graph ${graph.name}, made by ${producerName} ${producerVersion}, opset ${opset}, IR ${irVersion}\n`,
    table([
      ["nodes", String(summary.nodes)],
      ["parameters", quantity(summary.parameters)],
      ["one run", `${quantity(summary.flops)}FLOP`],
      ["bound tensors", String(tensors.size)],
      ["file", bytes(file.length)],
    ]),
    table(
      [
        ...free.filter(({ name }) => !graph.parameters.has(name)).map(row("input")),
        ...outputs.map(row("output")),
      ],
      "left",
    ),
    table(Object.entries(metadata), "left"),
  ].join("\n");
  const json = { path, summary, opset, irVersion, metadata, inputs: free, outputs };
  return { json, text };
}

function inspectWeights(path: string, file: Uint8Array): Report {
  const { tensors, metadata } = readSafetensors(file, path);
  const rows = [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const text = `${path}: ${rows.length} tensors, ${bytes(file.length)}\n\n${table(
    rows.map(({ name, dtype, shape }) => [name, `${dtype} ${showShape(shape)}`]),
    "left",
  )}`;
  return { json: { path, metadata, tensors: rows }, text };
}
