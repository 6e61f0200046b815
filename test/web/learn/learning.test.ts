/** @file Learning in a real browser, on wasm: the same steps whatever comes between, and a folder that Node takes. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readArtifact } from "../../../src/artifact/node.js";
import { FILES } from "../../../src/build/buildArtifact.js";
import { recipeSettings } from "../../../src/config/recipe.js";
import { settingEntries } from "../../../src/config/settings.js";
import { readModel } from "../../../src/models/model.js";
import { picturesOfRun, readBank } from "../../../src/models/pictures.js";
import { readRun } from "../../../src/report/runRecords.js";
import { findCheckpoint } from "../../../src/run/resume.js";
import { RUN } from "../../../src/run/layout.js";
import { runCli } from "../../cli/executable.js";
import { suiteBrowser, visit, type Visit } from "../../support/browser.js";
import { buildEnginePage } from "../../support/enginePage.js";
import { Events, LearnHarness, TINY, writeGarments } from "../../support/learnPage.js";
import { serveFolders, type StaticServer } from "../../support/staticServer.js";
import { suiteFolder } from "../../support/temporary.js";
import { unzip } from "../../support/unzip.js";

const PICTURES = 72;
const EPOCHS = 6;
/** In the middle of an epoch. */
const PAUSE_AFTER = 6;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** While one tab learns, or pauses: it is told what is there, and changes nothing of it. */
async function refusesAnotherTab({ context, page }: Visit, files: Record<string, string>): Promise<void> {
  const other = await context.newPage();
  await other.goto(page.url());
  const tab = new LearnHarness(other);
  const { step, elsewhere } = (await tab.stored())!;
  assert.equal(elsewhere, true);
  const refused = /^learning: another tab of this browser is learning, expected one at a time/;
  await tab.start(files, TINY);
  await Promise.all([
    assert.rejects(tab.forget(), ({ message }: Error) => refused.test(messageIn(message))),
    tab.until("failed").then((events) => assert.match(events.failure()!, refused)),
  ]);
  assert.equal((await tab.stored())!.step, step);
  await other.close();
}

/** Of an error on the page. */
function messageIn(text: string): string {
  return text.slice(text.indexOf("learning:"));
}

describe("learning in a page", () => {
  const folder = suiteFolder();
  const browser = suiteBrowser();
  let server: StaticServer;
  let here: Visit;
  let harness: LearnHarness;
  let files: Record<string, string>;
  let whole: Events;
  before(async () => {
    const [page, pictures] = [join(folder(), "page"), join(folder(), "garments")];
    await buildEnginePage(page);
    const paths = await writeGarments(pictures, PICTURES);
    files = Object.fromEntries(paths.map((path) => [`garments/${path}`, `/pictures/${path}`]));
    server = await serveFolders({ "/deep/page/": page, "/pictures/": pictures });
    here = await visit(browser(), `${server.origin}/deep/page/`);
    harness = new LearnHarness(here.page);
    await harness.start(files, { ...TINY, epochs: EPOCHS });
    whole = await harness.until("finished");
  });
  after(async () => {
    await here?.close();
    await server?.close();
  });

  it("says what it learns from, in the order of names, and which files cannot be read", () => {
    const { pictures, ids, broken, runtime, runtimeNote, settings } = whole.one("ready");
    assert.deepEqual([pictures, ids.length, runtime, runtimeNote], [PICTURES, PICTURES + 1, "wasm", null]);
    assert.deepEqual(ids.slice(0, 3), ["even/0.png", "even/2.png", "even/4.png"]);
    assert.deepEqual(
      broken.map(({ path }) => path),
      ["even/broken.png"],
    );
    assert.match(broken[0]!.reason, /^even\/broken\.png: found 20 bytes that do not decode/);
    const { batchSize, stepsPerEpoch, steps } = settings;
    assert.deepEqual([batchSize, stepsPerEpoch, steps], [16, 4, 4 * EPOCHS]);
  });

  it("tells every step, and the same few pictures with their nearest after every epoch", () => {
    assert.deepEqual(
      whole.of("step").map(({ step }) => step),
      Array.from({ length: 4 * EPOCHS }, (_, at) => at + 1),
    );
    const epochs = whole.of("epoch");
    assert.deepEqual(
      epochs.map(({ epoch }) => epoch),
      Array.from({ length: EPOCHS + 1 }, (_, at) => at),
    );
    const rowsOf = (at: number) => epochs[at]!.strips.map(({ row }) => row);
    assert.equal(rowsOf(0).length, 6);
    const sent = epochs.flatMap(({ thumbnails }) => thumbnails as unknown as [number, number][]);
    assert.equal(new Set(sent.map(([row]) => row)).size, sent.length, "no thumbnail is sent twice");
    for (const [at, { strips }] of epochs.entries()) {
      assert.deepEqual(rowsOf(at), rowsOf(0));
      for (const { row, nearest } of strips) {
        const similarities = nearest.map(({ similarity }) => similarity);
        assert.deepEqual(
          similarities,
          [...similarities].sort((a, b) => b - a),
        );
        assert.ok(nearest.every((near) => near.row !== row && sent.some(([shown]) => shown === near.row)));
      }
    }
  });

  it("makes the loss fall", () => {
    const losses = [...whole.losses().values()];
    const [first, last] = [mean(losses.slice(0, 8)), mean(losses.slice(-4))];
    assert.ok(last < first, `${first} at first, ${last} in the end`);
    assert.equal(whole.one("finished").loss, whole.of("epoch").at(-1)!.loss);
  });

  it("finds among what was learned, without a server", async () => {
    const { collection, ids, labels, nearest, found } = await harness.search(5, 5);
    assert.deepEqual([collection.pictures, collection.name], [PICTURES, "garments"]);
    assert.deepEqual(collection.classNames, ["even", "odd"]);
    assert.deepEqual([ids[0], ids.length, labels![0], labels!.at(-1)], ["even/0.png", PICTURES, 0, 1]);
    assert.ok(collection.map && !ids.includes("even/broken.png"));
    assert.deepEqual([nearest.length, found.length], [5, 5]);
    assert.ok(nearest.every(({ row }) => row !== 5));
  });

  it("packs a folder that Node's commands take", async () => {
    const { name, zip } = await harness.pack();
    unzip(zip, folder());
    const run = join(folder(), name);
    const [graph, exported] = [await readArtifact(join(run, RUN.graph)), await readModel(run)];
    const bank = await readBank(exported);
    assert.deepEqual([bank.count, bank.dim], [PICTURES + 1, 128]);
    assert.equal((await readRun(run)).steps.length, 4 * EPOCHS);
    const { recipe, preprocessing, seed, data } = graph.manifest;
    const { settings } = whole.one("ready");
    assert.deepEqual([recipe.batchSize, preprocessing.imageSize], [settings.batchSize, 16]);
    // A browser does not tell where on the disk the pictures are.
    await assert.rejects(
      picturesOfRun(run),
      /^DataError: garments: found nothing that can be read, expected the pictures that .+-run learned from;/,
    );
    const cwd = process.cwd();
    process.chdir(folder());
    try {
      const { train } = await picturesOfRun(name);
      assert.deepEqual([train.rowCount, train.sha256], [PICTURES + 1, data!.sha256]);
    } finally {
      process.chdir(cwd);
    }
    const options = settingEntries({ ...recipeSettings({ recipe, preprocessing }), seed });
    const args = options.map(([option, value]) => `--${option}=${String(value)}`);
    const built = await runCli(["build-graph", ...args, "--out", "built"], { cwd: folder() });
    assert.equal(built.code, 0, built.stderr);
    for (const file of [FILES.trainStep, FILES.bankInit, FILES.encoder, FILES.state]) {
      assert.deepEqual(readFileSync(join(folder(), "built", file)), readFileSync(join(run, RUN.graph, file)));
    }
    const found = await runCli(["search", "--in", name, "--id", "even/0.png", "--json"], { cwd: folder() });
    assert.equal(found.code, 0, found.stderr);
  });

  it("takes the same steps when it is paused, and answers meanwhile", async () => {
    await harness.start(files, { ...TINY, epochs: EPOCHS });
    await harness.untilStep(PAUSE_AFTER);
    await harness.pause();
    const { step } = (await harness.until("paused")).one("paused");
    assert.ok(step >= PAUSE_AFTER);
    assert.equal((await harness.stored())!.step, step);
    const { zip } = await harness.pack();
    assert.ok(zip.length > 0);
    await refusesAnotherTab(here, files);
    await harness.resume();
    const events = await harness.until("finished");
    assert.equal(events.one("resumed").step, step);
    assert.deepEqual(events.losses(), whole.losses());
  });

  it("goes on after its tab was closed, with the same steps of NCE too, and longer if asked to", async () => {
    const settings = { ...TINY, epochs: 2, objective: "nce" } as const;
    await harness.start(files, settings);
    const uninterrupted = await harness.until("finished");
    const losses = [...uninterrupted.losses().values()];
    assert.equal(uninterrupted.one("ready").settings.objective, "nce");
    assert.ok(losses.length === 8 && losses.every((loss) => loss > 0), losses.join(" "));
    await harness.start(files, settings);
    await harness.untilStep(2);
    await harness.pause();
    await harness.until("paused");
    await here.page.reload();
    const { name, step, epochs, finished, elsewhere, pictures } = (await harness.stored())!;
    assert.ok(step >= 2 && step < 8, `${step}`);
    assert.deepEqual([name, epochs, pictures], ["garments", Math.floor(step / 4), PICTURES]);
    assert.deepEqual([finished, elsewhere], [false, false]);
    await harness.goOn(null);
    const rest = await harness.until("finished");
    assert.deepEqual(rest.one("ready").losses, losses.slice(0, step));
    assert.deepEqual([...rest.losses().values()], losses.slice(step));
    await harness.goOn(3);
    const more = await harness.until("finished");
    assert.deepEqual(more.one("ready").losses, losses);
    assert.equal(more.one("finished").epochs, 3);
    assert.equal((await harness.stored())!.step, 12);
    await harness.forget();
    assert.equal(await harness.stored(), null);
  });

  it("stops after the step in hand; Node goes on with the folder", async () => {
    await harness.start(files, { ...TINY, epochs: EPOCHS });
    await harness.untilStep(2);
    await harness.stop();
    const { step, stopped } = (await harness.until("finished")).one("finished");
    assert.deepEqual([stopped, step < 4 * EPOCHS], [true, true]);
    const { name, zip } = await harness.pack();
    const cwd = join(folder(), "stopped");
    unzip(zip, cwd);
    assert.equal((await findCheckpoint(join(cwd, name)))!.step, step);
    const { readdirSync, symlinkSync } = await import("node:fs");
    symlinkSync(join(folder(), "garments"), join(cwd, "garments"));
    const went = await runCli(["train", "--resume", name], { cwd });
    assert.equal(went.code, 0, went.stderr);
    const { steps } = await readRun(join(cwd, name));
    assert.deepEqual([steps.length, steps.at(-1)!.step], [4 * EPOCHS, 4 * EPOCHS]);
    assert.ok(readdirSync(join(cwd, name)).includes(RUN.report));
    // Decoders and kernels differ in their last digits.
    const expected = whole.losses().get(step + 1)!;
    assert.ok(Math.abs(steps[step]!.loss - expected) < 0.01, `${steps[step]!.loss}, ${expected} in the page`);
  });

  it("refuses what is too little to learn from, and says what would do", async () => {
    const few = Object.fromEntries(Object.entries(files).slice(0, 15));
    await harness.start(few, TINY);
    assert.equal(
      (await harness.until("failed")).failure(),
      "garments: has 15 pictures that can be read, expected at least 16 to learn what tells them apart; add pictures",
    );
    const none = Object.fromEntries(Object.entries(files).slice(-1));
    await harness.start(none, TINY);
    assert.match((await harness.until("failed")).failure()!, /^pictures: found none among 1 files/);
  });

  it("asks its own server only, and says nothing in the console", () => {
    assert.deepEqual(here.problems, []);
  });
});
