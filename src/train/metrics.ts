/** @file metrics.jsonl: one event a line, written as it happens, so that a killed run keeps what it measured. */

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { ArtifactError } from "../errors.js";

export const METRICS_FILE = "metrics.jsonl";

export class MetricsFile {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, METRICS_FILE);
  }

  /** @throws ArtifactError when the file cannot be written */
  append(record: object): void {
    try {
      appendFileSync(this.#path, `${JSON.stringify(record)}\n`);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new ArtifactError(
        `${this.#path}: cannot be written (${code}); free the disk or choose another --out`,
        { cause: error },
      );
    }
  }
}
