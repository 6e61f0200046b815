/**
 * @file Evidence that an index survives: kills `index add` at seeded moments, also while it writes, and after each looks
 * for every vector that it had acknowledged. Prints a table, and exits with 1 where anything is missing or half there.
 *
 *   node dist/tools/checkIndex.js [--kills 20] [--seed 0]
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ExactIndex } from "../src/search/folder/exactIndex.js";
import { drawKills, killAdds, type Kill, type KillMoment } from "../test/support/killedAdd.js";
import { writeSmallPictures } from "../test/support/smallPictures.js";
import { BIN, runJson, runTraining } from "./child.js";

const PICTURES = 2000;
const NETWORK = [
  ...["--arch", "resnet10", "--width", "4", "--image-size", "28", "--batch-size", "50"],
  ...["--embedding-dim", "32", "--steps", "2", "--threads", "1"],
];

const { values } = parseArgs({
  options: { kills: { type: "string", default: "20" }, seed: { type: "string", default: "0" } },
});

const folder = mkdtempSync(join(tmpdir(), "index-"));
try {
  const [pictures, run] = [join(folder, "pictures"), join(folder, "run")];
  const kind = writeSmallPictures(pictures, PICTURES);
  await runTraining([...NETWORK, "--data", pictures, "--out", run]);
  const create = ["index", "create", "--model", run, "--data", pictures, "--json"];
  await runJson(process.execPath, [BIN, ...create, join(folder, "whole")]);
  await runJson(process.execPath, [BIN, ...create, join(folder, "killed")]);
  const expected = await vectorsOf(join(folder, "whole"));
  await empty(join(folder, "killed"), [...expected.keys()]);
  process.stdout.write(`${expected.size} pictures (${kind}), 16 in a batch\n`);

  const moments = drawKills(Number(values.kills), Number(values.seed));
  const kills = await killAdds({ index: join(folder, "killed"), pictures, cwd: folder, moments, expected });
  kills.forEach((kill, row) => process.stdout.write(`${describe(kill, row)}\n`));
  const killed = kills.filter(({ ended }) => ended === "SIGKILL");
  const halves = killed.filter(({ leftOver }) => leftOver.length > 1).length;
  process.stdout.write(
    `${killed.length} processes killed, ${halves} with files begun; after each the index opened, all files were whole, ` +
      `and no acknowledged vector was missing. In the end: ${expected.size} of ${expected.size}\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function vectorsOf(path: string): Promise<Map<string, Float32Array>> {
  const index = await ExactIndex.open(path);
  const vectors = new Map<string, Float32Array>();
  for (const id of index.ids()) vectors.set(id, (await index.vectorOf(id))!);
  await index.close();
  return vectors;
}

/** The killed index begins without vectors, but with the place of its pictures. */
async function empty(path: string, ids: readonly string[]): Promise<void> {
  const index = await ExactIndex.open(path);
  await index.delete(ids);
  await index.close();
}

function describe({ moment, acknowledged, vectors, leftOver, ended }: Kill, row: number): string {
  const cells = [String(row + 1).padStart(4), show(moment).padEnd(32), String(ended).padEnd(8)];
  const counts = `acknowledged ${String(acknowledged).padStart(4)}, in the index ${String(vectors).padStart(5)}`;
  return `${cells.join("  ")}  ${counts}${leftOver.length > 0 ? `, left over: ${leftOver.length}` : ""}`;
}

function show(moment: KillMoment): string {
  if (moment.kind === "start") return `${moment.ms} ms after its start`;
  if (moment.kind === "batch") return `${moment.batches} batches on, and ${moment.ms} ms`;
  return `writing file ${moment.files}`;
}
