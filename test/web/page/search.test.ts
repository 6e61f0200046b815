import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import type { Visit } from "../../support/browser.js";
import { nearestByCodes, rowsShown, suitePage, until, vectorOf } from "../../support/pageSite.js";

const SHOWN = 60;

/** Puts a file into the page as a hand would: by an event that carries it. */
async function carry(page: Page, kind: "drop" | "paste", bytes: Buffer, name: string, type: string) {
  await page.evaluate(`(() => {
    const bytes = Uint8Array.from(atob(${JSON.stringify(bytes.toString("base64"))}), (c) => c.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], ${JSON.stringify(name)}, { type: ${JSON.stringify(type)} }));
    const options = { bubbles: true, cancelable: true };
    dispatchEvent(${kind === "drop"}
      ? new DragEvent("drop", { ...options, dataTransfer: data })
      : new ClipboardEvent("paste", { ...options, clipboardData: data }));
  })()`);
}

/** Waits until the grid shows neighbours of what the address names. */
async function searched(page: Page, hash: RegExp): Promise<number[]> {
  await page.waitForURL((url) => hash.test(url.hash));
  await page.waitForSelector(".neighbours:not(.waiting) .cell");
  await until(page, "document.querySelector('[role=status]').textContent.includes('neighbour')");
  return rowsShown(page);
}

describe("searching on the page", () => {
  const { site, enter } = suitePage();
  let here: Visit;
  beforeEach(async () => {
    here = await enter();
  });
  afterEach(async () => {
    const { problems } = here;
    await here.close();
    assert.deepEqual(problems, [], "errors, warnings and requests elsewhere");
  });

  for (const kind of ["drop", "paste"] as const) {
    it(`shows at once what is like a picture that came by ${kind}, as Node finds it`, async () => {
      const { png, vector } = await site().picture(7);
      await carry(here.page, kind, png, "mine.png", "image/png");
      const rows = await searched(here.page, /^#\/search\/dropped\/0$/);
      // Rounding of the two runtimes may swap neighbours that are equally near: similarities tell, not places.
      const expected = nearestByCodes(site().loaded, vector).slice(0, SHOWN);
      const similarityOf = new Map(
        nearestByCodes(site().loaded, vector).map((one) => [one.row, one.similarity]),
      );
      assert.equal(rows.length, SHOWN);
      rows.forEach((row, at) =>
        assert.ok(Math.abs(similarityOf.get(row)! - expected[at]!.similarity) < 1e-3, `place ${at}`),
      );
      assert.equal(await here.page.locator(".query img").getAttribute("alt"), "Your picture, mine.png");
    });
  }

  it("takes a picture from a file, and lets go of it on the next visit, saying so", async () => {
    const { png } = await site().picture(3);
    const input = here.page.locator("input[type=file]").first();
    await input.setInputFiles({ name: "file.png", mimeType: "image/png", buffer: png });
    await searched(here.page, /dropped\/0$/);
    await here.page.reload();
    await here.page.waitForSelector("text=That picture is gone");
  });

  it("walks from neighbour to neighbour, and back by the browser's own button", async () => {
    const { page } = here;
    const [start] = await rowsShown(page);
    await page.locator(".grid .cell").first().click();
    const first = await searched(page, new RegExp(`^#/search/row/${start}$`));
    const nearest = nearestByCodes(site().loaded, vectorOf(site().loaded, start!));
    assert.deepEqual(first.slice(0, 5), nearest.filter(({ row }) => row !== start).slice(0, 5).map(({ row }) => row)); // prettier-ignore
    await page.locator(".grid .cell").nth(2).click();
    const second = await searched(page, new RegExp(`^#/search/row/${first[2]}$`));
    await until(page, `document.querySelector(".cell").dataset.row !== "${first[0]}"`);
    assert.notDeepEqual(second, first);
    await page.goBack();
    await until(page, `document.querySelector(".cell").dataset.row === "${first[0]}"`);
    assert.deepEqual(await rowsShown(page), first);
    await page.goForward();
    await page.waitForURL((url) => url.hash === `#/search/row/${first[2]}`);
    assert.match(await page.locator(".status").innerText(), /last search/);
  });

  it("says how many threads compute: one for each processor, up to four", async () => {
    const { page } = here;
    const processors = await page.evaluate<number>("navigator.hardwareConcurrency");
    const threads = Math.min(4, processors);
    assert.equal(await page.evaluate("crossOriginIsolated"), true);
    assert.match(
      await page.locator(".status").innerText(),
      new RegExp(`WebAssembly, ${threads} thread${threads === 1 ? "" : "s"}\\b`),
    );
  });

  it("says that it starts once everything has come", async () => {
    const { page } = here;
    await page.addInitScript(`new MutationObserver(() => {
      const parts = document.querySelector(".parts + p");
      if (parts?.textContent === "Starting …") globalThis.startShown = true;
    }).observe(document, { childList: true, subtree: true })`);
    await page.reload();
    await page.waitForSelector("main#main[tabindex]", { timeout: 60_000 });
    assert.equal(await page.evaluate("globalThis.startShown"), true);
  });

  it("shows how the neighbours vote, with shares that make one", async () => {
    await here.page.locator(".grid .cell").first().click();
    await searched(here.page, /row/);
    const row = Number(here.page.url().split("/").at(-1));
    const { loaded } = site();
    const { k, temperature } = loaded.collection.vote;
    const votes = new Map<number, number>();
    const neighbours = nearestByCodes(loaded, vectorOf(loaded, row)).filter((one) => one.row !== row);
    for (const one of neighbours.slice(0, k)) {
      const label = loaded.labels![one.row]!;
      votes.set(label, (votes.get(label) ?? 0) + Math.exp(one.similarity / temperature));
    }
    const all = [...votes.values()].reduce((sum, vote) => sum + vote, 0);
    const [best, most] = [...votes].sort((a, b) => b[1] - a[1])[0]!;
    const shown = await here.page.locator(".vote .bars li").first().innerText();
    assert.equal(
      shown.replaceAll(/\s+/g, " ").trim(),
      `${loaded.collection.classNames[best]} ${Math.round((100 * most) / all)} %`,
    );
  });

  it("is walked by keys alone: one stop of tab, arrows inside, Enter goes on", async () => {
    const { page } = here;
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate("document.activeElement.textContent"), "Skip to the pictures");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate("document.activeElement.id"), "main");
    await page.locator(".grid .cell").first().focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowDown");
    const columns = await page.evaluate<number>(
      "getComputedStyle(document.querySelector('.grid')).gridTemplateColumns.split(' ').length",
    );
    const rows = await rowsShown(page);
    assert.equal(await page.evaluate("document.activeElement.dataset.row"), String(rows[1 + columns]));
    assert.equal(await page.locator(".grid .cell[tabindex='0']").count(), 1);
    await page.keyboard.press("Enter");
    await searched(page, new RegExp(`row/${rows[1 + columns]}$`));
    assert.equal(await page.evaluate("document.activeElement.className.split(' ')[0]"), "cell");
  });

  it("says on the page, in so many words, that a file is no picture", async () => {
    await carry(here.page, "drop", Buffer.from("%PDF-1.4"), "paper.pdf", "application/pdf");
    const alert = here.page.getByRole("alert");
    assert.match(
      await alert.innerText(),
      /drop: found paper\.pdf \(application\/pdf\), expected a picture; drop a JPEG, PNG or WebP file/,
    );
    await alert.getByRole("button").click();
    await carry(here.page, "drop", Buffer.from("not a picture"), "broken.png", "image/png");
    await here.page.waitForSelector("[role=alert]");
    assert.match(await alert.innerText(), /broken\.png: found 13 bytes that do not decode/);
  });
});

describe("a page without its collection", () => {
  const { site, enter } = suitePage();

  it("says what is missing instead of staying empty", async () => {
    const here = await enter();
    await here.page.evaluate(
      "navigator.serviceWorker.getRegistrations().then((all) => Promise.all(all.map((one) => one.unregister())))",
    );
    await here.context.route("**/collection.json", (route) => route.fulfill({ status: 404 }));
    await here.page.goto(`${site().url}?again`);
    const alert = await here.page.getByRole("alert").innerText();
    assert.match(alert, /collection\.json: was answered with 404, expected a file of a collection; /);
    await here.close();
  });

  it("refuses a runtime that there is not", async () => {
    const here = await enter();
    await here.page.goto(`${site().url}?runtime=cuda`);
    assert.match(
      await here.page.getByRole("alert").innerText(),
      /found runtime=cuda, expected webgpu or wasm/,
    );
    await here.close();
  });
});
