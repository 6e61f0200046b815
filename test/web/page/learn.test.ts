/** @file Learning from a person's own pictures, from the folder that is dropped to the search that finds. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { faultsOf } from "../../support/axe.js";
import type { Visit } from "../../support/browser.js";
import { suitePage, until } from "../../support/pageSite.js";
import { writePictureFolder } from "../../support/pictureFolder.js";
import { suiteFolder } from "../../support/temporary.js";

/** Four steps an epoch. */
const PICTURES = 32;
const TRAINING_MS = 120_000;

/** As a hand does it: the browser itself reads what lies under the path. */
async function drop(page: Page, path: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data });
}

const titleIs = (page: Page, text: string): Promise<void> =>
  until(page, `[...document.querySelectorAll("h2")].some((one) => one.textContent.startsWith("${text}"))`);

const lengthOfCurve = (page: Page): Promise<number> =>
  page.evaluate("document.querySelector('.plot .each').getAttribute('d').length");

/** Until there is a curve: a step alone may be over before anyone looks. */
const learns = (page: Page): Promise<void> =>
  until(page, "document.querySelector('.plot .each')?.getAttribute('d')");

async function start(page: Page, folder: string): Promise<void> {
  await drop(page, folder);
  await titleIs(page, `${PICTURES + 1} pictures`);
  await page.getByLabel("Epochs").selectOption("5");
  await page.getByRole("button", { name: "Start learning" }).click();
}

describe("learning on the page", () => {
  const temporary = suiteFolder();
  const { site, enter } = suitePage();
  let folder: string;
  let here: Visit;
  before(async () => {
    folder = join(temporary(), "holiday");
    await writePictureFolder(site(), folder, PICTURES);
  });
  beforeEach(async () => {
    here = await enter("#/learn");
  });
  afterEach(async () => {
    const { problems } = here;
    await here.close();
    assert.deepEqual(problems, [], "errors, warnings and requests elsewhere");
  });

  it("tells what a folder holds before anything starts, and that nothing leaves", async () => {
    const { page } = here;
    await drop(page, folder);
    await titleIs(page, `${PICTURES + 1} pictures of holiday`);
    const text = await page.locator(".drop").innerText();
    assert.match(text, /1 other file left out\. They never leave this machine\./);
    await page.getByRole("button", { name: "Other pictures" }).click();
    await titleIs(page, "Learn from your own pictures");
  });

  it("takes a folder and single files by their buttons, and pictures of the collection", async () => {
    const { page } = here;
    await page.getByLabel("Choose a folder").setInputFiles(folder);
    await titleIs(page, `${PICTURES + 1} pictures of holiday`);
    await page.getByRole("button", { name: "Other pictures" }).click();
    await page.getByLabel("Choose pictures").setInputFiles([join(folder, "1.png"), join(folder, "2.png")]);
    await titleIs(page, "2 pictures");
    await page.getByRole("button", { name: "Other pictures" }).click();
    const { pictures } = site().loaded.collection;
    await page.getByRole("button", { name: `Try ${pictures} pictures of this collection` }).click();
    await titleIs(page, `${pictures} pictures of`);
  });

  it("says what is wrong with a folder that has no picture, and with one that has too few", async () => {
    const { page } = here;
    const alert = page.getByRole("alert");
    await drop(page, join(folder, "notes.txt"));
    await page.waitForSelector("[role=alert]");
    assert.match(
      await alert.innerText(),
      /learn: found 1 file and no picture among them, expected pictures; give a folder/,
    );
    await alert.getByRole("button").click();
    await page.getByLabel("Choose pictures").setInputFiles([join(folder, "1.png"), join(folder, "2.png")]);
    await page.getByRole("button", { name: "Start learning" }).click();
    await page.waitForSelector("[role=alert]");
    assert.match(
      await alert.innerText(),
      /has 2 pictures that can be read, expected at least \d+ .+; add pictures/,
    );
    await page.getByRole("button", { name: "Back to the start" }).click();
    await titleIs(page, "Learn from your own pictures");
  });

  it("learns: the curve grows, a pause holds it, and what it ends with is searched and downloaded", async () => {
    const { page, requests } = here;
    const methods = new Set<string>();
    here.context.on("request", (request) => methods.add(request.method()));
    const before = requests.length;
    await start(page, folder);
    await learns(page);
    await page.getByRole("button", { name: "Pause" }).click();
    await titleIs(page, "Paused");
    const paused = await lengthOfCurve(page);
    assert.match(
      await page.locator(".figures").innerText(),
      /\d+ %, paused\s+epoch \d of 5\s+step \d+ of \d+/,
    );
    assert.match(await page.locator(".run").innerText(), /WebAssembly, \d+ thread/);
    await page.locator(".broken summary").click();
    assert.match(
      await page.locator(".broken").innerText(),
      /1 file could not be read\s+torn\.png found \d+ bytes that do not decode/,
    );
    assert.deepEqual(await faultsOf(page), []);
    await page.waitForTimeout(500);
    assert.equal(await lengthOfCurve(page), paused, "nothing moves in a pause");
    await page.getByRole("button", { name: "Go on" }).click();

    await page.waitForSelector("text=Learned after 5 epochs", { timeout: TRAINING_MS });
    assert.ok((await lengthOfCurve(page)) > paused);
    const slider = page.getByLabel("Epoch whose neighbours are shown");
    assert.equal(await slider.getAttribute("aria-valuetext"), "epoch 5");
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    assert.equal(await slider.getAttribute("aria-valuetext"), "epoch 4");
    await until(page, "[...document.querySelectorAll('.strip img')].every((one) => one.naturalWidth > 0)");
    assert.ok((await page.locator(".strip").count()) >= 6);
    assert.deepEqual(await faultsOf(page), []);

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download the run folder" }).click(),
    ]);
    const zip = join(temporary(), "run.zip");
    await download.saveAs(zip);
    const run = await page.locator(".end code").innerText();
    assert.equal(`${run.split(" ").at(-1)}.zip`, download.suggestedFilename());
    assert.match(namesIn(zip), /\/manifest\.json/);

    const strip = await titlesOfStrip(page);
    await page.getByRole("button", { name: "Search these pictures" }).click();
    await page.waitForSelector("main canvas[data-row]");
    assert.match(await page.locator(".top .title").innerText(), new RegExp(`${PICTURES} pictures`));
    await page.locator("input[type=file]").first().setInputFiles(join(folder, "5.png"));
    await until(page, "document.querySelectorAll('.neighbours:not(.waiting) .cell').length >= 31");
    await page.evaluate(`location.hash = "#/search/row/${Number.parseInt(strip[0]!)}"`);
    await page.waitForSelector(`.query-name:has-text("${strip[0]}")`);
    // Codes of 8 bits may swap neighbours that are equally near.
    await until(
      page,
      `[...document.querySelectorAll(".cell")].slice(0, 3).some((one) => one.textContent.includes("${strip[1]}"))`,
    );
    await page.getByRole("link", { name: "Label" }).click();
    await page.waitForSelector("main canvas[data-row]");
    await page.getByRole("button", { name: "Back to the served collection" }).click();
    await until(
      page,
      `document.querySelector(".title").innerText.includes("${site().loaded.collection.pictures}")`,
    );

    assert.deepEqual([...methods], ["GET"], "nothing is sent");
    for (const path of requests.slice(before))
      assert.match(path, /^\/deep\/([\w.-]+\.js|ort\/[\w.-]+|collection\/.+)$/);
  });

  it("asks before it is left while it learns, and goes on with what is kept when it is opened again", async () => {
    const { page } = here;
    await start(page, folder);
    await learns(page);
    await page.getByRole("button", { name: "Pause" }).click();
    await titleIs(page, "Paused");
    const asked = page.waitForEvent("dialog");
    await page.close({ runBeforeUnload: true });
    const dialog = await asked;
    assert.equal(dialog.type(), "beforeunload");
    await dialog.dismiss();
    await page.getByRole("link", { name: "Search" }).click();
    await page.waitForSelector("main canvas[data-row]");
    await page.getByRole("link", { name: /^paused, \d+ %$/ }).click();
    await page.getByRole("button", { name: "Stop and keep" }).click();
    await page.waitForSelector("text=Stopped after", { timeout: TRAINING_MS });

    // Page, runtime and pictures are all kept: it goes on without a network.
    await here.context.setOffline(true);
    await page.reload();
    await page.getByRole("button", { name: "Go on" }).click();
    await page.waitForSelector("text=Learned after 5 epochs", { timeout: TRAINING_MS });
    const curve = await lengthOfCurve(page);
    await page.getByRole("button", { name: "Learn from other pictures" }).click();
    await page.getByText(`${PICTURES} pictures of holiday, 5 of 5 epochs`).waitFor();
    await page.getByRole("button", { name: "Open it" }).click();
    await page.waitForSelector("text=Learned after 5 epochs", { timeout: TRAINING_MS });
    assert.equal(await lengthOfCurve(page), curve, "the loss of every step is kept");
  });
});

/** What the newest first strip shows: the name of a picture, and that of its nearest neighbour. */
async function titlesOfStrip(page: Page): Promise<string[]> {
  await page.getByLabel("Epoch whose neighbours are shown").press("End");
  return page.evaluate(
    "[...document.querySelector('.strip').querySelectorAll('img')].map(({ title }) => title.split(',')[0])",
  );
}

/** What is in a zip file. */
function namesIn(zip: string): string {
  return execFileSync("python3", ["-m", "zipfile", "-l", zip], { encoding: "utf8" });
}
