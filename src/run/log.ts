/** @file train.log: the lines of a run that are worth keeping, each with its time. */

import { join } from "node:path";
import { logLine } from "./describeRecord.js";
import { RUN } from "./layout.js";
import { LinesFile } from "./lines.js";

export class RunLog {
  readonly #lines: LinesFile;

  /** @throws ArtifactError when it cannot be opened */
  constructor(folder: string) {
    this.#lines = new LinesFile(join(folder, RUN.log));
    this.#lines.dropTornLine();
  }

  append(text: string): void {
    this.#lines.append(logLine(text));
  }

  close(): void {
    this.#lines.close();
  }
}
