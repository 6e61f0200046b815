/** @file metrics.jsonl: what a run measured. Nothing in it depends on the clock, nor on where the run was interrupted. */

import { join } from "node:path";
import { RUN } from "./layout.js";
import { LinesFile } from "./lines.js";
import type { MetricRecord } from "./records.js";

export class MetricsFile {
  readonly #lines: LinesFile;

  /** @throws ArtifactError when it cannot be opened */
  constructor(folder: string) {
    this.#lines = new LinesFile(join(folder, RUN.metrics));
  }

  get bytes(): number {
    return this.#lines.bytes;
  }

  append(record: MetricRecord): void {
    this.#lines.append(JSON.stringify(record));
  }

  /** Before a checkpoint refers to what is in it. */
  sync(): void {
    this.#lines.sync();
  }

  /** @throws ArtifactError when it is shorter */
  truncateTo(bytes: number): void {
    this.#lines.truncateTo(bytes);
  }

  close(): void {
    this.#lines.close();
  }
}
