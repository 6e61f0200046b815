/** @file The engine without a user interface, in a browser: src/web/dev, bundled and served with a collection. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import type { EngineOptions, Found } from "../../src/web/engine/engineTypes.js";
import { ROOT } from "./sources.js";

interface PageBuilder {
  buildPage(source: string, out: string): Promise<void>;
}

export async function buildEnginePage(out: string): Promise<void> {
  mkdirSync(out, { recursive: true });
  const tool = pathToFileURL(join(ROOT, "tools/buildPage.mjs")).href;
  const { buildPage } = (await import(tool)) as PageBuilder;
  await buildPage(join(ROOT, "src/web/dev"), out);
}

export interface HarnessOpened {
  readonly ids: readonly string[];
  readonly labels: readonly number[] | null;
  readonly map: readonly number[] | null;
  readonly runtime: string;
  readonly runtimeNote: string | null;
  /** Last word of progress for each part: bytes loaded, bytes in all. */
  readonly parts: Readonly<Record<string, readonly [number, number | null]>>;
  readonly isolated: boolean;
}

/** What src/web/dev/main.ts offers, asked from here. */
export class EngineHarness {
  constructor(private readonly page: Page) {}

  startOffline = () => this.#ask<null>("startOffline");
  keepOffline = () => this.#ask<null>("keepOffline");
  cached = () => this.#ask<string[]>("cached");
  open = (base: string, runtime: NonNullable<EngineOptions["runtime"]>) =>
    this.#ask<HarnessOpened>("open", base, runtime);
  embed = (url: string) => this.#ask<{ vector: number[]; ms: number }>("embed", url);
  pixels = (url: string) => this.#ask<{ width: number; height: number; data: number[] }>("pixels", url);
  search = (queries: readonly number[][], k: number) =>
    this.#ask<{ found: Found[][]; ms: number }>("search", queries, k);
  searchRow = (row: number, k: number) => this.#ask<Found[]>("searchRow", row, k);
  similarities = (row: number) => this.#ask<number[]>("similarities", row);
  picture = (row: number) => this.#ask<{ type: string; bytes: number[] }>("picture", row);
  close = () => this.#ask<string[]>("close");

  async #ask<T>(name: string, ...args: unknown[]): Promise<T> {
    await this.page.waitForFunction("globalThis.harness !== undefined");
    const list = args.map((arg) => JSON.stringify(arg)).join(", ");
    return this.page.evaluate<T>(`harness.${name}(${list})`);
  }
}
