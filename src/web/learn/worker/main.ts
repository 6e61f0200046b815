/** @file The worker that learns. One run at a time; questions about it are answered between its steps. */

import { packError, UsageError } from "../../../errors.js";
import type { FromLearnWorker, StoredRun, ToLearnWorker } from "../protocol.js";
import { beginRun, checkpointOf, restoreRun, type LearningRun } from "./begin.js";
import { collectionOf } from "./collection.js";
import { Control } from "./control.js";
import { learn } from "./learn.js";
import { openMachine, type Machine } from "./machine.js";
import { packRun } from "./pack.js";
import { brokenFiles, readableRows, readPictures, type PictureSet } from "./pictures.js";
import { planRun, planWith, settleRun, type PlannedRun, type SettledRun } from "./settle.js";
import { Store } from "./store.js";
import { letMessagesIn, Turns } from "./turns.js";

interface UnderWay {
  readonly run: LearningRun;
  readonly machine: Machine;
}

type Message<K extends ToLearnWorker["kind"]> = Extract<ToLearnWorker, { kind: K }>;

const store = new Store();
const turns = new Turns();
let control = new Control();
let underWay: UnderWay | null = null;
/** Whether the run that is under way is stored too. */
let isStored = false;
let isBusy = false;

const post = (message: FromLearnWorker): void => postMessage(message);

/** Thrown where a stage is broken off. */
class Stopped extends Error {}

async function tell(what: string, done: number, total: number): Promise<void> {
  post({ kind: "stage", what, done, total });
  await letMessagesIn();
  if (control.isStopped) throw new Stopped();
}

const tellNow = (what: string, done: number, total: number): void => {
  post({ kind: "stage", what, done, total });
  if (control.isStopped) throw new Stopped();
};

async function start({ files, settings }: Message<"start">): Promise<void> {
  underWay = null;
  const machine = await openMachine(settings.runtime);
  const set = await readPictures(files, settings.imageSize, (done, total) =>
    tellNow("reading the pictures", done, total),
  );
  const settled = await settleRun(set, settings);
  const plan = await build(settled, set);
  ready(machine, { plan, set }, 0);
  isStored = await attempt(() => store.begin({ settled, set }));
  const run = await beginRun(plan, set, machine, tellNow);
  await goOnWith({ run, machine });
}

async function goOn({ epochs, runtime }: Message<"goOn">): Promise<void> {
  const machine = await openMachine(runtime);
  const before = underWay?.run ?? null;
  const stored = before === null ? await store.load() : null;
  if (before === null && stored === null) {
    throw new UsageError("learning: found nothing stored, expected a run to go on with; start one");
  }
  if (before === null) isStored = true;
  const set = before?.set ?? stored!.set;
  const settled = longer(before?.plan ?? stored!.settled, epochs);
  const plan = before === null ? await build(settled, set) : planWith(settled, set, before.plan);
  const checkpoint = before === null ? stored!.checkpoint : checkpointOf(before);
  const run = restoreRun(plan, set, checkpoint);
  run.progress.finished = false;
  ready(machine, run, run.progress.step);
  await goOnWith({ run, machine });
}

async function build(settled: SettledRun, set: PictureSet): Promise<PlannedRun> {
  await tell("building the network", 0, 1);
  const plan = planRun(settled, set);
  await tell("building the network", 1, 1);
  return plan;
}

/** @throws UsageError when there would be fewer epochs than are done */
function longer<T extends { readonly settings: StoredRun["settings"] }>(
  settled: T,
  epochs: number | null,
): T {
  const { settings } = settled;
  if (epochs === null) return settled;
  if (!(Number.isInteger(epochs) && epochs >= settings.epochs)) {
    throw new UsageError(
      `learning: found ${epochs} epochs, expected at least the ${settings.epochs} that were asked for; raise them`,
    );
  }
  return { ...settled, settings: { ...settings, epochs, steps: epochs * settings.stepsPerEpoch } };
}

function ready(
  { runtime, note }: Machine,
  { plan, set }: Pick<LearningRun, "plan" | "set">,
  step: number,
): void {
  const { settings } = plan;
  const broken = brokenFiles(set);
  const pictures = readableRows(set).length;
  post({ kind: "ready", pictures, ids: set.ids, broken, runtime, runtimeNote: note, settings, step });
}

async function goOnWith(now: UnderWay): Promise<void> {
  const { run, machine } = now;
  const save = async (): Promise<void> => {
    if (isStored) isStored = await attempt(() => store.save(settledOf(run), checkpointOf(run)));
  };
  underWay = now;
  if (run.progress.step === 0) await save();
  await learn(run, machine, { control, turns, post, save });
}

const settledOf = ({ plan: { settings, pictures, recipe, preprocessing } }: LearningRun) => ({
  ...{ settings, pictures, recipe, preprocessing },
});

/** Learning does not end for want of storage. */
async function attempt(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    post({
      kind: "note",
      text: `the browser keeps nothing of this run (${reason}): it is lost when the page is closed, unless you download it`,
    });
    return false;
  }
}

/** A start, or what goes on, alone. */
async function alone(work: () => Promise<void>): Promise<void> {
  if (isBusy)
    throw new UsageError("learning: is under way already, expected one run at a time; stop it first");
  isBusy = true;
  control = new Control();
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    post({ kind: "finished", epochs: 0, step: 0, steps: 0, loss: null, seconds: 0, stopped: true });
  } finally {
    isBusy = false;
  }
}

function opened(): UnderWay {
  if (underWay === null)
    throw new UsageError("learning: has learned nothing yet, expected a run; start one, or go on with one");
  return underWay;
}

const ANSWERS: { readonly [K in ToLearnWorker["kind"]]: (message: Message<K>) => Promise<void> | void } = {
  start: (message) => alone(() => start(message)),
  goOn: (message) => alone(() => goOn(message)),
  pause: () => control.pause(),
  resume: () => control.resume(),
  stop: () => control.stop(),
  stored: async () => post({ kind: "stored", run: await store.summary().catch(() => null) }),
  async forget() {
    isStored = false;
    await store.forget();
    post({ kind: "stored", run: null });
  },
  async pack() {
    const { run, machine } = opened();
    post({ kind: "folder", ...(await turns.take(() => packRun(run, machine))) });
  },
  async collection() {
    const { run, machine } = opened();
    const tellStage = (what: string, done: number, total: number): void =>
      post({ kind: "stage", what, done, total });
    post({ kind: "collection", files: await turns.take(() => collectionOf(run, machine, tellStage)) });
  },
};

addEventListener("message", ({ data }: MessageEvent<ToLearnWorker>) => {
  const answer = ANSWERS[data.kind] as (message: ToLearnWorker) => Promise<void> | void;
  void (async () => answer(data))().catch((error: unknown) =>
    post({ kind: "failed", of: data.kind, error: packError(error) }),
  );
});
