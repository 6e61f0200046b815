/** @file README.md of an exported folder: the model card. */

import { percent } from "../report/text.js";
import { valueAt, type RunRecords } from "../report/runRecords.js";
import { voteOf } from "../report/verdict.js";
import { markedSection } from "./cardSections.js";
import { files } from "./cardFiles.js";
import { training } from "./cardTraining.js";
import { levelsOf, nameOfData, type CardFacts } from "./facts.js";
import { frontMatter } from "./frontMatter.js";
import { markdownFacts, markdownTable, plain } from "./markdown.js";
import { usage } from "./usage.js";

/** The section that verify writes its table into. */
export const RUNTIMES = "runtimes";

/** @param folder name of the exported folder, as programs would open it */
export function printCard(facts: CardFacts, folder: string): string {
  const unverified = `Not verified yet: \`npx onnx-instdisc verify ${folder}\` writes here what each runtime gives.`;
  const parts = [
    frontMatter(facts),
    `# ${plain(facts.name)}`,
    introduction(facts),
    `## Use\n\n${usage(folder, facts.manifest.recipe.embeddingDim)}`,
    `## What it learned\n\n${learned(facts)}`,
    `## How it was trained\n\n${training(facts)}`,
    `## Files\n\n${files(facts)}`,
    `## Runtimes\n\n${markedSection(RUNTIMES, unverified)}`,
    `## Limits\n\n${LIMITS}`,
    SOURCE,
  ];
  return `${parts.join("\n\n")}\n`;
}

const LIMITS =
  "It knows what it was shown: on pictures of another kind, measure before you rely on it. Nearness means likeness in " +
  "looks, learned without labels; it is no judgement about people or things. Preprocessing is part of the model: pictures " +
  "that are resized otherwise give other vectors, which `model_image.onnx` avoids.";

const SOURCE =
  "Method: Wu, Xiong, Yu, Lin, *Unsupervised Feature Learning via Non-Parametric Instance Discrimination*, CVPR 2018, " +
  "[arXiv:1805.01978](https://arxiv.org/abs/1805.01978). Card written by `onnx-instdisc export`.";

function introduction({ manifest, author, license, features }: CardFacts): string {
  const { recipe, preprocessing } = manifest;
  const { imageSize, resize, mean, std } = preprocessing;
  const { arch, stem, width, embeddingDim } = recipe;
  const side = `${imageSize}×${imageSize}`;
  const normalized = `minus (${mean.join(", ")}), divided by (${std.join(", ")})`;
  const table = markdownFacts([
    ["input", `\`pixel_values\` float32 [batch, 3, ${imageSize}, ${imageSize}]`],
    ["preprocessing", `shorter side to ${resize} pixels, central ${side}, values from 0 to 1, ${normalized}`],
    ["output", `\`image_embeds\` float32 [batch, ${embeddingDim}], of length 1`],
    ["output", `\`pooler_output\` float32 [batch, ${features ?? "features"}], what the last layer is given`],
    ["network", `${arch}${stem === null ? "" : `, ${stem} stem`}, width ${width}`],
    ["author", author === null ? "not named" : plain(author)],
    ["license", license === "unknown" ? "not named" : plain(license)],
  ]);
  return (
    `Turns a picture into a vector of ${embeddingDim} numbers, so that pictures that look alike lie near each other: for ` +
    "search, duplicates, and classification by neighbours. It learned from pictures without labels, by instance " +
    `discrimination.\n\n${table}`
  );
}

function learned({ run, temperature, curves }: CardFacts): string {
  if (run === null) return "Not known: what was exported has no records of a run.";
  const picture = curves === null ? [] : [`![Curves of the training](${curves})`];
  const levels = levelsOf(run);
  if (levels.length === 0) {
    return ["Accuracy was not measured: the pictures have no labels.", ...picture].join("\n\n");
  }
  const k = Math.max(...levels.map(({ knn }) => voteOf(knn)!.k));
  const cell = (share: number | null | undefined): string =>
    typeof share === "number" ? percent(share) : "–";
  const rows = levels.map(({ title, knn }) => {
    const [vote, nearest] = [voteOf(knn)!, knn.find((level) => level.k === 1)];
    return [title, cell(vote.top1), cell(vote.top5), cell(nearest?.top1)];
  });
  const how =
    `The share of held-out pictures of ${plain(nameOfData(run))} whose class their nearest training pictures name, each ` +
    `with the weight exp(cosine / ${voteTemperature(run) ?? temperature}). Labels were used to measure, never to learn.`;
  const head = ["held-out pictures", `kNN@${k} top-1`, `kNN@${k} top-5`, "kNN@1"];
  return [how, markdownTable(head, rows), ...picture].join("\n\n");
}

/** τ of the vote, which is set apart from that of training. */
function voteTemperature({ config }: RunRecords): number | null {
  const value = valueAt(config, "knn-temperature");
  return typeof value === "number" ? value : null;
}
