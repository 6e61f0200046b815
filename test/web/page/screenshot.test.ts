/**
 * @file Pictures of the page, for the README and for the eye: INSTDISC_SCREENSHOT names the folder that they go to,
 * INSTDISC_PAGE_RUN a run that learned more than the tests' own.
 */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { decodePicture } from "../../../src/data/decode.js";
import type { PageSite } from "../../support/pageSite.js";
import { suitePage, until } from "../../support/pageSite.js";
import { suiteFolder } from "../../support/temporary.js";

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** Pixels of a picture for one of the page: fine ones are for people only. */
const SCALE = process.env["INSTDISC_SCREENSHOT"] === undefined ? 1 : 2;
/** Classes that are labelled, and examples of each. */
const CLASSES = 3;
const EXAMPLES = 3;

async function search(page: Page): Promise<void> {
  await page.locator(".grid .cell").nth(6).click();
  await until(page, `document.querySelectorAll(".neighbours canvas[data-row]").length >= 40`);
}

async function label(page: Page, { loaded }: PageSite): Promise<void> {
  await page.getByRole("link", { name: "Label" }).click();
  for (let place = 0; place < CLASSES; place++) {
    await page.getByLabel("Name of a new class").fill(loaded.collection.classNames[place]!);
    await page.keyboard.press("Enter");
    await until(page, `document.querySelectorAll(".classes .class").length === ${place + 1}`);
    const rows = await page
      .locator(".grid .cell")
      .evaluateAll((cells) =>
        cells.map((cell) => Number((cell as unknown as { dataset: Record<string, string> }).dataset["row"])),
      );
    const own = rows.filter((row) => loaded.labels![row] === place).slice(0, EXAMPLES);
    for (const row of own) await page.locator(`.cell[data-row='${row}']`).click();
  }
  await until(page, `document.querySelectorAll(".cell.guess").length > 10`);
  await page.evaluate("scrollTo(0, 0); document.activeElement.blur()");
  await page.mouse.move(0, 0);
}

/** Whether there are so many different values. */
function hasTones(data: Uint8Array, count: number): boolean {
  const seen = new Uint8Array(256);
  let found = 0;
  for (const value of data) {
    if (seen[value] === 0 && ++found === count) return true;
    seen[value] = 1;
  }
  return false;
}

describe("screenshots of the page", () => {
  const temporary = suiteFolder();
  const { site, enter } = suitePage();

  for (const [name, viewport] of [
    ["desk", DESK],
    ["phone", PHONE],
  ] as const) {
    for (const colorScheme of ["light", "dark"] as const) {
      it(`are made of search, labelling and map: ${name}, ${colorScheme}`, async () => {
        const folder = process.env["INSTDISC_SCREENSHOT"] ?? temporary();
        mkdirSync(folder, { recursive: true });
        const here = await enter("", { viewport, colorScheme, deviceScaleFactor: SCALE });
        const shoot = async (what: string): Promise<void> => {
          const path = join(folder, `${what}-${name}-${colorScheme}.png`);
          const picture = await decodePicture(await here.page.screenshot({ path }), path);
          assert.deepEqual(
            [picture.width, picture.height],
            [SCALE * viewport.width, SCALE * viewport.height],
          );
          assert.ok(hasTones(picture.data, 101), "more than paper and ink");
        };
        await shoot("start");
        await search(here.page);
        await shoot("search");
        await label(here.page, site());
        await shoot("label");
        await here.page.getByRole("link", { name: "Ask me" }).click();
        await here.page.waitForSelector(".ask-picture canvas[data-row]");
        await shoot("ask");
        await here.page.getByRole("link", { name: "Map" }).click();
        await here.page.waitForSelector("canvas.points");
        await here.page.waitForTimeout(300);
        await shoot("map");
        assert.deepEqual(here.problems, []);
        await here.close();
      });
    }
  }
});
