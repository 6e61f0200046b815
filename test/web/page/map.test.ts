import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Visit } from "../../support/browser.js";
import { suitePage, type PageSite } from "../../support/pageSite.js";

/** Free space that the page leaves around the map, in CSS pixels, see src/web/ui/mapGeometry.ts. */
const MARGIN = 28;

/** Where a row's point is in the window. */
async function pointOf(page: Page, { loaded }: PageSite, row: number): Promise<{ x: number; y: number }> {
  const box = (await page.locator("canvas.points").boundingBox())!;
  const scale = Math.min(box.width, box.height) / 2 - MARGIN;
  return {
    x: box.x + box.width / 2 + scale * loaded.map![2 * row]!,
    y: box.y + box.height / 2 - scale * loaded.map![2 * row + 1]!,
  };
}

/** The row that is farthest from its nearest neighbour on the map: nothing else is meant there. */
function loneliest({ loaded }: PageSite): number {
  const map = loaded.map!;
  let [best, most] = [0, -1];
  for (let row = 0; row < loaded.ids.length; row++) {
    let nearest = Infinity;
    for (let other = 0; other < loaded.ids.length; other++) {
      if (other === row) continue;
      nearest = Math.min(nearest, Math.hypot(map[2 * row]! - map[2 * other]!, map[2 * row + 1]! - map[2 * other + 1]!)); // prettier-ignore
    }
    if (nearest > most) [best, most] = [row, nearest];
  }
  return best;
}

/** Ordered so that the buttons in the corner are not in the way of the pointer. */
async function hover(page: Page, site: PageSite, row: number): Promise<{ x: number; y: number }> {
  const at = await pointOf(page, site, row);
  await page.mouse.move(at.x, at.y);
  await page.waitForSelector(".hover");
  return at;
}

describe("the map on the page", () => {
  const { site, enter } = suitePage();
  let here: Visit;
  beforeEach(async () => {
    here = await enter("#/map");
  });
  afterEach(async () => {
    const { problems } = here;
    await here.close();
    assert.deepEqual(problems, [], "errors, warnings and requests elsewhere");
  });

  it("shows the picture under the pointer and searches it on a click", async () => {
    const { page } = here;
    const row = loneliest(site());
    const at = await hover(page, site(), row);
    assert.match(await page.locator(".hover").innerText(), new RegExp(`^${site().loaded.ids[row]!}\\b`));
    await page.mouse.click(at.x, at.y);
    await page.waitForURL((url) => url.hash === `#/search/row/${row}`);
    await page.goBack();
    await page.waitForSelector("canvas.points");
  });

  it("selects what a lasso goes around, to be labelled at once", async () => {
    const { page } = here;
    await page.getByRole("link", { name: "Label" }).click();
    await page.getByLabel("Name of a new class").fill("here");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Map" }).click();
    await page.getByRole("button", { name: "Lasso" }).click();
    const { map, ids } = site().loaded;
    const box = (await page.locator("canvas.points").boundingBox())!;
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const scale = Math.min(box.width, box.height) / 2 - MARGIN;
    // The left half of the map.
    const corners = [[-1.05, -1.05], [0, -1.05], [0, 1.05], [-1.05, 1.05]] as const; // prettier-ignore
    const onScreen = corners.map(([x, y]) => [middle.x + scale * x, middle.y - scale * y] as const);
    await page.mouse.move(...onScreen[0]!);
    await page.mouse.down();
    for (const corner of onScreen.slice(1)) await page.mouse.move(...corner, { steps: 4 });
    await page.mouse.up();
    const expected = ids.filter((_, row) => map![2 * row]! < 0).length;
    const shown = Number.parseInt((await page.locator("#selection-title").innerText()).replaceAll(",", ""));
    assert.ok(expected > 0 && Math.abs(shown - expected) <= 2, `shown ${shown}, expected ${expected}`);
    await page.getByRole("button", { name: "All are here" }).click();
    await page.getByRole("link", { name: "Label" }).click();
    await page.waitForSelector(`text=${shown.toLocaleString("en")} examples`);
  });

  it("is moved and searched by keys", async () => {
    const { page } = here;
    await page.locator("canvas.points").focus();
    await page.keyboard.press("+");
    await page.waitForSelector(".hover");
    const id = (await page.locator(".hover p").first().innerText()).trim();
    assert.match(await page.getByRole("status").innerText(), new RegExp(`^${id}\\b`));
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.hash === `#/search/row/${site().loaded.ids.indexOf(id)}`);
  });

  it("is a list too, for those who do not see it", async () => {
    const { page } = here;
    const { labels, collection } = site().loaded;
    const size = labels!.filter((label) => label === 2).length;
    const summary = page.locator(".groups summary").nth(2);
    assert.equal((await summary.innerText()).replaceAll(/\s+/g, " ").trim(), `${collection.classNames[2]!} ${size} pictures`); // prettier-ignore
    await summary.click();
    const cells = page.locator(".groups .cell");
    assert.equal(await cells.count(), Math.min(24, size));
    const row = Number(await cells.first().getAttribute("data-row"));
    assert.equal(labels![row], 2);
    await cells.first().click();
    await page.waitForURL((url) => url.hash === `#/search/row/${row}`);
  });
});
