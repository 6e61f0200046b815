/** @file What the page and the engine's worker say to each other. */

import type { PackedError } from "../../errors.js";
import type { Engine, EngineOptions, Found, MemoryCollection } from "./engineTypes.js";

/** What is known once the collection is open. */
export type Opened = Pick<Engine, "collection" | "ids" | "labels" | "map" | "runtime" | "runtimeNote">;

/** Every question and its answer. */
interface Talk {
  open: {
    question: {
      base: string | MemoryCollection;
      assets: string;
      runtime: NonNullable<EngineOptions["runtime"]>;
    };
    answer: Opened;
  };
  embed: { question: { picture: Blob }; answer: Float32Array };
  search: { question: { query: Float32Array; k: number }; answer: readonly Found[] };
  searchRow: { question: { row: number; k: number }; answer: readonly Found[] };
  similarities: { question: { row: number }; answer: Float32Array };
}

export type Kind = keyof Talk;
export type QuestionOf<K extends Kind> = { readonly kind: K } & Readonly<Talk[K]["question"]>;
export type Question = { [K in Kind]: QuestionOf<K> }[Kind];
export type AnswerOf<K extends Kind> = Talk[K]["answer"];
export type Answer<Q extends Question> = AnswerOf<Q["kind"]>;

export interface ToEngineWorker {
  readonly call: number;
  readonly question: Question;
}

export type FromEngineWorker =
  | { readonly kind: "answered"; readonly call: number; readonly value: Answer<Question> }
  | { readonly kind: "failed"; readonly call: number; readonly error: PackedError }
  | {
      readonly kind: "progress";
      readonly loadedBytes: number;
      readonly totalBytes: number | null;
      readonly what: string;
    };
