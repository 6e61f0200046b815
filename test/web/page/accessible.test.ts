/** @file Everybody can use the page: axe finds nothing, at phone width and in both colour schemes; nothing jumps. */

import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { faultsOf } from "../../support/axe.js";
import { suitePage, until } from "../../support/pageSite.js";

const VIEWS = ["#/search", "#/search/row/5", "#/label", "#/label/ask", "#/map", "#/learn"] as const;
/** What is there once a view is; elsewhere, its first pictures. */
const SIGNS: Readonly<Record<string, string>> = { "#/map": "canvas.points", "#/learn": ".learn .drop" };
const PICTURES = "main canvas[data-row]";
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };
const ROOMS = [
  { viewport: DESK, colorScheme: "light" },
  { viewport: DESK, colorScheme: "dark" },
  { viewport: PHONE, colorScheme: "light" },
  { viewport: PHONE, colorScheme: "dark" },
] as const;

async function labelSome(page: Page): Promise<void> {
  for (const name of ["first", "second"]) {
    await page.getByLabel("Name of a new class").fill(name);
    await page.keyboard.press("Enter");
    await page.locator(".grid .cell").nth(name === "first" ? 0 : 7).click(); // prettier-ignore
  }
}

describe("the page for everybody", () => {
  const { enter } = suitePage();

  for (const room of ROOMS) {
    const { viewport, colorScheme } = room;
    it(`has no fault that axe knows, ${colorScheme}, ${viewport.width} pixels wide, and fits`, async () => {
      const here = await enter("#/label", room);
      await labelSome(here.page);
      for (const hash of VIEWS) {
        await here.page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
        await here.page.waitForSelector(SIGNS[hash] ?? PICTURES);
        assert.deepEqual(await faultsOf(here.page), [], hash);
        const wider = await here.page.evaluate<number>(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        assert.ok(wider <= 0, `${hash}: ${wider} pixels beyond the width of the window`);
      }
      assert.deepEqual(here.problems, []);
      await here.close();
    });
  }

  it("follows the switch of colours, whatever the system says, and keeps it", async () => {
    const here = await enter("", { colorScheme: "light" });
    const paper = (): Promise<string> =>
      here.page.evaluate("getComputedStyle(document.body).backgroundColor");
    const light = await paper();
    await here.page.getByLabel("Colours").selectOption("dark");
    await until(here.page, `getComputedStyle(document.body).backgroundColor !== "${light}"`);
    const dark = await paper();
    await here.page.reload();
    await here.page.waitForSelector("main[tabindex]");
    assert.equal(await paper(), dark);
    await here.close();
  });

  it("lets nothing jump while pictures and neighbours come", async () => {
    const here = await enter();
    await here.page.evaluate(`globalThis.shifts = [];
      new PerformanceObserver((list) => shifts.push(...list.getEntries().map(({ value }) => value)))
        .observe({ type: "layout-shift", buffered: true }); undefined`);
    for (const hash of ["#/search/row/5", "#/search/row/9", "#/label", "#/map", "#/learn"]) {
      await here.page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await here.page.waitForSelector(SIGNS[hash] ?? PICTURES);
    }
    await here.page.evaluate(
      "new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 200)))",
    );
    const sum = await here.page.evaluate<number>("shifts.reduce((sum, value) => sum + value, 0)");
    // 0.1 is what web.dev calls good, for a page's whole life.
    assert.ok(sum < 0.05, `layout shifts add up to ${sum}`);
    await here.close();
  });

  it("moves nothing for those who asked for less motion", async () => {
    const movingFor = async (reducedMotion: "reduce" | "no-preference"): Promise<string[]> => {
      const here = await enter("", { reducedMotion });
      const moving = await here.page.evaluate<string[]>(
        "[...document.querySelectorAll('*')].map((one) => getComputedStyle(one).transitionDuration).filter((one) => one !== '0s')",
      );
      await here.close();
      return moving;
    };
    assert.notDeepEqual(await movingFor("no-preference"), []);
    assert.deepEqual(await movingFor("reduce"), []);
  });
});
