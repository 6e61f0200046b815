/**
 * @file The event file that TensorBoard reads: the records of a run, and its neighbour strips. It is written as things
 * happen; a file cut short anywhere is read up to its last whole record.
 */

import { appendFileSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { writeFailure } from "../artifact/node.js";
import { maskedCrc32c } from "./crc32c.js";
import { concat, encodeEvent, type EventContent } from "./eventProtobuf.js";
import type { KnnLevel, MetricRecord, TimingRecord } from "./records.js";

const PREFIX = "events.out.tfevents.";
const FILE_NAME = /^events\.out\.tfevents\.(\d{10})\./;

export class TensorBoardFile {
  readonly path: string;

  /**
   * Begins a new file in `folder`.
   * @param step done so far: TensorBoard drops what earlier files tell of later ones, which a killed run has lost
   * @throws ArtifactError when the file cannot be written
   */
  constructor(folder: string, step = 0) {
    this.path = join(folder, `${PREFIX}${startSeconds(folder)}.${hostname()}.${process.pid}`);
    this.#append(0, { kind: "fileVersion" });
    if (step > 0) this.#append(step + 1, { kind: "sessionStart" });
  }

  /** @throws ArtifactError when the file cannot be written */
  metric(record: MetricRecord): void {
    switch (record.kind) {
      case "step":
        return this.#scalars(record.step, [
          ["loss/step", record.loss],
          ["learning rate", record.learningRate],
        ]);
      case "epoch":
        return this.#scalars(record.step, [["loss/epoch", record.loss]]);
      case "evaluation":
        return this.#scalars(record.step, [
          ...knnScalars("knn", record.knn),
          ...Object.entries(record.embedding ?? {}).map(
            ([name, value]) => [`embedding/${name}`, value as number] as const,
          ),
        ]);
      case "level":
        return this.#scalars(0, knnScalars(`levels/${record.name}`, record.knn));
      case "broken":
        return;
    }
  }

  /** @throws ArtifactError when the file cannot be written */
  timing({ step, picturesPerSecond, waiting }: TimingRecord): void {
    this.#scalars(step, [
      ["speed/pictures per second", picturesPerSecond],
      ["speed/waiting", waiting],
    ]);
  }

  /**
   * @param png neighbour strips
   * @throws ArtifactError when the file cannot be written
   */
  strips(step: number, png: Uint8Array): void {
    this.#append(step, { kind: "image", tag: "neighbours", image: { ...pngSize(png), png } });
  }

  #scalars(step: number, values: readonly (readonly [tag: string, value: number])[]): void {
    if (values.length > 0) this.#append(step, { kind: "scalars", values });
  }

  /** A record: its length, the checksum of the length, the event, and the event's checksum. */
  #append(step: number, content: EventContent): void {
    const event = encodeEvent(Date.now() / 1000, step, content);
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(event.length), true);
    const record = concat([length, checksum(length), event, checksum(event)]);
    explain(this.path, () => appendFileSync(this.path, record));
  }
}

function explain<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw writeFailure(path, error);
  }
}

/** knn/top1@200, knn/top5@200, knn/top1@1; without "@" where nobody votes. */
function knnScalars(prefix: string, levels: readonly KnnLevel[]): [tag: string, value: number][] {
  return levels.flatMap(({ k, top1, top5 }) => {
    const at = k > 0 ? `@${k}` : "";
    const first: [string, number] = [`${prefix}/top1${at}`, top1];
    return top5 === null ? [first] : [first, [`${prefix}/top5${at}`, top5]];
  });
}

/** Seconds since 1970, ten digits. TensorBoard reads files in the order of their names: a new one must come last. */
function startSeconds(folder: string): string {
  const names = explain(folder, () => readdirSync(folder));
  const earlier = names.map((name) => Number(FILE_NAME.exec(name)?.[1] ?? 0));
  const seconds = Math.max(Math.floor(Date.now() / 1000), ...earlier.map((one) => one + 1));
  return String(seconds).padStart(10, "0");
}

const checksum = (bytes: Uint8Array): Uint8Array => {
  const four = new Uint8Array(4);
  new DataView(four.buffer).setUint32(0, maskedCrc32c(bytes), true);
  return four;
};

/** From its header: width and height are the first numbers of the first chunk. */
function pngSize(png: Uint8Array): { readonly width: number; readonly height: number } {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}
