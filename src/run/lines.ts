/** @file A text file that grows by lines, each written as it happens. */

import {
  appendFileSync,
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
} from "node:fs";
import { writeFailure } from "../artifact/node.js";
import { ArtifactError } from "../errors.js";

export class LinesFile {
  readonly #path: string;
  readonly #file: number;
  #bytes: number;

  /** @throws ArtifactError when the file cannot be opened or made */
  constructor(path: string) {
    this.#path = path;
    this.#file = this.#explain(() => openSync(path, "a"));
    this.#bytes = fstatSync(this.#file).size;
  }

  /** Of all whole lines. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws ArtifactError when the disk is full or gone */
  append(line: string): void {
    this.#explain(() => appendFileSync(this.#file, `${line}\n`));
    this.#bytes += Buffer.byteLength(line) + 1;
  }

  /** Returns when the lines are on the disk and not only in its cache. */
  sync(): void {
    this.#explain(() => fsyncSync(this.#file));
  }

  /**
   * Drops what was written after the first `bytes`.
   * @throws ArtifactError when there are fewer
   */
  truncateTo(bytes: number): void {
    if (this.#bytes < bytes) {
      throw new ArtifactError(
        `${this.#path}: has ${this.#bytes} bytes, the checkpoint expects at least ${bytes}; ` +
          "restore the file, resume from an older checkpoint, or begin again with --overwrite",
      );
    }
    this.#explain(() => ftruncateSync(this.#file, bytes));
    this.#bytes = bytes;
  }

  /** Drops a last line without its end: what a killed process, or a full disk, leaves. */
  dropTornLine(): void {
    this.truncateTo(readFileSync(this.#path).lastIndexOf("\n") + 1);
  }

  close(): void {
    closeSync(this.#file);
  }

  #explain<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw writeFailure(this.#path, error);
    }
  }
}
