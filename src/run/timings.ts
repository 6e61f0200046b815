/** @file timings.jsonl: how fast a run was. After a resumption, steps that were taken twice are in it twice. */

import { join } from "node:path";
import { RUN } from "./layout.js";
import { LinesFile } from "./lines.js";
import type { TimingRecord } from "./records.js";

export class TimingsFile {
  readonly #lines: LinesFile;

  /** @throws ArtifactError when it cannot be opened */
  constructor(folder: string) {
    this.#lines = new LinesFile(join(folder, RUN.timings));
    this.#lines.dropTornLine();
  }

  append(record: TimingRecord): void {
    this.#lines.append(JSON.stringify(record));
  }

  close(): void {
    this.#lines.close();
  }
}
