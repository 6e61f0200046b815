/**
 * @file How many pictures a second does the loader make, beside PyTorch's DataLoader with Pillow? Decoding and the whole
 * augmentation, two workers each, the same files.
 *
 *     INSTDISC_CIFAR10=... node dist/tools/bench/loading.js [--repetitions 9] [--batches 8] [--only 32|224]
 *         [--small 5000] [--large 400] [--workers 2]
 *
 * Three contestants take turns, so that whatever else the machine does falls on all alike: our loader without its cache
 * of decoded pictures, which is the first pass and every pass over more pictures than memory holds; the DataLoader;
 * our loader after passes that filled its cache. All make batches without end; a measurement takes the batches that lay
 * ready, then times `batches` more. Writes a table to stderr and JSON to stdout.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { table } from "../../src/cli/format.js";
import { createLoader } from "../../src/data/loader.js";
import { locateData } from "../../src/data/locate.js";
import { chooseSettings } from "../../src/config/choose.js";
import { augmentOf } from "../../src/config/learning.js";
import { findCifar } from "../child.js";
import { LARGE, largePictures, smallPictures } from "./benchPictures.js";
import { startPython } from "./lineChild.js";
import { MACHINE, quartiles, VERSIONS } from "./machine.js";

const { values: given } = parseArgs({
  options: {
    repetitions: { type: "string", default: "9" },
    batches: { type: "string", default: "8" },
    only: { type: "string" },
    small: { type: "string", default: "5000" },
    large: { type: "string", default: "400" },
    workers: { type: "string", default: "2" },
  },
});
const workers = Number(given.workers);
const repetitions = Number(given.repetitions);
const timedBatches = Number(given.batches);

/** Batches that either loader keeps ready for each worker. */
const AHEAD_PER_WORKER = 2;
/** Passes that fill the cache: one leaves out the last pictures that make no batch, the next takes others. */
const FILLING_PASSES = 2;

interface Case {
  readonly name: string;
  readonly folder: string;
  readonly size: number;
  readonly batch: number;
}

interface Contestant {
  /** Seconds for so many batches. */
  measure(batches: number): Promise<number>;
  close(): Promise<void>;
}

async function openOurs({ folder, size, batch }: Case, cached: boolean): Promise<Contestant> {
  const { train } = await locateData(folder, { seed: 0 });
  const loader = createLoader({
    source: train,
    transform: { kind: "augment", options: augmentOf(chooseSettings({ preset: "small" })) },
    imageSize: size,
    ...{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    ...{ seed: 0, batchSize: batch, workers },
    ...(cached ? {} : { cacheBytes: 0 }),
  });
  const take = async (batches: number): Promise<void> => {
    for (let at = 0; at < batches; at++) loader.recycle((await loader.next())!);
  };
  await take(cached ? FILLING_PASSES * loader.stepsPerEpoch : 1);
  return {
    async measure(batches) {
      await take(AHEAD_PER_WORKER * workers);
      const began = performance.now();
      await take(batches);
      return (performance.now() - began) / 1000;
    },
    close: () => loader.close(),
  };
}

/** @returns the DataLoader in a Python of its own, and its versions */
async function openPyTorch({ folder, size, batch }: Case): Promise<[Contestant, unknown]> {
  const options = ["--size", String(size), "--batch", String(batch), "--workers", String(workers)];
  const child = await startPython("loading.py", [folder, ...options]);
  const measure = async (batches: number) =>
    ((await child.ask(String(batches))) as { seconds: number }).seconds;
  return [{ measure, close: () => child.close() }, child.ready];
}

/** Waits while a contestant that was measured still makes the batches that will lie ready: the next is to be alone. */
function makingAhead(seconds: number): Promise<void> {
  return setTimeout((1500 * seconds * AHEAD_PER_WORKER * workers) / timedBatches);
}

async function compare(one: Case) {
  process.stderr.write(`${one.name}: starting, and filling the cache\n`);
  const [pyTorch, versions] = await openPyTorch(one);
  const contestants = {
    "ours, first pass": await openOurs(one, false),
    PyTorch: pyTorch,
    "ours, cached": await openOurs(one, true),
  };
  const names = Object.keys(contestants) as (keyof typeof contestants)[];
  const rounds: Record<keyof typeof contestants, number>[] = []; // pictures per second
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const round = { "ours, first pass": 0, PyTorch: 0, "ours, cached": 0 };
    for (const name of names) {
      const seconds = await contestants[name].measure(timedBatches);
      round[name] = (timedBatches * one.batch) / seconds;
      await makingAhead(seconds);
    }
    rounds.push(round);
  }
  for (const name of names) await contestants[name].close();
  return {
    case: one.name,
    imageSize: one.size,
    batch: one.batch,
    pythonVersions: versions,
    results: names.map((name) => ({
      loader: name,
      picturesPerSecond: quartiles(rounds.map((round) => round[name])),
      /** Of the same round. */
      timesPyTorch: quartiles(rounds.map((round) => round[name] / round.PyTorch)),
    })),
  };
}

const cifar = findCifar();
const folder = mkdtempSync(join(tmpdir(), "instdisc-loading-"));
try {
  const wanted = (size: number): boolean => given.only === undefined || Number(given.only) === size;
  const cases: Case[] = [];
  let largeBytes: number | null = null;
  if (wanted(32)) {
    const small = smallPictures(cifar, join(folder, "small"), Number(given.small));
    cases.push({ name: "CIFAR-10 JPEG, 32 px", folder: small, size: 32, batch: 128 });
  }
  if (wanted(224)) {
    process.stderr.write(`making ${given.large} JPEG files of ${LARGE.width}×${LARGE.height}\n`);
    const large = join(folder, "large");
    largeBytes = Math.round(await largePictures(cifar, large, Number(given.large)));
    cases.push({
      name: `JPEG of ${LARGE.width}×${LARGE.height}, 224 px`,
      folder: large,
      size: 224,
      batch: 32,
    });
  }
  const results = [];
  for (const one of cases) results.push(await compare(one));
  const report = {
    what: "pictures per second, decoded and augmented",
    machine: MACHINE,
    versions: VERSIONS,
    ...{ workers, repetitions, timedBatches, fillingPasses: FILLING_PASSES },
    /** Mean size of a large file, bytes. */
    largeBytes,
    results,
  };
  process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
  process.stderr.write(
    table([
      ["", "pictures/s", "quartiles", "times PyTorch", "quartiles"],
      ...results.flatMap((result) =>
        result.results.map(({ loader, picturesPerSecond: rate, timesPyTorch: times }) => [
          `${result.case}: ${loader}`,
          rate.median.toFixed(0),
          `${rate.lower.toFixed(0)}–${rate.upper.toFixed(0)}`,
          times.median.toFixed(2),
          `${times.lower.toFixed(2)}–${times.upper.toFixed(2)}`,
        ]),
      ),
    ]),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
