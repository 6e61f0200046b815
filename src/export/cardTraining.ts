/** @file How the encoder of a model card was trained: with what, for how long, on what. */

import { valueAt, type JsonObject, type RunRecords } from "../report/runRecords.js";
import { bytes, counted, whole } from "../report/text.js";
import { nameOfData, type CardFacts } from "./facts.js";
import { codeBlock, markdownFacts, plain } from "./markdown.js";

/** Said elsewhere in the card. */
const SHOWN_ABOVE = ["arch", "stem", "width", "embeddingDim", "imageSize"];

/** Where files lie on the maker's machine is the maker's own affair. */
const PRIVATE = ["data", "out", "graph", "init-from", "resume"];

type Fact = readonly [name: string, value: string];

export function training({ manifest, run }: CardFacts): string {
  const { recipe, seed, data, producer } = manifest;
  const facts = markdownFacts([
    ["pictures", pictures(data, run)],
    ["hash of the pictures", data === null ? "not known" : `\`${data.sha256}\``],
    ["seed", String(seed)],
    ["length", run === null ? "not known" : length(run)],
    ...recipeFacts(recipe),
    ["machine", run?.environment ? machine(run.environment) : "not known"],
    ["trained with", `onnx-instdisc ${producer.version}`],
  ]);
  return run?.config ? `${facts}\n\n${allSettings(run.config)}` : facts;
}

function pictures(data: CardFacts["manifest"]["data"], run: RunRecords | null): string {
  if (data === null) return "not known";
  const name = run === null ? "" : ` of ${plain(nameOfData(run))}`;
  return `${whole(data.pictures)}${name}, kept as ${data.format}`;
}

function length({ steps, epochs }: RunRecords): string {
  return `${counted(epochs.at(-1)?.epoch ?? 0, "epoch")}, ${counted(steps.at(-1)?.step ?? 0, "step")}`;
}

/** Objective and optimizer with their own settings after them. */
function recipeFacts(recipe: CardFacts["manifest"]["recipe"]): Fact[] {
  return Object.entries(recipe)
    .filter(([key]) => !SHOWN_ABOVE.includes(key))
    .flatMap(([key, value]): Fact[] => {
      if (typeof value !== "object" || value === null) return [[words(key), String(value)]];
      const { name, ...settings } = value;
      const details = Object.entries(settings).map(([of, setting]): Fact => [
        `${name}: ${words(of)}`,
        JSON.stringify(setting),
      ]);
      return [[words(key), name], ...details];
    });
}

/** "bankMomentum" as "bank momentum". */
const words = (key: string): string => key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function machine(environment: JsonObject): string {
  const of = (key: string): string => {
    const value = valueAt(environment, key);
    return typeof value === "string" || typeof value === "number" ? plain(String(value)) : "unknown";
  };
  const [memory, ep] = [valueAt(environment, "memoryBytes"), valueAt(environment, "ep")];
  const isBrowser = valueAt(environment, "browser") !== undefined;
  return (
    `${of("processor")}, ${of("cores")} cores, ${typeof memory === "number" ? bytes(memory) : "unknown"} of memory; ` +
    `${isBrowser ? of("browser") : `${of("platform")}, Node ${of("node")}`}, ONNX Runtime ${of("onnxruntime")} on ${ep === undefined || ep === "cpu" ? "the CPU" : of("ep")}`
  );
}

function allSettings(config: JsonObject): string {
  const lines = Object.entries(config)
    .filter(([key]) => !PRIVATE.includes(key))
    .map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return (
    "<details>\n<summary>All settings, as <code>onnx-instdisc train --config</code> takes them</summary>\n\n" +
    `${codeBlock("json", `{\n${lines.join(",\n")}\n}`)}\n\n</details>`
  );
}
