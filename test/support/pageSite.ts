/** @file The whole page with a collection of a trained run, as a static host serves it. */

import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { encodePng } from "../../src/data/encode.js";
import { openEncoder } from "../../src/models/encoder.js";
import { readSource, type CollectionSource } from "../../src/serve/collection/source.js";
import { writeCollection } from "../../src/serve/collection/writeCollection.js";
import type { LoadedCollection } from "../../src/web/engine/loadCollection.js";
import { suiteBrowser, visit, type Visit } from "./browser.js";
import { writePage } from "./builtPage.js";
import { inColour, readCollection } from "./collectionFiles.js";
import { serveFolders } from "./staticServer.js";
import { suiteRun } from "./trainedRun.js";

export interface PageSite {
  readonly url: string;
  readonly loaded: LoadedCollection;
  /** Picture `row` as a PNG file. */
  png(row: number): Promise<Buffer>;
  /** The same, and its vector by onnxruntime-node. */
  picture(row: number): Promise<{ readonly png: Buffer; readonly vector: Float32Array }>;
  close(): Promise<void>;
}

/** Folders of pages by the run that they show: its collection takes seconds. */
const built = new Map<string, Promise<string>>();

async function build(source: CollectionSource): Promise<string> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "instdisc-page-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const page = join(folder, "page");
  await writePage("src/web", page);
  await writeCollection(source, join(page, "collection"), {});
  return page;
}

export async function openPageSite(run: string): Promise<PageSite> {
  const source = await readSource(run);
  const building = built.get(run) ?? build(source);
  built.set(run, building);
  const page = await building;
  // Not at the root: nothing may rely on it.
  const server = await serveFolders({ "/deep/": page });
  const read = async (row: number) => inColour(await source.picture(source.ids[row]!));
  return {
    url: `${server.origin}/deep/`,
    loaded: readCollection(join(page, "collection")),
    png: async (row) => Buffer.from(await encodePng(await read(row))),
    async picture(row) {
      const picture = await read(row);
      const encoder = await openEncoder(source.model, { threads: 1 });
      const { data: vector } = await encoder.embed([picture]);
      await encoder.close();
      return { png: Buffer.from(await encodePng(picture)), vector };
    },
    close: () => server.close(),
  };
}

export interface SuitePage {
  site(): PageSite;
  /** A new visitor, once the first pictures are there. @param hash such as "#/label" */
  enter(hash?: string, options?: Parameters<typeof visit>[2]): Promise<Visit>;
}

/** The page of the suites' small run, in a real browser; INSTDISC_PAGE_RUN names another run, for finer pictures. */
export function suitePage(): SuitePage {
  const trained = suiteRun();
  const browser = suiteBrowser();
  let site: PageSite;
  before(async () => {
    const other = process.env["INSTDISC_PAGE_RUN"];
    site = await openPageSite(other !== undefined && existsSync(other) ? other : trained().run);
  });
  after(() => site?.close());
  return {
    site: () => site,
    async enter(hash = "", options = {}) {
      const here = await visit(browser(), `${site.url}?runtime=wasm${hash}`, {
        viewport: { width: 1280, height: 800 },
        ...options,
      });
      await here.page.waitForSelector("main#main[tabindex]", { timeout: 60_000 });
      return here;
    },
  };
}

/** What a row's code says of its cosine with a vector, in float64. */
export function similarityTo(
  { codes: { dim, codes, scales } }: LoadedCollection,
  row: number,
  query: ArrayLike<number>,
) {
  let sum = 0;
  for (let at = 0; at < dim; at++) sum += codes[row * dim + at]! * query[at]!;
  return sum * scales[row]!;
}

/** All rows, those most similar to a vector first. */
export function nearestByCodes(loaded: LoadedCollection, query: ArrayLike<number>) {
  const all = loaded.ids.map((_, row) => ({ row, similarity: similarityTo(loaded, row, query) }));
  return all.sort((a, b) => b.similarity - a.similarity || a.row - b.row);
}

/** What a row's code says of its vector, of unit length. */
export function vectorOf({ codes: { dim, codes } }: LoadedCollection, row: number): Float64Array {
  const vector = Float64Array.from(codes.subarray(row * dim, (row + 1) * dim));
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** Rows of the pictures that a grid shows, in their order. */
export function rowsShown(page: Page): Promise<number[]> {
  return page
    .locator(".grid .cell")
    .evaluateAll((cells) => cells.map((cell) => Number((cell as unknown as Cell).dataset["row"])));
}

/** What of an element is read here: tests are compiled without a browser's types. */
interface Cell {
  readonly dataset: Readonly<Record<string, string>>;
}

const PATIENCE_MS = 30_000;
const POLL_MS = 25;

/**
 * Waits until an expression is true on the page. Playwright's own way would need eval, which the page's policy refuses.
 */
export async function until(page: Page, expression: string): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await page.evaluate<boolean>(`Boolean(${expression})`))) {
    if (Date.now() > end) throw new Error(`the page: expected in vain that ${expression}`);
    await page.waitForTimeout(POLL_MS);
  }
}
