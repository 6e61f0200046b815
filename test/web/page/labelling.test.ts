import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import type { LabelFile } from "../../../src/web/engine/labelFiles.js";
import type { Visit } from "../../support/browser.js";
import {
  rowsShown,
  similarityTo,
  suitePage,
  until,
  vectorOf,
  type PageSite,
} from "../../support/pageSite.js";

/** Examples of each class. */
const CLICKS = 3;
/** The page computes cosines with 16-bit numbers: what that does to a probability, at most. */
const ROUNDING = 5e-4;

async function addClass(page: Page, name: string): Promise<void> {
  await page.getByLabel("Name of a new class").fill(name);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: new RegExp(`^${name} `) }).waitFor();
}

/** Clicks pictures that are shown and whose own label is `label`. @returns their rows */
async function clickExamples(
  page: Page,
  { loaded }: PageSite,
  label: number,
  count: number,
): Promise<number[]> {
  const rows = (await rowsShown(page)).filter((row) => loaded.labels![row] === label).slice(0, count);
  assert.equal(rows.length, count, "pictures of the class in sight");
  for (const row of rows) await page.locator(`.cell[data-row='${row}']`).click();
  return rows;
}

async function exported(page: Page, button: string): Promise<string> {
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button, exact: true }).click(),
  ]);
  return readFileSync(await file.path(), "latin1");
}

/** Node's own kNN over the examples: class and probability of a row. */
function voteOf(
  { loaded }: PageSite,
  row: number,
  examples: readonly (readonly [row: number, name: string])[],
): { readonly shares: ReadonlyMap<string, number> } {
  const { k, temperature } = loaded.collection.vote;
  const nearest = examples
    .map(([other, name]) => ({ name, similarity: similarityTo(loaded, row, vectorOf(loaded, other)) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, k);
  const votes = nearest.map(({ similarity }) => Math.exp(similarity / temperature));
  const all = votes.reduce((sum, vote) => sum + vote, 0);
  const shares = new Map<string, number>();
  nearest.forEach(({ name }, at) => shares.set(name, (shares.get(name) ?? 0) + votes[at]! / all));
  return { shares };
}

describe("labelling on the page", () => {
  const { site, enter } = suitePage();
  let here: Visit;
  beforeEach(async () => {
    here = await enter("#/label", { acceptDownloads: true });
  });
  afterEach(async () => {
    const { problems } = here;
    await here.close();
    assert.deepEqual(problems, [], "errors, warnings and requests elsewhere");
  });

  it("takes a few clicks and answers by key to a correct export, and a reload loses nothing", async () => {
    const { page } = here;
    const { loaded } = site();
    const given = new Map<number, string>();
    for (const [label, name] of [
      [0, "first"],
      [1, "second"],
    ] as const) {
      // prettier-ignore
      await addClass(page, name);
      for (const row of await clickExamples(page, site(), label, CLICKS)) given.set(row, name);
    }
    await page.getByRole("link", { name: "Ask me" }).click();
    for (const key of ["1", "2", " ", "2"]) {
      const row = await asked(page);
      await page.keyboard.press(key);
      if (key !== " ") given.set(row, key === "1" ? "first" : "second");
      await until(page, `document.querySelector(".ask-picture").dataset.row !== "${row}"`);
    }
    const [last] = [...given.keys()].slice(-1);
    await asked(page);
    await page.keyboard.press("z");
    await until(page, `document.querySelector(".ask-picture").dataset.row === "${last}"`);
    given.delete(last!);
    await until(page, `document.querySelector(".classes").textContent.includes("4 examples")`);

    const file = JSON.parse(await exported(page, "JSON")) as LabelFile;
    const idOf = (row: number): string => loaded.ids[row]!;
    const sorted = [...given].sort(([a], [b]) => a - b);
    assert.deepEqual(file.classes, ["first", "second"]);
    assert.deepEqual(file.examples, sorted.map(([row, name]) => ({ id: idOf(row), class: name }))); // prettier-ignore
    assert.equal(file.predictions.length, loaded.ids.length - given.size);
    for (const { id, class: name, probability } of file.predictions) {
      const { shares } = voteOf(site(), loaded.ids.indexOf(id), sorted);
      assert.ok(
        Math.abs(shares.get(name)! - probability) < ROUNDING,
        `${id}: ${probability}, ${shares.get(name)}`,
      );
      assert.ok(
        probability > Math.max(...shares.values()) - ROUNDING,
        `${id}: another class is more probable`,
      );
    }

    const lines = (await exported(page, "CSV")).split("\r\n");
    assert.deepEqual([lines[0], lines.length], ["id,class,probability,source", loaded.ids.length + 2]);
    const rows = lines.slice(1, -1).map((line) => line.split(","));
    assert.deepEqual(rows.map(([id]) => id), loaded.ids); // prettier-ignore
    for (const { id, class: name, probability } of file.predictions) {
      assert.deepEqual(rows[loaded.ids.indexOf(id)], [id, name, probability.toFixed(4), "predicted"]);
    }

    await page.reload();
    await until(page, `document.querySelector(".classes")?.textContent.includes("4 examples")`);
    assert.deepEqual((JSON.parse(await exported(page, "JSON")) as LabelFile).examples, file.examples);
    assert.ok(await page.getByRole("button", { name: /^Undo/ }).isDisabled(), "what was kept is not a step");
  });

  it("asks on however many pictures are skipped, and goes back over them", async () => {
    const { page } = here;
    await addClass(page, "first");
    await clickExamples(page, site(), 0, 1);
    await page.getByRole("link", { name: "Ask me" }).click();
    const skipped: number[] = [];
    for (let turn = 0; turn < 14; turn++) {
      skipped.push(await asked(page));
      await page.keyboard.press(" ");
      await until(page, `document.querySelector(".ask-picture")?.dataset.row !== "${skipped.at(-1)}"`);
    }
    assert.ok(!skipped.includes(await asked(page)));
    assert.equal(new Set(skipped).size, skipped.length, "none is asked about twice");
    for (const row of skipped.reverse().slice(0, 8)) {
      await page.keyboard.press("z");
      await until(page, `document.querySelector(".ask-picture").dataset.row === "${row}"`);
    }
  });

  it("goes back to an answer without taking back what was done since", async () => {
    const { page } = here;
    await addClass(page, "first");
    await clickExamples(page, site(), 0, 1);
    await page.getByRole("link", { name: "Ask me" }).click();
    const row = await asked(page);
    await page.keyboard.press("1");
    await until(page, `document.querySelector(".classes").textContent.includes("2 examples")`);
    await page.getByLabel("Name of a new class").fill("second");
    await page.keyboard.press("Enter");
    await until(page, `document.querySelector(".classes").textContent.includes("second")`);
    await page.getByRole("button", { name: /^Back/ }).click();
    await until(page, `document.querySelector(".ask-picture").dataset.row === "${row}"`);
    await until(page, `document.querySelector(".classes").textContent.includes("1 example")`);
    const classes = await page.locator(".classes").innerText();
    assert.match(classes, /\bsecond\b/, "the class added since stays");
  });

  it("says how many pictures are sure, by the threshold that was chosen", async () => {
    const { page } = here;
    await addClass(page, "first");
    const first = await clickExamples(page, site(), 0, CLICKS);
    await addClass(page, "second");
    const second = await clickExamples(page, site(), 1, CLICKS);
    const examples = [...first.map((row) => [row, "first"] as const), ...second.map((row) => [row, "second"] as const)]; // prettier-ignore
    const counts: number[] = [];
    for (const threshold of [0.5, 0.9]) {
      await page.getByLabel("Sure means at least").selectOption(String(threshold));
      const sure = site().loaded.ids.filter(
        (_, row) => Math.max(...voteOf(site(), row, examples).shares.values()) >= threshold,
      ).length;
      const shown = Number(await page.locator(".settled b").innerText());
      // An example is settled whatever its own neighbours say.
      assert.ok(
        shown >= sure && shown <= sure + examples.length,
        `${threshold}: shown ${shown}, counted ${sure}`,
      );
      counts.push(shown);
    }
    assert.ok(counts[0]! > counts[1]!, "more are sure when less is asked");
  });

  it("labels with digits in the grid, and takes back with z and Delete", async () => {
    const { page } = here;
    for (const name of ["first", "second"]) await addClass(page, name);
    const cell = page.locator(".grid .cell").nth(1);
    await cell.focus();
    await page.keyboard.press("1");
    assert.match((await cell.textContent())!, /: example of first$/);
    assert.equal(await cell.getAttribute("aria-pressed"), "true");
    await page.keyboard.press("2");
    assert.match((await cell.textContent())!, /: example of second$/);
    await page.keyboard.press("z");
    assert.match((await cell.textContent())!, /: example of first$/);
    await page.keyboard.press("Delete");
    assert.doesNotMatch((await cell.textContent())!, /example/);
    await page.keyboard.press("z");
    await page.keyboard.press("y");
    assert.doesNotMatch((await cell.textContent())!, /example/);
  });

  it("imports what it exported, and refuses another file in the words of the house", async () => {
    const { page } = here;
    await addClass(page, "first");
    await clickExamples(page, site(), 0, CLICKS);
    const json = await exported(page, "JSON");
    await page.getByRole("button", { name: "Remove first" }).click();
    const input = page.getByLabel("Labels to import");
    await input.setInputFiles({
      name: "labels.json",
      mimeType: "application/json",
      buffer: Buffer.from(json),
    });
    await until(page, `document.querySelector(".classes").textContent.includes("3 examples")`);
    await input.setInputFiles({
      name: "other.json",
      mimeType: "application/json",
      buffer: Buffer.from("{}"),
    });
    assert.match(await page.getByRole("alert").innerText(), /^other\.json: /);
  });

  it("writes a zip file with a folder for each class", async () => {
    const { page } = here;
    await addClass(page, "a/b");
    const rows = await clickExamples(page, site(), 0, CLICKS);
    await page.getByLabel("Which labels").selectOption("given");
    const zip = await exported(page, "ImageFolder");
    assert.equal(zip.slice(0, 4), "PK\u0003\u0004");
    const stem = (row: number): string => site().loaded.ids[row]!.replace(/\.[A-Za-z]{3,4}$/, "").replace(/[/]/g, "_"); // prettier-ignore
    for (const row of rows) assert.ok(zip.includes(`a_b/${stem(row)}.png`), stem(row));
    assert.equal(zip.split("\u0089PNG").length - 1, rows.length);
  });

  it("refuses a name twice, on the page", async () => {
    const { page } = here;
    await addClass(page, "first");
    await page.getByLabel("Name of a new class").fill("first");
    await page.keyboard.press("Enter");
    assert.match(await page.getByRole("alert").innerText(), /found first, which is there already/);
  });
});

/** The row that is asked about. */
async function asked(page: Page): Promise<number> {
  await until(page, `(document.querySelector(".ask-picture")?.dataset.row ?? "") !== ""`);
  return page.evaluate<number>(`Number(document.querySelector(".ask-picture").dataset.row)`);
}
