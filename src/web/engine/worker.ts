/** @file The engine's worker: everything that takes time. It answers one question after the other. */

import { COLLECTION } from "../../artifact/collection.js";
import { packError, UsageError } from "../../errors.js";
import { openChosenEncoder, type ChosenEncoder } from "./chooseRuntime.js";
import { readerOf } from "./collectionReader.js";
import { decodePicture } from "./decode.js";
import type { OnProgress } from "./engineTypes.js";
import { loadCollection } from "./loadCollection.js";
import type {
  Answer,
  AnswerOf,
  FromEngineWorker,
  Kind,
  Opened,
  Question,
  QuestionOf,
  ToEngineWorker,
} from "./protocol.js";
import { CodeSearch } from "./codeSearch.js";

interface Parts {
  readonly chosen: ChosenEncoder;
  readonly search: CodeSearch;
}

let parts: Parts | null = null;

function opened(): Parts {
  if (parts === null) throw new UsageError("engine: is not open yet, expected open first; await openEngine");
  return parts;
}

async function open({ base, assets, runtime }: QuestionOf<"open">): Promise<Opened> {
  const reader = readerOf(base);
  const progress: OnProgress = (loadedBytes, totalBytes, what) =>
    post({ kind: "progress", loadedBytes, totalBytes, what });
  const { codes, ...rest } = await loadCollection(reader, progress);
  const model = await reader.read(COLLECTION.encoder, (loaded, total) => progress(loaded, total, "encoder"));
  const chosen = await openChosenEncoder(model, rest.collection, runtime, new URL(assets), (loaded, total) =>
    progress(loaded, total, "runtime"),
  );
  parts = { chosen, search: new CodeSearch(codes) };
  const { runtime: found, runtimeNote } = chosen;
  return { ...rest, runtime: found, runtimeNote };
}

const ANSWERS: { readonly [K in Kind]: (question: QuestionOf<K>) => AnswerOf<K> | Promise<AnswerOf<K>> } = {
  open,
  async embed({ picture }) {
    return opened().chosen.encoder.embed(await decodePicture(picture, nameOf(picture)));
  },
  search: ({ query, k }) => opened().search.nearest(query, k),
  searchRow: ({ row, k }) => opened().search.nearestTo(row, k),
  similarities: ({ row }) => opened().search.similarities(row),
};

function nameOf(picture: Blob): string {
  return picture instanceof File ? picture.name : "the picture";
}

function post(message: FromEngineWorker): void {
  postMessage(message);
}

async function answer({ call, question }: ToEngineWorker): Promise<void> {
  try {
    const of = ANSWERS[question.kind] as (question: Question) => Answer<Question> | Promise<Answer<Question>>;
    post({ kind: "answered", call, value: await of(question) });
  } catch (error) {
    post({ kind: "failed", call, error: packError(error) });
  }
}

/** A session runs one picture at a time: questions wait for each other. */
let last: Promise<void> = Promise.resolve();

addEventListener("message", ({ data }: MessageEvent<ToEngineWorker>) => {
  last = last.then(() => answer(data));
});
