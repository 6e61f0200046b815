/** @file The worker that learns. One run at a time; questions about it are answered between its steps. */

import { packError, UsageError } from "../../../errors.js";
import type { FromLearnWorker, LearnSettings, StoredRun, ToLearnWorker } from "../protocol.js";
import { beginRun, checkpointOf, restoreRun, type LearningRun } from "./begin.js";
import { collectionOf } from "./collection.js";
import { Control } from "./control.js";
import { learn } from "./learn.js";
import { checkMachine } from "./gpuAgrees.js";
import { onProcessor, openMachine, type Machine } from "./machine.js";
import { OneTab } from "./oneTab.js";
import { packRun } from "./pack.js";
import { brokenFiles, readableRows, readPictures, type PictureSet } from "./pictures.js";
import { planRun, planWith, settleRun, type PlannedRun, type SettledRun } from "./settle.js";
import type { Stepper } from "./stepper.js";
import { Store } from "./store.js";
import { letMessagesIn, Turns } from "./turns.js";

interface UnderWay {
  readonly run: LearningRun;
  readonly machine: Machine;
}

type Message<K extends ToLearnWorker["kind"]> = Extract<ToLearnWorker, { kind: K }>;

const store = new Store();
const oneTab = new OneTab();
const turns = new Turns();
let control = new Control();
let underWay: UnderWay | null = null;
/** null: no step is taken, and the host's state and bank are those of now. */
let stepper: Stepper | null = null;
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

/** Of a run that has ended: its pictures and its GPU are free again. */
async function leave(): Promise<void> {
  const left = underWay;
  underWay = null;
  await left?.machine.close();
}

async function start({ files, settings }: Message<"start">): Promise<void> {
  await leave();
  const set = await readPictures(files, settings.imageSize, (done, total) =>
    tellNow("reading the pictures", done, total),
  );
  const settled = await settleRun(set, settings);
  const plan = await build(settled, set);
  const machine = await machineFor(settings.runtime, plan, set);
  ready(machine, { plan, set }, []);
  isStored = await attempt(() => store.begin({ settled, set }, null));
  const run = await beginRun(plan, set, machine, tellNow);
  await goOnWith({ run, machine });
}

async function goOn({ epochs, runtime }: Message<"goOn">): Promise<void> {
  const before = underWay?.run ?? null;
  const stored = before === null ? await store.load() : null;
  if (before === null && stored === null) {
    throw new UsageError("learning: found nothing stored, expected a run to go on with; start one");
  }
  const set = before?.set ?? stored!.set;
  const settled = longer(before?.plan ?? stored!.settled, epochs);
  const plan = before === null ? await build(settled, set) : planWith(settled, set, before.plan);
  await underWay?.machine.close();
  const machine = await machineFor(runtime, plan, set);
  const checkpoint = before === null ? stored!.checkpoint : checkpointOf(before);
  const run = restoreRun(plan, set, machine, checkpoint);
  run.progress.finished = false;
  ready(machine, run, run.diary.losses);
  // Another tab may have stored a run of its own since this one ended here.
  isStored = before === null || (await attempt(() => store.begin({ settled, set }, checkpoint)));
  await goOnWith({ run, machine });
}

/** @throws ProviderError when the runtime that was asked for is not there, or computes something else */
async function machineFor(
  wish: LearnSettings["runtime"],
  plan: PlannedRun,
  set: PictureSet,
): Promise<Machine> {
  const machine = await openMachine(wish);
  try {
    await checkMachine(machine, plan, set);
    return machine;
  } catch (error) {
    await machine.close();
    if (wish !== "auto") throw error;
    return onProcessor(error instanceof Error ? error.message : String(error));
  }
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
  losses: readonly number[],
): void {
  const { name, settings } = plan;
  const { ids } = set;
  const broken = brokenFiles(set);
  const pictures = readableRows(set).length;
  post({ kind: "ready", name, pictures, ids, broken, runtime, runtimeNote: note, settings, losses });
}

async function goOnWith(now: UnderWay): Promise<void> {
  const { run, machine } = now;
  const save = async (): Promise<void> => {
    if (isStored) isStored = await attempt(() => store.save(settledOf(run), checkpointOf(run)));
  };
  underWay = now;
  if (run.progress.step === 0) await save();
  const stepping = (now: Stepper | null): void => void (stepper = now);
  try {
    await learn(run, machine, { control, turns, post, save, stepping });
  } catch (error) {
    // Of a GPU that is gone, the host's state is older than the run.
    if (machine.device !== null) underWay = null;
    throw error;
  }
}

/** Makes it anew, by what is learned so far. */
function madeOf<T>(make: (now: UnderWay) => Promise<T>): Promise<T> {
  const now = opened();
  return turns.take(async () => {
    await stepper?.pull();
    return make(now);
  });
}

const settledOf = ({ plan: { name, settings, pictures, recipe, preprocessing } }: LearningRun) => ({
  ...{ name, settings, pictures, recipe, preprocessing },
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
    await oneTab.whileAlone(work);
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
  leave: () => turns.take(() => (isBusy ? undefined : leave())),
  async stored() {
    const run = await store.summary().catch(() => null);
    const elsewhere = await oneTab.isElsewhere();
    post({ kind: "stored", run: run && { ...run, elsewhere } });
  },
  async forget() {
    await oneTab.whileAlone(async () => {
      isStored = false;
      await store.forget();
    });
    post({ kind: "stored", run: null });
  },
  async pack() {
    post({ kind: "folder", ...(await madeOf(({ run, machine }) => packRun(run, machine))) });
  },
  async collection() {
    const tellStage = (what: string, done: number, total: number): void =>
      post({ kind: "stage", what, done, total });
    const files = await madeOf(({ run, machine }) => collectionOf(run, machine, tellStage));
    post({ kind: "collection", files });
  },
};

addEventListener("message", ({ data }: MessageEvent<ToLearnWorker>) => {
  const answer = ANSWERS[data.kind] as (message: ToLearnWorker) => Promise<void> | void;
  void (async () => answer(data))().catch((error: unknown) =>
    post({ kind: "failed", of: data.kind, error: packError(error) }),
  );
});
