import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { suiteBrowser, visit } from "../../support/browser.js";
import { EngineHarness } from "../../support/enginePage.js";
import { openEngineSite } from "../../support/engineSite.js";
import { suiteFolder } from "../../support/temporary.js";
import { suiteRun } from "../../support/trainedRun.js";

/** As a reader does who holds the shift key: past the service worker. */
async function reloadByForce(page: import("playwright-core").Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const loaded = page.waitForEvent("load");
  await session.send("Page.reload", { ignoreCache: true });
  await loaded;
}

/** The harness of the page once it is isolated: on the first visit that takes a reload. */
async function settled(page: import("playwright-core").Page): Promise<EngineHarness> {
  const harness = new EngineHarness(page);
  await harness.startOffline().catch(() => undefined); // the reload takes the answer with it
  await page.waitForFunction("globalThis.crossOriginIsolated && globalThis.harness !== undefined");
  await harness.startOffline();
  return harness;
}

describe("the page without a network", () => {
  const folder = suiteFolder();
  const trained = suiteRun();
  const browser = suiteBrowser();

  it("opens, embeds and searches after one visit, on a host that says nothing of isolation", async () => {
    const site = await openEngineSite(folder(), trained().run, 1, { isolated: false });
    const here = await visit(browser(), site.page);
    try {
      const first = await settled(here.page);
      const { isolated } = await first.open(site.collection, "wasm");
      assert.ok(isolated, "threads on a plain static host");
      const online = await first.searchRow(0, 5);
      await first.keepOffline();
      await here.page.waitForFunction(
        "harness.cached().then((paths) => paths.some((path) => path.endsWith('sprites/0000.jpg')))",
      );
      const { vector } = await first.embed(site.pictureUrl(0));

      await site.close(); // the server is gone for good
      await here.page.goto(`${site.page}?from=a+bookmark`);
      const second = new EngineHarness(here.page);
      await second.open(site.collection, "wasm");
      assert.deepEqual(await second.searchRow(0, 5), online);
      assert.deepEqual((await second.embed(site.pictureUrl(0))).vector, vector);
      assert.equal((await second.picture(0)).type, "image/png");
      assert.deepEqual(here.problems, []);
    } finally {
      await here.close();
    }
  });

  it("opens without delay after a forced reload, which no service worker answers", async () => {
    const own = join(folder(), "forced");
    mkdirSync(own);
    const site = await openEngineSite(own, trained().run, 1, { isolated: false });
    const here = await visit(browser(), site.page);
    try {
      await settled(here.page);
      await reloadByForce(here.page);
      const harness = new EngineHarness(here.page);
      assert.equal(await here.page.evaluate("navigator.serviceWorker.controller"), null);
      const start = performance.now();
      await harness.startOffline();
      const ms = performance.now() - start;
      assert.ok(ms < 4000, `${ms} ms, of 5000 that a first visit may take`);
      assert.deepEqual(here.problems, []);
    } finally {
      await here.close();
      await site.close();
    }
  });
});
