/** @file Learning as the page sees it: in a worker, so that the page never waits. */

import { ArtifactError, packError, unpackError } from "../../errors.js";
import type { MemoryCollection } from "../engine/engineTypes.js";
import type {
  FromLearnWorker,
  LearnEvent,
  LearnSettings,
  PictureFile,
  StoredRun,
  ToLearnWorker,
} from "./protocol.js";

export type { MemoryCollection } from "../engine/engineTypes.js";
export type * from "./protocol.js";
export { DEFAULT_SETTINGS, suggestedEpochs } from "./protocol.js";

/** A zip whose one folder is a run, as `train` writes it. */
export interface PackedRun {
  readonly name: string;
  readonly zip: Blob;
}

export interface Learning {
  /** Learns from these pictures; events tell of it. What was stored before is replaced. */
  start(files: readonly PictureFile[], settings: LearnSettings): void;
  /** Goes on with the stored run, or learns longer. @param epochs in all; null: as many as were asked for */
  goOn(epochs: number | null, runtime: LearnSettings["runtime"]): void;
  /** After the step in hand. */
  pause(): void;
  resume(): void;
  /** Ends after the step in hand, and keeps what was learned. */
  stop(): void;
  /** Lets go of a run that has ended here; what is stored stays. */
  leave(): void;
  /** null: nothing is stored. */
  stored(): Promise<StoredRun | null>;
  /** Removes what is stored. */
  forget(): Promise<void>;
  /** The run folder as the step in hand leaves it. @throws UsageError before there is anything in it */
  pack(): Promise<PackedRun>;
  /** What `openEngine` opens. @throws UsageError before there is anything in it */
  collection(): Promise<MemoryCollection>;
  /** Ends the worker; a run that is under way stays stored as its last checkpoint has it. */
  close(): void;
}

/** The path of a file that was chosen or dropped. */
export function pictureFile(file: File, path = file.webkitRelativePath || file.name): PictureFile {
  return { path, file };
}

/** @param onEvent called with everything that happens, in order; errors as `failed` */
export function openLearning(onEvent: (event: LearnEvent) => void): Learning {
  const calls = new Calls(onEvent);
  return {
    start: (files, settings) => calls.tell({ kind: "start", files, settings }),
    goOn: (epochs, runtime) => calls.tell({ kind: "goOn", epochs, runtime }),
    pause: () => calls.tell({ kind: "pause" }),
    resume: () => calls.tell({ kind: "resume" }),
    stop: () => calls.tell({ kind: "stop" }),
    leave: () => calls.tell({ kind: "leave" }),
    stored: async () => (await calls.ask("stored", "stored")).run,
    forget: async () => void (await calls.ask("forget", "stored")),
    pack: () => calls.ask("pack", "folder"),
    collection: async () => (await calls.ask("collection", "collection")).files,
    close: () => calls.close(),
  };
}

type AnswerKind = "stored" | "folder" | "collection";
type AnswerOf<K extends AnswerKind> = Extract<FromLearnWorker, { kind: K }>;
type QuestionKind = "stored" | "forget" | "pack" | "collection";

interface Waiting {
  readonly question: QuestionKind;
  readonly answer: AnswerKind;
  resolve(value: FromLearnWorker): void;
  reject(error: Error): void;
}

/** Orders and questions to the worker, which answers questions of a kind in their order. */
class Calls {
  readonly #worker: Worker;
  readonly #onEvent: (event: LearnEvent) => void;
  #waiting: Waiting[] = [];
  /** Why nothing is answered any more. */
  #failure: ArtifactError | null = null;

  constructor(onEvent: (event: LearnEvent) => void) {
    this.#onEvent = onEvent;
    this.#worker = new Worker(new URL("./learnWorker.js", import.meta.url), {
      type: "module",
      name: "learn",
    });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<FromLearnWorker>) => this.#take(data));
    this.#worker.addEventListener("error", ({ message }) => {
      const failure = this.#refuse(
        `learning: its worker stopped (${message || "its script does not load"}), expected it to go on; ` +
          `load the page again: what it stored is kept`,
      );
      onEvent({ kind: "failed", of: "start", error: packError(failure) });
    });
  }

  tell(message: ToLearnWorker): void {
    this.#worker.postMessage(message);
  }

  ask<K extends AnswerKind>(question: QuestionKind, answer: K): Promise<AnswerOf<K>> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, answer, resolve: (value) => resolve(value as AnswerOf<K>), reject });
      this.tell({ kind: question });
    });
  }

  close(): void {
    this.#worker.terminate();
    this.#refuse("learning: was closed, expected to stay open until it has answered; open it again");
  }

  #take(message: FromLearnWorker): void {
    switch (message.kind) {
      case "stored":
      case "folder":
      case "collection":
        this.#next(({ answer }) => answer === message.kind)?.resolve(message);
        return;
      case "failed": {
        const asked = this.#next(({ question }) => question === message.of);
        if (asked) asked.reject(unpackError(message.error));
        else this.#onEvent(message);
        return;
      }
      default:
        this.#onEvent(message);
    }
  }

  #next(wanted: (waiting: Waiting) => boolean): Waiting | undefined {
    const found = this.#waiting.find(wanted);
    this.#waiting = this.#waiting.filter((waiting) => waiting !== found);
    return found;
  }

  #refuse(message: string): ArtifactError {
    const failure = (this.#failure ??= new ArtifactError(message));
    for (const { reject } of this.#waiting) reject(failure);
    this.#waiting = [];
    return failure;
  }
}
