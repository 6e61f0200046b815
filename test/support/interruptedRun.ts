/** @file Runs the executable again and again, each time interrupted, until it comes to its end. */

import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, statSync, watch, type FSWatcher } from "node:fs";
import { join } from "node:path";
import { TEMPORARY_FILE } from "../../src/artifact/node.js";
import { RandomStream } from "../../src/random/philox.js";
import { RUN } from "../../src/run/layout.js";
import { savedSteps } from "../../src/run/resume.js";
import { BIN } from "../cli/executable.js";
import { cacheFolder } from "./cacheFolder.js";

/** When a process is interrupted: in what comes before its steps, between steps, or as it writes a file. */
export type Moment =
  | { readonly kind: "start"; readonly ms: number }
  | { readonly kind: "step"; readonly records: number; readonly ms: number }
  | { readonly kind: "writing"; readonly part: "checkpoints" | "exported"; readonly files: number };

export interface Interruption {
  readonly moment: Moment;
  /** What the process ended with: its code, or the name of a signal. */
  readonly ended: number | string | null;
  /** Files that it left half written, by folder and name. */
  readonly unfinished: readonly string[];
  /** Of the newest checkpoint it left; null: none. */
  readonly step: number | null;
  readonly stderr: string;
}

export interface InterruptedRun {
  /** Of `train`, without --out and --resume. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly out: string;
  readonly signal: NodeJS.Signals;
  readonly moments: readonly Moment[];
}

/**
 * Seeded moments: mostly while a checkpoint is written, else between steps, in what comes before, or in an export.
 * @param steps of the whole run, which all interruptions together must not use up
 */
export function drawMoments(count: number, steps: number, seed: number): Moment[] {
  const stream = new RandomStream(seed, "interruptions");
  const most = Math.max(1, Math.floor(steps / count));
  return Array.from({ length: count }, (_, at): Moment => {
    if (at === 0) return { kind: "start", ms: 200 + stream.below(600) };
    if (at % 7 === 5) return { kind: "writing", part: "exported", files: 1 + stream.below(4) };
    if (at % 2 === 1) return { kind: "writing", part: "checkpoints", files: 1 + stream.below(2) };
    return { kind: "step", records: 1 + stream.below(most), ms: stream.below(20) };
  });
}

/** @returns each interruption, and the code of the process that was left alone */
export async function finishInterrupted(run: InterruptedRun): Promise<{
  readonly interruptions: Interruption[];
  readonly code: number | null;
  readonly stderr: string;
}> {
  const interruptions: Interruption[] = [];
  for (const moment of run.moments) {
    const { ended, stderr } = await start(run, moment);
    const folder = join(run.cwd, run.out);
    const step = (await savedSteps(folder)).at(-1) ?? null;
    interruptions.push({ moment, ended, unfinished: unfinishedIn(folder), step, stderr });
    if (ended === 0) break;
  }
  const { ended, stderr } = await start(run, null);
  return { interruptions, code: typeof ended === "number" ? ended : null, stderr };
}

function start(
  { args, cwd, out, signal }: InterruptedRun,
  moment: Moment | null,
): Promise<{ ended: number | string | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const command = [BIN, "train", ...args, "--out", out, "--resume", "auto"];
    const env = { ...process.env, INSTDISC_CACHE: cacheFolder() };
    const child = spawn(process.execPath, command, { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
    const release = moment === null ? () => undefined : interruptAt(child, join(cwd, out), moment, signal);
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code, by) => {
      release();
      resolve({ ended: code ?? by, stderr });
    });
  });
}

/** Sends the signal once, at the moment. @returns what ends the watch for it */
function interruptAt(
  child: ChildProcess,
  folder: string,
  moment: Moment,
  signal: NodeJS.Signals,
): () => void {
  const interrupt = () => void child.kill(signal);
  if (moment.kind === "start") {
    const timer = setTimeout(interrupt, moment.ms);
    return () => clearTimeout(timer);
  }
  if (moment.kind === "step") return interruptAtStep(interrupt, join(folder, RUN.metrics), moment);
  return interruptWriting(interrupt, join(folder, moment.part), moment.files);
}

/** As the so-many-th file is begun. A new run makes the folder anew: it is watched once there is something in it. */
function interruptWriting(interrupt: () => void, folder: string, files: number): () => void {
  const seen = new Set<string>();
  let watcher: FSWatcher | null = null;
  const timer = setInterval(() => {
    if (!existsSync(folder) || readdirSync(folder).length === 0) return;
    clearInterval(timer);
    watcher = watch(folder, (_, name) => {
      if (name === null || !TEMPORARY_FILE.test(name) || seen.size === files) return;
      seen.add(name);
      if (seen.size === files) interrupt();
    });
  }, 1);
  return () => {
    clearInterval(timer);
    watcher?.close();
  };
}

/** After so many more records than the first that this process wrote, and some milliseconds. */
function interruptAtStep(
  interrupt: () => void,
  metrics: string,
  { records, ms }: Extract<Moment, { kind: "step" }>,
): () => void {
  const size = () => statSync(metrics, { throwIfNoEntry: false })?.size ?? 0;
  const before = size();
  const [start, perRecord] = [Date.now(), 80]; // bytes of a step's record, about
  let timer = setInterval(() => {
    const grown = size() - before;
    if (grown < records * perRecord && Date.now() - start < 60_000) return;
    clearInterval(timer);
    timer = setTimeout(interrupt, ms);
  }, 2);
  return () => clearInterval(timer);
}

function unfinishedIn(folder: string): string[] {
  return [RUN.checkpoints, RUN.exported, RUN.graph, "."].flatMap((part) => {
    const names = existsSync(join(folder, part)) ? readdirSync(join(folder, part)) : [];
    return names.filter((name) => TEMPORARY_FILE.test(name)).map((name) => `${part}/${name}`);
  });
}
