/** @file Shows how far long work is: a bar on a terminal, plain lines elsewhere. */

import cliProgress from "cli-progress";
import { tellBroken } from "../run/describeRecord.js";
import type { KnnLevel } from "../run/records.js";
import type { TellProgress } from "../serve/progress.js";
import type { TrainEvent } from "../train/plan.js";
import { duration, percent, quantity } from "./format.js";
import type { Io } from "./io.js";

/** Without a terminal, a line at most this often, and one for every epoch. */
const PLAIN_EVERY_MS = 10_000;

export interface TrainProgress {
  show(event: TrainEvent): void;
  /** Ends the bar, if one is drawn. */
  stop(): void;
}

export function trainProgress(io: Io): TrainProgress {
  return io.isTerminal ? new Bar(io) : new PlainLines(io);
}

/** Shows how far `use` is, for as long as it takes. */
export async function withProgress<T>(io: Io, use: (tell: TellProgress) => Promise<T>): Promise<T> {
  const progress = trainProgress(io);
  try {
    return await use((what, done, total) => progress.show({ kind: "stage", what, done, total }));
  } finally {
    progress.stop();
  }
}

function showKnn(levels: readonly KnnLevel[]): string {
  return levels.map(({ k, top1 }) => (k > 0 ? `kNN(${k}) ${percent(top1)}` : percent(top1))).join(", ");
}

/** Accuracy where there are labels, else how the embeddings lie. */
function showEvaluation({ knn, embedding }: Extract<TrainEvent, { kind: "epoch" }>): string {
  if (knn.length > 0) return `, ${showKnn(knn)}`;
  if (embedding === null) return "";
  const { alignment, uniformity, effectiveRank } = embedding;
  return `, alignment ${alignment.toFixed(2)}, uniformity ${uniformity.toFixed(2)}, effective rank ${effectiveRank.toFixed(1)}`;
}

/** The lines that stay, on a terminal and elsewhere; null for what only moves the bar. */
function lastingLine(event: TrainEvent): string | null {
  if (event.kind === "level") return `${event.name}: ${showKnn(event.knn)}`;
  if (event.kind === "broken") return tellBroken(event);
  if (event.kind === "note") return event.text;
  if (event.kind !== "epoch") return null;
  return `epoch ${event.epoch}: loss ${event.loss.toFixed(3)}${showEvaluation(event)}, ${duration(event.seconds)}`;
}

type StepEvent = Extract<TrainEvent, { kind: "step" }>;

/** Time to the end of training, from all steps so far: evaluations between epochs are in it. */
class Clock {
  #start: { readonly step: number; readonly at: number } | null = null;

  secondsLeft({ step, steps }: StepEvent): number {
    const now = performance.now();
    this.#start ??= { step: step - 1, at: now };
    const perStep = (now - this.#start.at) / 1000 / (step - this.#start.step);
    return step === this.#start.step + 1 ? NaN : (steps - step) * perStep;
  }
}

type StageEvent = Extract<TrainEvent, { kind: "stage" }>;

/** How fast a stage goes, from its first event on. */
class Pace {
  #start: { readonly what: string; readonly done: number; readonly at: number } | null = null;

  /** ", 812/s, 3 s left"; nothing at its first event. */
  text({ what, done, total }: StageEvent): string {
    const now = performance.now();
    if (this.#start?.what !== what || done < this.#start.done) this.#start = { what, done, at: now };
    const perSecond = (1000 * (done - this.#start.done)) / (now - this.#start.at);
    if (!(perSecond > 0)) return "";
    return `, ${quantity(perSecond)}/s, ${duration((total - done) / perSecond)} left`;
  }
}

class PlainLines implements TrainProgress {
  readonly #io: Io;
  readonly #clock = new Clock();
  readonly #pace = new Pace();
  #last = performance.now();

  constructor(io: Io) {
    this.#io = io;
  }

  show(event: TrainEvent): void {
    const line = lastingLine(event) ?? this.#moving(event);
    if (line !== null) this.#io.stderr.write(`${line}\n`);
  }

  stop(): void {}

  #moving(event: TrainEvent): string | null {
    const left = event.kind === "step" ? this.#clock.secondsLeft(event) : NaN;
    const pace = event.kind === "stage" ? this.#pace.text(event) : "";
    const now = performance.now();
    if (now - this.#last < PLAIN_EVERY_MS) return null;
    this.#last = now;
    if (event.kind === "stage") return `${event.what}: ${event.done}/${event.total}${pace}`;
    if (event.kind !== "step") return null;
    const rate = `${event.picturesPerSecond.toFixed(0)} images/s`;
    return `step ${event.step}/${event.steps}: loss ${event.loss.toFixed(3)}, ${rate}, ${duration(left)} left`;
  }
}

class Bar implements TrainProgress {
  readonly #bar: cliProgress.SingleBar;
  readonly #io: Io;
  readonly #clock = new Clock();
  readonly #pace = new Pace();
  #what: string | null = null;

  constructor(io: Io) {
    this.#io = io;
    this.#bar = new cliProgress.SingleBar(
      {
        stream: io.stderr,
        format: "{bar} {percentage}% {what}",
        barsize: 24,
        hideCursor: true,
        clearOnComplete: true,
        gracefulExit: false,
      },
      cliProgress.Presets.shades_classic,
    );
  }

  show(event: TrainEvent): void {
    const line = lastingLine(event);
    if (line !== null) {
      this.stop();
      this.#io.stderr.write(`${line}\n`);
    } else if (event.kind === "stage") this.#drawStage(event);
    else if (event.kind === "step") this.#drawStep(event);
  }

  stop(): void {
    if (this.#what !== null) this.#bar.stop();
    this.#what = null;
  }

  #drawStage(event: StageEvent): void {
    this.#draw(event.what, event.done, event.total, event.what + this.#pace.text(event));
  }

  #drawStep(event: StepEvent): void {
    const rate = `${event.picturesPerSecond.toFixed(0)} images/s`;
    const left = duration(this.#clock.secondsLeft(event));
    this.#draw(
      "training",
      event.step,
      event.steps,
      `epoch ${event.epoch}, loss ${event.loss.toFixed(3)}, ${rate}, ${left} left`,
    );
  }

  #draw(what: string, done: number, total: number, text: string): void {
    if (this.#what !== what) {
      this.stop();
      this.#what = what;
      this.#bar.start(total, done, { what: text });
    } else this.#bar.update(done, { what: text });
  }
}
