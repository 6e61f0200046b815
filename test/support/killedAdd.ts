/** @file Runs `index add` again and again, each time killed, and looks at what it leaves. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, watch } from "node:fs";
import { join } from "node:path";
import { TEMPORARY_FILE } from "../../src/artifact/node.js";
import { filesOfIndex } from "../../src/artifact/searchIndex.js";
import { RandomStream } from "../../src/random/philox.js";
import { ExactIndex } from "../../src/search/folder/exactIndex.js";
import { BIN } from "../cli/executable.js";

/** When the process is killed: as it starts, after so many batches, or as it begins to write a file. */
export type KillMoment =
  | { readonly kind: "start"; readonly ms: number }
  | { readonly kind: "batch"; readonly batches: number; readonly ms: number }
  | { readonly kind: "writing"; readonly files: number };

export interface Kill {
  readonly moment: KillMoment;
  /** Pictures that the process had acknowledged. */
  readonly acknowledged: number;
  /** In the index afterwards, from all processes so far. */
  readonly vectors: number;
  /** Files that nobody lists, and a lock that nobody holds. */
  readonly leftOver: readonly string[];
  readonly ended: number | string | null;
}

export interface KilledAdds {
  readonly index: string;
  readonly pictures: string;
  readonly cwd: string;
  readonly moments: readonly KillMoment[];
  /** Vectors of an index that nobody interrupted, by id. */
  readonly expected: ReadonlyMap<string, Float32Array>;
}

/** Pictures of a batch. */
export const BATCH = 16;
/** How far vectors may lie apart that were embedded in other batches. */
const TOLERANCE = 1e-5;

/** Seeded moments: half of them while a file is written. */
export function drawKills(count: number, seed: number): KillMoment[] {
  const stream = new RandomStream(seed, "kills");
  return Array.from({ length: count }, (_, at): KillMoment => {
    if (at % 10 === 0) return { kind: "start", ms: 100 + stream.below(700) };
    if (at % 2 === 1) return { kind: "writing", files: 1 + stream.below(9) };
    return { kind: "batch", batches: 1 + stream.below(4), ms: stream.below(25) };
  });
}

/**
 * Kills as often as there are moments, unless the process is quicker, then lets one process finish.
 * @throws AssertionError when the index does not open, lacks what was acknowledged, or holds anything else
 */
export async function killAdds(adds: KilledAdds): Promise<Kill[]> {
  const kills: Kill[] = [];
  let safe = new Set<string>();
  for (const moment of adds.moments) {
    const { acknowledged, ended, stderr } = await add(adds, moment);
    assert.ok(ended === "SIGKILL" || ended === 0, stderr);
    const leftOver = leftOvers(adds.index, await listed(adds.index));
    const present = await inspect(adds, safe, acknowledged);
    kills.push({ moment, acknowledged, vectors: present.size, leftOver, ended });
    safe = present;
    // A kill that came too late left nothing to add: the next ones begin again.
    if (ended === 0) safe = await emptied(adds.index);
  }
  const { ended, stderr } = await add(adds, null);
  assert.equal(ended, 0, stderr);
  assert.equal((await inspect(adds, safe, 0)).size, adds.expected.size);
  assert.deepEqual(leftOvers(adds.index, await listed(adds.index)), []);
  return kills;
}

/** Deletes all vectors. @returns the ids that are left: none */
async function emptied(folder: string): Promise<Set<string>> {
  const index = await ExactIndex.open(folder);
  await index.delete([...index.ids()]);
  await index.close();
  return new Set();
}

/** @returns the ids that are there: at least those that were, and as many more as were acknowledged */
async function inspect(
  { index: folder, expected }: KilledAdds,
  before: ReadonlySet<string>,
  acknowledged: number,
): Promise<Set<string>> {
  const index = await ExactIndex.open(folder);
  try {
    await index.check();
    const ids = new Set(index.ids());
    assert.equal(ids.size, index.count);
    assert.deepEqual(
      [...before].filter((id) => !ids.has(id)),
      [],
      "acknowledged before, and gone",
    );
    assert.ok(ids.size >= before.size + acknowledged, `${ids.size} of ${before.size} + ${acknowledged}`);
    // Whole batches, but for the last of all.
    assert.ok(ids.size % BATCH === 0 || ids.size === expected.size, `${ids.size} vectors`);
    for (const id of ids) {
      const [found, wanted] = [(await index.vectorOf(id))!, expected.get(id)];
      assert.ok(
        wanted?.every((value, at) => Math.abs(value - found[at]!) <= TOLERANCE),
        `vector of ${id}`,
      );
    }
    return ids;
  } finally {
    await index.close();
  }
}

async function listed(folder: string): Promise<Set<string>> {
  const index = await ExactIndex.open(folder);
  await index.close();
  return new Set(filesOfIndex(index.index).map(({ name }) => name));
}

function leftOvers(folder: string, files: ReadonlySet<string>): string[] {
  const inside = readdirSync(join(folder, "segments")).filter((name) => !files.has(name));
  return [...inside, ...readdirSync(folder).filter((name) => name.startsWith("."))];
}

function add(
  { index, pictures, cwd }: KilledAdds,
  moment: KillMoment | null,
): Promise<{ acknowledged: number; ended: number | string | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const args = ["index", "add", index, pictures, "--missing", "--json", "--commit-every", String(BATCH)];
    const child = spawn(process.execPath, [BIN, ...args, "--threads", "1"], { cwd });
    const kill = () => void child.kill("SIGKILL");
    const release =
      moment?.kind === "writing" ? killWriting(kill, index, moment.files) : killLater(kill, moment);
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (moment?.kind === "batch" && batchesIn(stdout).length === moment.batches)
        setTimeout(kill, moment.ms);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code, by) => {
      release();
      resolve({ acknowledged: Math.max(0, ...batchesIn(stdout)), ended: code ?? by, stderr });
    });
  });
}

/** The counts on whole lines. */
function batchesIn(stdout: string): number[] {
  const lines = stdout
    .slice(0, stdout.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { added: number }).added);
}

function killLater(kill: () => void, moment: KillMoment | null): () => void {
  if (moment?.kind !== "start") return () => undefined;
  const timer = setTimeout(kill, moment.ms);
  return () => clearTimeout(timer);
}

/** As the so-many-th file is begun. */
function killWriting(kill: () => void, index: string, files: number): () => void {
  const seen = new Set<string>();
  const watchers = [index, join(index, "segments")].map((folder) =>
    watch(folder, (_, name) => {
      if (name === null || !TEMPORARY_FILE.test(name) || seen.has(name)) return;
      seen.add(name);
      if (seen.size === files) kill();
    }),
  );
  return () => watchers.forEach((watcher) => watcher.close());
}
