/** @file What a run tells: each record goes to its file, to train.log, and to whoever watches. */

import { describeRecord } from "../run/describeRecord.js";
import { RunLog } from "../run/log.js";
import { MetricsFile } from "../run/metrics.js";
import type { MetricRecord, TimingRecord } from "../run/records.js";
import { TensorBoardFile } from "../run/tensorboard.js";
import { TimingsFile } from "../run/timings.js";
import type { TrainEvent } from "./plan.js";

export class Journal {
  readonly #metrics: MetricsFile;
  readonly #timings: TimingsFile;
  readonly #log: RunLog;
  readonly #board: TensorBoardFile;
  readonly #emit: (event: TrainEvent) => void;

  /**
   * @param done step to go on from, and the length of the metrics until then
   * @throws ArtifactError when a file cannot be opened, or there are fewer metrics
   */
  constructor(
    folder: string,
    done: { readonly step: number; readonly metricsBytes: number },
    emit: (event: TrainEvent) => void,
  ) {
    this.#metrics = new MetricsFile(folder);
    this.#metrics.truncateTo(done.metricsBytes);
    this.#timings = new TimingsFile(folder);
    this.#log = new RunLog(folder);
    this.#board = new TensorBoardFile(folder, done.step);
    this.#emit = emit;
  }

  /** Levels and broken pictures are events too; those of steps and epochs say more than their records. */
  record(record: MetricRecord): void {
    this.#metrics.append(record);
    this.#board.metric(record);
    const line = describeRecord(record);
    if (line !== null) this.#log.append(line);
    if (record.kind === "level" || record.kind === "broken") this.#emit(record);
  }

  timing(record: TimingRecord): void {
    this.#timings.append(record);
    this.#board.timing(record);
  }

  strips(step: number, png: Uint8Array): void {
    this.#board.strips(step, png);
  }

  emit(event: TrainEvent): void {
    this.#emit(event);
  }

  /** Tells it to whoever watches, and keeps it in the log. */
  note(text: string): void {
    this.#log.append(text);
    this.#emit({ kind: "note", text });
  }

  /** Into the log alone. */
  log(text: string): void {
    this.#log.append(text);
  }

  /** @returns the length of the metrics, all of which are on the disk */
  sync(): number {
    this.#metrics.sync();
    return this.#metrics.bytes;
  }

  close(): void {
    this.#metrics.close();
    this.#timings.close();
    this.#log.close();
  }
}
