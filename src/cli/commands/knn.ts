/** @file onnx-instdisc knn: how well a model tells classes apart, by the neighbours of its embeddings. */

import type { Argv } from "yargs";
import { UsageError } from "../../errors.js";
import { labelledBank, labelledPictures, measureKnn, type LabelledPictures } from "../../models/knn.js";
import { locateSides, voteTemperature } from "../../models/knnPictures.js";
import { readModel } from "../../models/model.js";
import { runOf } from "../../models/pictures.js";
import { EMBEDDING_OPTIONS, embedNamed, type EmbeddingArguments } from "../embedding.js";
import type { Io } from "../io.js";
import { knnJson, showKnnResult } from "../knnText.js";
import { checkNumbers } from "../option.js";
import { withProgress } from "../progress.js";

const OPTIONS = {
  model: { type: "string", requiresArg: true, describe: "folder that train, build-graph or export wrote" },
  train: {
    type: "string",
    requiresArg: true,
    describe: "labelled pictures that vote",
    defaultDescription: "those that the run learned from",
  },
  test: {
    type: "string",
    requiresArg: true,
    describe: "labelled pictures to classify",
    defaultDescription: "those held out",
  },
  bank: {
    type: "boolean",
    default: false,
    describe: "let the rows of the run's memory bank vote, instead of pictures encoded afresh",
  },
  k: {
    type: "string",
    default: "200,1",
    requiresArg: true,
    describe: "neighbours that vote; confusions are shown for the first",
  },
  temperature: {
    type: "number",
    requiresArg: true,
    describe: "τ: a neighbour's vote is exp(cosine / τ)",
    defaultDescription: "that of the run, or of training",
  },
  ...EMBEDDING_OPTIONS,
  json: { type: "boolean", default: false, describe: "print as JSON, with the full confusion matrix" },
} as const;

interface KnnArguments extends EmbeddingArguments {
  readonly model?: string;
  readonly train?: string;
  readonly test?: string;
  readonly bank: boolean;
  readonly k: string;
  readonly temperature?: number;
  readonly json: boolean;
}

export function knnCommand(parser: Argv, io: Io): void {
  parser.command(
    "knn",
    "Classify pictures by their neighbours: top-1, top-5, confusions",
    (command) =>
      command
        .options(OPTIONS)
        .example("$0 knn --model build/run", "the run's held-out pictures among those it learned from")
        .example("$0 knn --model build/run --bank --k 1,5,200", "among the rows of its memory bank")
        .example("$0 knn --model my-encoder --train cifar/train --test cifar/test", "other pictures"),
    async (parsed) => {
      io.stdout.write(await knn(parsed, io));
    },
  );
}

async function knn(given: KnnArguments, io: Io): Promise<string> {
  checkNumbers(given);
  const ks = given.k.split(",").map((k) => (k.trim() === "" ? NaN : Number(k)));
  checkGiven(given, ks);
  const model = await readModel(given.model!);
  if (given.bank) runOf(model, "name a run, or leave out --bank and pass --train and --test");
  const temperature = given.temperature ?? (await voteTemperature(model));
  const sides = await withProgress(io, (progress) =>
    locateSides(model, { ...given, format: given["data-format"], progress }),
  );
  const embed = async (side: keyof typeof sides): Promise<LabelledPictures> => {
    const source = sides[side];
    const what = side === "test" ? "embedding pictures to classify" : "embedding pictures that vote";
    return labelledPictures(await embedNamed(model, [{ source, prefix: "" }], given, io, what), source.name);
  };
  const votingBank = () => withProgress(io, (progress) => labelledBank(model, { progress }));
  const test = await embed("test");
  const train = given.bank ? await votingBank() : await embed("train");
  const { threads } = given;
  const result = await withProgress(io, (progress) =>
    measureKnn(train, test, { ks, temperature, threads, progress }),
  );
  const counts = { train: train.vectors.count, test: test.vectors.count };
  if (given.json) {
    const { where, sha256 } = model;
    const facts = { model: where, modelSha256: sha256, temperature, bank: given.bank, ...counts };
    return `${JSON.stringify({ ...facts, ...knnJson(result) })}\n`;
  }
  const kind = given.bank ? "rows of the memory bank" : "pictures encoded afresh";
  const [asked, known] = [counts.test, counts.train].map((count) => count.toLocaleString("en"));
  return `${asked} pictures among ${known} ${kind}, τ = ${temperature}\n\n${showKnnResult(result)}`;
}

/** @throws UsageError listing what is wrong */
function checkGiven({ model, bank, train, temperature = 1 }: KnnArguments, ks: readonly number[]): void {
  const faults = [
    ...(model === undefined ? ["--model is missing, expected a folder"] : []),
    ...(bank && train !== undefined ? ["--bank: given with --train, expected one of them"] : []),
    ...(ks.every((k) => Number.isInteger(k) && k >= 1)
      ? []
      : ["--k: expected whole numbers from 1, such as 200,1"]),
    ...(temperature > 0 ? [] : [`--temperature: found ${temperature}, expected a number above 0`]),
  ];
  if (faults.length > 0) throw new UsageError(`knn: ${faults.join("; ")}; correct these options`);
}
