/** @file The engine in a real browser against Node: the same pictures, the same vectors, the same neighbours. */

import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { COLLECTION } from "../../../src/artifact/collection.js";
import { RandomStream } from "../../../src/random/philox.js";
import { Scanner } from "../../../src/search/scan.js";
import { normalizeRows } from "../../../src/search/vectors.js";
import { suiteBrowser, visit, type Visit } from "../../support/browser.js";
import { EngineHarness } from "../../support/enginePage.js";
import { openEngineSite, type EngineSite } from "../../support/engineSite.js";
import { suiteFolder } from "../../support/temporary.js";
import { suiteRun } from "../../support/trainedRun.js";

const PICTURES = 50;
/** On a GPU that the CPU plays, each takes a while. */
const PICTURES_ON_GPU = 50;
const QUERIES = 2000;
const K = 20;
const LEAST_COSINE = 0.9999;

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, at) => sum + value * b[at]!, 0);

/** Random directions. */
function queriesOf(count: number, dim: number): Float32Array[] {
  const stream = new RandomStream(5, "queries");
  const data = Float32Array.from({ length: count * dim }, () => stream.normal());
  const unit = normalizeRows({ count, dim, data }).data;
  return Array.from({ length: count }, (_, at) => unit.slice(at * dim, (at + 1) * dim));
}

/** Smallest cosine between the browser's vectors of the first pictures and Node's. */
async function leastCosine(harness: EngineHarness, site: EngineSite, pictures: number): Promise<number> {
  const { dim, data } = site.expected;
  let least = 1;
  for (let row = 0; row < pictures; row++) {
    const { vector } = await harness.embed(site.pictureUrl(row));
    least = Math.min(least, cosine(vector, data.subarray(row * dim, (row + 1) * dim)));
  }
  return least;
}

describe("the engine in a browser", () => {
  const folder = suiteFolder();
  const trained = suiteRun();
  const browser = suiteBrowser();
  let site: EngineSite;
  let here: Visit;
  let harness: EngineHarness;
  before(async () => {
    site = await openEngineSite(folder(), trained().run, PICTURES);
    here = await visit(browser(), site.page);
    harness = new EngineHarness(here.page);
  });
  after(async () => {
    await here?.close();
    await site?.close();
  });

  it("opens a collection on wasm where there is no GPU, says why, and tells how much has come", async () => {
    const { ids, labels, map, ...opened } = await harness.open(site.collection, "auto");
    const { loaded } = site;
    assert.deepEqual([ids, labels], [loaded.ids, [...loaded.labels!]]);
    assert.deepEqual(Float32Array.from(map!), loaded.map);
    assert.equal(opened.runtime, "wasm");
    assert.equal(opened.runtimeNote, "this browser finds no GPU");
    assert.deepEqual(Object.keys(opened.parts), ["collection", "vectors", "encoder", "runtime"]);
    for (const [what, [bytes, all]] of Object.entries(opened.parts)) assert.equal(bytes, all, what);
  });

  it("computes with threads, where the machine has processors for them", function () {
    if (availableParallelism() < 2) {
      console.log("      skipped: found 1 processor, expected 2 or more");
      this.skip();
    }
    // Each thread loads the script once more.
    const script = "/ort/ort-wasm-simd-threaded.mjs";
    assert.ok(site.server.asked.filter((path) => path.endsWith(script)).length > 1);
  });

  it(`embeds ${PICTURES} pictures as Node does`, async () => {
    assert.ok((await leastCosine(harness, site, PICTURES)) >= LEAST_COSINE);
  });

  it(`finds Node's neighbours for ${QUERIES} queries`, async () => {
    const { codes } = site.loaded;
    const queries = queriesOf(QUERIES, codes.dim);
    const scanner = new Scanner(codes.dim, [codes]);
    const { found } = await harness.search(
      queries.map((query) => [...query]),
      K,
    );
    assert.equal(found.length, QUERIES);
    found.forEach((answer, at) => {
      const { rows, similarities } = scanner.search(queries[at]!, K);
      const expected = Array.from(rows, (row, place) => ({ row, similarity: similarities[place]! }));
      assert.deepEqual(answer, expected, `query ${at}`);
    });
  });

  it("finds a row's neighbours without the row", async () => {
    const similarities = await harness.similarities(3);
    const found = await harness.searchRow(3, 5);
    const order = similarities.map((similarity, row) => ({ row, similarity })).filter(({ row }) => row !== 3);
    order.sort((a, b) => b.similarity - a.similarity || a.row - b.row);
    assert.deepEqual(found, order.slice(0, 5));
    assert.ok(Math.abs(similarities[3]! - 1) < 0.02, `${similarities[3]} with itself`);
  });

  it("cuts a picture from the thumbnails", async () => {
    const { type, bytes } = await harness.picture(1);
    assert.equal(type, "image/png");
    assert.deepEqual(bytes.slice(1, 4), [...Buffer.from("PNG")]);
  });

  it("refuses what is no picture, and WebGPU where there is none", async () => {
    const text = `${site.collection}${COLLECTION.description}`;
    await assert.rejects(harness.embed(text), /DataError|bytes that do not decode/);
    await assert.rejects(
      harness.open(site.collection, "webgpu"),
      /engine: WebGPU is not available \(this browser finds no GPU\), available: wasm; choose wasm/,
    );
  });

  it("names a file that is missing", async () => {
    const encoder = join(site.folder, COLLECTION.encoder);
    renameSync(encoder, `${encoder}.away`);
    await assert.rejects(
      harness.open(site.collection, "wasm"),
      /encoder\.onnx: was answered with 404, expected a file of a collection/,
    );
    renameSync(`${encoder}.away`, encoder);
  });

  it("refuses what is asked before it is closed and not answered, and what is asked after", async () => {
    await harness.open(site.collection, "wasm");
    const answers = await harness.close();
    assert.equal(answers.length, 2);
    for (const answer of answers) assert.match(answer, /engine: was closed, .*; open it again/);
  });

  it("sends no request elsewhere and writes no error of its own into the console", () => {
    // The browser itself writes a line for the file that was missing.
    const problems = here.problems.filter((problem) => !problem.includes("404 (Not Found)"));
    assert.deepEqual(problems, []);
  });
});

describe("the engine on WebGPU", () => {
  const folder = suiteFolder();
  const trained = suiteRun();
  const browser = suiteBrowser({ webgpu: true });
  let site: EngineSite;
  let here: Visit;
  let harness: EngineHarness;
  before(async () => {
    site = await openEngineSite(folder(), trained().run, PICTURES_ON_GPU);
    here = await visit(browser(), site.page);
    harness = new EngineHarness(here.page);
  });
  after(async () => {
    await here?.close();
    await site?.close();
  });

  it(`embeds ${PICTURES_ON_GPU} pictures as Node's CPU does`, async () => {
    const { runtime, runtimeNote } = await harness.open(site.collection, "webgpu");
    assert.deepEqual([runtime, runtimeNote], ["webgpu", null]);
    assert.ok((await leastCosine(harness, site, PICTURES_ON_GPU)) >= LEAST_COSINE);
  });

  it("prefers wasm to a GPU that the CPU plays", async () => {
    const { runtime, runtimeNote } = await harness.open(site.collection, "auto");
    assert.deepEqual([runtime, runtimeNote], ["wasm", "the GPU is played by the CPU"]);
  });

  it("leaves the console empty", () => {
    assert.deepEqual(here.problems, []);
  });
});
