/** @file Learning on WebGPU, played by the CPU: the same losses as on wasm. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { suiteBrowser, visit, type Visit } from "../../support/browser.js";
import { buildEnginePage } from "../../support/enginePage.js";
import { LearnHarness, TINY, writeGarments } from "../../support/learnPage.js";
import { serveFolders, type StaticServer } from "../../support/staticServer.js";
import { suiteFolder } from "../../support/temporary.js";

/** Two batches: each step takes a second. */
const PICTURES = 16;
const EPOCHS = 1;
/** Relative. */
const TOLERANCE = 1e-3;

describe("learning in a page on WebGPU", () => {
  const folder = suiteFolder();
  const browser = suiteBrowser({ webgpu: true });
  let server: StaticServer;
  let here: Visit;
  before(async () => {
    const [page, pictures] = [join(folder(), "page"), join(folder(), "garments")];
    await buildEnginePage(page);
    await writeGarments(pictures, PICTURES);
    server = await serveFolders({ "/page/": page, "/pictures/": pictures });
    here = await visit(browser(), `${server.origin}/page/`);
  });
  after(async () => {
    await here?.close();
    await server?.close();
  });

  it("takes the steps that wasm takes, within rounding, and leaves the same bank", async function () {
    const harness = new LearnHarness(here.page);
    const rows = Array.from({ length: PICTURES }, (_, row) => `${row % 2 === 0 ? "even" : "odd"}/${row}.png`);
    const files = Object.fromEntries(rows.map((path) => [path, `/pictures/${path}`]));
    const settings = { ...TINY, epochs: EPOCHS };
    await harness.start(files, settings);
    const onCpu = await harness.until("finished");
    await harness.start(files, { ...settings, runtime: "webgpu" });
    const onGpu = await harness.until("finished");
    if (/finds no GPU|has no WebGPU/.test(onGpu.failure() ?? "")) {
      console.log(`      skipped: ${onGpu.failure()}`);
      this.skip();
    }
    assert.equal(onGpu.one("ready").runtime, "webgpu");
    const [expected, found] = [onCpu.losses(), onGpu.losses()];
    assert.equal(found.size, 2 * EPOCHS);
    for (const [step, loss] of found) {
      const wanted = expected.get(step)!;
      assert.ok(Math.abs(loss / wanted - 1) < TOLERANCE, `step ${step}: ${loss}, ${wanted} on wasm`);
    }
    const [first, second] = [onCpu, onGpu].map((events) => events.of("epoch").at(-1)!.strips[0]!.nearest[0]!);
    assert.ok(Math.abs(first!.similarity - second!.similarity) < 0.01);
    assert.deepEqual(here.problems, []);
  });
});
