/** @file What a run tells of itself, as the lines of the files that it will be packed with. */

import { describeRecord, logLine } from "../../../run/describeRecord.js";
import type { MetricRecord, TimingRecord } from "../../../run/records.js";

/** Plain data, for a checkpoint. */
export interface DiaryText {
  /** metrics.jsonl, timings.jsonl, train.log */
  readonly metrics: string;
  readonly timings: string;
  readonly log: string;
}

export class Diary {
  #metrics: string;
  #timings: string;
  #log: string;

  constructor({ metrics, timings, log }: DiaryText = { metrics: "", timings: "", log: "" }) {
    this.#metrics = metrics;
    this.#timings = timings;
    this.#log = log;
  }

  get text(): DiaryText {
    return { metrics: this.#metrics, timings: this.#timings, log: this.#log };
  }

  /** Of every step, in their order, nats. */
  get losses(): number[] {
    const records = this.#metrics.split("\n").filter((line) => line !== "");
    return records.flatMap((line) => {
      const record = JSON.parse(line) as MetricRecord;
      return record.kind === "step" ? [record.loss] : [];
    });
  }

  /** Of metrics.jsonl. */
  get metricsBytes(): number {
    return new TextEncoder().encode(this.#metrics).length;
  }

  record(record: MetricRecord): void {
    this.#metrics += `${JSON.stringify(record)}\n`;
    const line = describeRecord(record);
    if (line !== null) this.log(line);
  }

  timing(record: TimingRecord): void {
    this.#timings += `${JSON.stringify(record)}\n`;
  }

  log(text: string): void {
    this.#log += `${logLine(text)}\n`;
  }
}
