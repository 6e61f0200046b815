/** @file Learning without a user interface, in a browser: a folder of real pictures, and what src/web/dev offers. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { encodePng } from "../../src/data/encode.js";
import type { Collection } from "../../src/artifact/collection.js";
import type { Found } from "../../src/web/engine/engineTypes.js";
import type { FromLearnWorker, LearnSettings, StoredRun } from "../../src/web/learn/protocol.js";
import { inColour } from "./collectionFiles.js";
import { ROOT } from "./sources.js";

/** A network that learns in seconds. */
export const TINY: Partial<LearnSettings> = { width: 4, imageSize: 16, runtime: "wasm" };

/** Garments of the embedded sample as PNG files, in a folder for each of two classes; one of them is broken. */
export async function writeGarments(folder: string, count: number): Promise<string[]> {
  const all = gunzipSync(readFileSync(join(ROOT, "src/data/sample/t10k-images-idx3-ubyte.gz")));
  const [header, side] = [16, 28];
  const paths: string[] = [];
  for (let row = 0; row < count; row++) {
    const first = header + row * side * side;
    const data = all.subarray(first, first + side * side);
    const path = `${row % 2 === 0 ? "even" : "odd"}/${row}.png`;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    const picture = inColour({ width: side, height: side, channels: 1, data });
    writeFileSync(join(folder, path), await encodePng(picture));
    paths.push(path);
  }
  writeFileSync(join(folder, "even/broken.png"), readFileSync(join(folder, paths[0]!)).subarray(0, 20));
  writeFileSync(join(folder, "even/notes.txt"), "not a picture");
  return [...paths, "even/broken.png", "even/notes.txt"];
}

export type EventOf<K extends FromLearnWorker["kind"]> = Extract<FromLearnWorker, { kind: K }>;

/** Events as they come from the page: thumbnails are [row, bytes]. */
export class Events {
  constructor(private readonly all: readonly FromLearnWorker[]) {}

  of<K extends FromLearnWorker["kind"]>(kind: K): EventOf<K>[] {
    return this.all.filter((event): event is EventOf<K> => event.kind === kind);
  }

  one<K extends FromLearnWorker["kind"]>(kind: K): EventOf<K> {
    const [found] = this.of(kind);
    if (found) return found;
    throw new Error(`no ${kind} among ${this.all.map((event) => event.kind).join(" ")}: ${this.failure()}`);
  }

  failure(): string | null {
    return this.of("failed")[0]?.error.message ?? null;
  }

  /** By step. */
  losses(): Map<number, number> {
    return new Map(this.of("step").map(({ step, loss }) => [step, loss]));
  }
}

export class LearnHarness {
  constructor(private readonly page: Page) {}

  /** @param files address of each by its path */
  start = (files: Readonly<Record<string, string>>, settings: Partial<LearnSettings>) =>
    this.#ask<void>("start", files, settings);
  goOn = (epochs: number | null) => this.#ask<void>("goOn", epochs, "wasm");
  pause = () => this.#ask<void>("pause");
  resume = () => this.#ask<void>("resume");
  stop = () => this.#ask<void>("stop");
  stored = () => this.#ask<StoredRun | null>("stored");
  forget = () => this.#ask<void>("forget");
  close = () => this.#ask<void>("close");
  untilStep = (step: number) => this.#ask<void>("untilStep", step);
  until = async (kind: FromLearnWorker["kind"]) =>
    new Events(await this.#ask<FromLearnWorker[]>("until", kind));
  async pack(): Promise<{ readonly name: string; readonly zip: Buffer }> {
    const { name, zip } = await this.#ask<{ name: string; zip: string }>("pack");
    return { name, zip: Buffer.from(zip, "base64") };
  }
  search = (row: number, k: number) =>
    this.#ask<{
      readonly collection: Collection;
      readonly ids: readonly string[];
      readonly labels: readonly number[] | null;
      readonly nearest: readonly Found[];
      readonly found: readonly Found[];
    }>("search", row, k);

  async #ask<T>(name: string, ...args: unknown[]): Promise<T> {
    await this.page.waitForFunction("globalThis.learning !== undefined");
    const list = args.map((arg) => JSON.stringify(arg)).join(", ");
    return this.page.evaluate<T>(`learning.${name}(${list})`);
  }
}
