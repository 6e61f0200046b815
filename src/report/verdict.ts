/** @file Is it learning? The answer in plain words, from the numbers of a run. */

import type { KnnLevel, LevelName } from "../run/records.js";
import type { RecordOf, RunRecords } from "./runRecords.js";
import { brief, counted, percent, whole } from "./text.js";

export interface Verdict {
  readonly answer: string;
  readonly tone: "good" | "open" | "bad";
  readonly reasons: readonly string[];
}

/** Two accuracies nearer than this are called alike: held-out sets have hundreds to thousands of pictures. */
const ACCURACY_MARGIN = 0.01;
/** Below this many directions in use, an embedding tells next to nothing apart. */
const COLLAPSED_RANK = 1.5;
/** Uniformity of an embedding that uses much of the sphere; -4 is the limit for many dimensions. */
const SPREAD_UNIFORMITY = -1.5;
/** Half the mean squared distance of two unrelated unit vectors, which is 2. */
const TOGETHER_ALIGNMENT = 1;

export function judge(run: RunRecords): Verdict {
  const latest = run.evaluations.at(-1);
  if (latest?.embedding && latest.embedding.effectiveRank < COLLAPSED_RANK) {
    return {
      answer: "No: the embedding has collapsed",
      tone: "bad",
      reasons: [
        `All pictures lie along ${brief(latest.embedding.effectiveRank)} directions (effective rank), so that hardly any are told apart.`,
        "A lower learning rate, a warm-up or a higher temperature may help.",
      ],
    };
  }
  const measured = voteOf(run.levels.get("learned") ?? latest?.knn);
  if (measured) return judgeByAccuracy(run, measured);
  if (latest?.embedding) return judgeByGeometry(run, latest.embedding);
  return judgeByLoss(run);
}

/** The level with most neighbours. */
export function voteOf(levels: readonly KnnLevel[] | undefined): KnnLevel | null {
  return (
    levels?.reduce<KnnLevel | null>((most, level) => (most && most.k >= level.k ? most : level), null) ?? null
  );
}

function judgeByAccuracy(run: RunRecords, { k, top1 }: KnnLevel): Verdict {
  const accuracyOf = (name: LevelName): number | null => voteOf(run.levels.get(name))?.top1 ?? null;
  const [raw, untrained, chance] = [
    accuracyOf("raw pixels"),
    accuracyOf("untrained network"),
    accuracyOf("chance"),
  ];
  const others = [
    ...(raw === null ? [] : [`comparing raw pixels does for ${percent(raw)}`]),
    ...(untrained === null ? [] : [`the untrained network for ${percent(untrained)}`]),
    ...(chance === null ? [] : [`guessing for ${percent(chance)}`]),
  ];
  const fact = `The ${whole(k)} nearest training pictures name the right class for ${percent(top1)} of the held-out ones`;
  const reasons = [others.length > 0 ? `${fact}; ${others.join(", ")}.` : `${fact}.`, ...trend(run)];
  const beats = (level: number | null): boolean => top1 > (level ?? chance ?? 0) + ACCURACY_MARGIN;
  if (beats(raw) && beats(untrained)) return { answer: "Yes", tone: "good", reasons };
  if (beats(untrained))
    return { answer: "It has begun: better than untrained, not yet than raw pixels", tone: "open", reasons };
  if (run.evaluations.length < 2) return { answer: "Too early to say", tone: "open", reasons };
  return { answer: "Not yet: no better than the untrained network", tone: "bad", reasons };
}

/** How accuracy has moved over the last quarter of the evaluations. */
function trend({ evaluations }: RunRecords): string[] {
  const curve = evaluations.flatMap(({ epoch, knn }) => {
    const vote = voteOf(knn);
    return vote ? { epoch, top1: vote.top1 } : [];
  });
  const last = curve.at(-1);
  const earlier = curve[Math.floor((curve.length - 1) * 0.75)];
  if (curve.length < 4 || !last || !earlier || earlier === last) return [];
  const change = last.top1 - earlier.top1;
  const points = (Math.abs(change) * 100).toFixed(1);
  const span = `over the last ${counted(last.epoch - earlier.epoch, "epoch")}`;
  if (change > ACCURACY_MARGIN / 2) return [`It is still rising: by ${points} points ${span}.`];
  if (change < -ACCURACY_MARGIN / 2) return [`It has fallen by ${points} points ${span}.`];
  return [`It has levelled off: it moved by ${points} points ${span}.`];
}

function judgeByGeometry(
  run: RunRecords,
  { alignment, uniformity, effectiveRank }: NonNullable<RecordOf<"evaluation">["embedding"]>,
): Verdict {
  const reasons = [
    `There are no labels to measure accuracy with. Two views of one picture lie ${brief(alignment)} apart, where unrelated ` +
      `vectors have 2 (mean squared distance); pictures spread over ${brief(effectiveRank)} directions, with a uniformity of ` +
      `${brief(uniformity)} (0: one point, −4: everywhere).`,
    ...lossChange(run),
  ];
  const isSpread = uniformity < SPREAD_UNIFORMITY;
  const isTogether = alignment < TOGETHER_ALIGNMENT;
  if (isSpread && isTogether)
    return { answer: "Probably: pictures are told apart, their views are not", tone: "good", reasons };
  if (run.evaluations.length < 2) return { answer: "Too early to say", tone: "open", reasons };
  if (!isSpread) return { answer: "Not yet: pictures still lie close together", tone: "open", reasons };
  return { answer: "Not yet: views of one picture still lie far apart", tone: "open", reasons };
}

function judgeByLoss(run: RunRecords): Verdict {
  const reasons = lossChange(run);
  if (reasons.length === 0) return { answer: "Nothing has been measured yet", tone: "open", reasons };
  return {
    answer: "Too early to say",
    tone: "open",
    reasons: [
      ...reasons,
      "A falling loss alone does not show that an embedding is of use: wait for an evaluation.",
    ],
  };
}

/** The mean loss of the first tenth of the steps and of the last. */
function lossChange({ steps }: RunRecords): string[] {
  const tenth = Math.ceil(steps.length / 10);
  if (steps.length < 2) return [];
  const mean = (part: RunRecords["steps"]): number =>
    part.reduce((sum, { loss }) => sum + loss, 0) / part.length;
  const [first, last] = [mean(steps.slice(0, tenth)), mean(steps.slice(-tenth))];
  const moved = last < first ? "fell" : "did not fall: it went";
  return [`The loss ${moved} from ${brief(first)} to ${brief(last)} over ${counted(steps.length, "step")}.`];
}
