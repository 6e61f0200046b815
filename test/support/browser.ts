/**
 * @file A real Chromium for tests. What a page does wrong is collected: errors, lines in its console, requests that
 * leave its server.
 */

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

/** Checked in this order before the folders of PATH. */
const PLACES = [
  process.env["CHROMIUM"],
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Nothing that asks anyone anything. */
const QUIET = [
  "--no-sandbox",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];
/** A GPU played by the CPU: it computes right, slowly. */
const SWIFTSHADER = [
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
];

interface BrowserOptions {
  /** WebGPU, by SwiftShader. Default: none. */
  readonly webgpu?: boolean;
}

export const NO_CHROMIUM = "found no Chromium, expected one on PATH or named by CHROMIUM; install chromium";

export function findChromium(): string | null {
  const onPath = (process.env["PATH"] ?? "").split(delimiter);
  const places = [...PLACES, ...onPath.flatMap((folder) => NAMES.map((name) => join(folder, name)))];
  return places.find((path) => path !== undefined && existsSync(path)) ?? null;
}

export function launchChromium(
  executablePath: string,
  { webgpu = false }: BrowserOptions = {},
): Promise<Browser> {
  return chromium.launch({ executablePath, args: [...QUIET, ...(webgpu ? SWIFTSHADER : [])] });
}

/**
 * Starts a browser before the tests of the current suite and ends it after them. Where there is none the suite is
 * skipped and says so.
 */
export function suiteBrowser(options: BrowserOptions = {}): () => Browser {
  let browser: Browser | null = null;
  before(async function () {
    const executablePath = findChromium();
    if (executablePath === null) {
      console.log(`      skipped: ${NO_CHROMIUM}`);
      this.skip();
    }
    browser = await launchChromium(executablePath, options);
  });
  after(() => browser?.close());
  return () => browser!;
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Uncaught errors, errors and warnings in the console, requests to other origins than the first page's. */
  readonly problems: readonly string[];
  /** Paths asked for so far, of the page and its workers. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

type ContextOptions = Parameters<Browser["newContext"]>[0];

/** Opens `url` as a new visitor would: without anything kept. */
export async function visit(browser: Browser, url: string, options: ContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const problems: string[] = [];
  const requests: string[] = [];
  const { origin } = new URL(url);
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  page.on("console", (line) => {
    if (["error", "warning"].includes(line.type())) problems.push(`console ${line.type()}: ${line.text()}`);
  });
  context.on("request", (request) => {
    const asked = new URL(request.url());
    if (["data:", "blob:"].includes(asked.protocol)) return;
    if (asked.origin !== origin) problems.push(`request to ${asked.href}`);
    requests.push(asked.pathname);
  });
  await page.goto(url);
  return { page, context, problems, requests, close: () => context.close() };
}
