/** @file What this user's machines answered before: one JSON file, which any number of processes read and add to. */

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { atomicWrite, makeFolder } from "../artifact/node.js";
import { parseTuningCache, type Answer, type Machine, type TuningCacheFile } from "../artifact/tuning.js";
import { defaultCacheFolder } from "../data/download/resolveDataset.js";
import { ArtifactError } from "../errors.js";
import { showMachine } from "./machine.js";

export type Answers = ReadonlyMap<string, Answer>;

/** In INSTDISC_CACHE, or the user's cache folder. */
export const defaultCacheFile = (): string => join(defaultCacheFolder(), "tuning.json");

/** Of one machine. Without a file that can be read or written, all is measured every time: that is no failure. */
export class TuningCache {
  readonly #file: string;
  readonly #machine: string;
  readonly #say: (line: string) => void;

  /** @param say tells the user what is wrong with the file */
  constructor(machine: Machine, say: (line: string) => void, file = defaultCacheFile()) {
    this.#file = file;
    this.#machine = showMachine(machine);
    this.#say = say;
  }

  /** By question. */
  async answers(): Promise<Answers> {
    const { machines } = await this.#read((fault) => this.#say(`passed over: ${fault}`));
    return new Map(Object.entries(machines[this.#machine] ?? {}));
  }

  /** Adds to what the file holds by now, in place of older answers to the same questions. */
  async remember(answers: Answers): Promise<void> {
    if (answers.size === 0) return;
    const now = await this.#read(() => undefined);
    const machine = sorted({ ...now.machines[this.#machine], ...Object.fromEntries(answers) });
    const machines = sorted({ ...now.machines, [this.#machine]: machine });
    const text = `${JSON.stringify({ ...now, machines }, null, 1)}\n`;
    try {
      await makeFolder(dirname(this.#file));
      await atomicWrite(this.#file, new TextEncoder().encode(text));
    } catch (error) {
      this.#say(`not remembered: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** @param tell takes what is wrong with a file that is there */
  async #read(tell: (fault: string) => void): Promise<TuningCacheFile> {
    try {
      return parseTuningCache(await readFile(this.#file, "utf8"), this.#file);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (error instanceof ArtifactError) tell(message);
      else if (code !== "ENOENT") tell(`${this.#file}: cannot be read (${code})`);
      return { format: "onnx-instdisc tuning", formatVersion: 1, machines: {} };
    }
  }
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
