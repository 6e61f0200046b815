/** @file Learning under test, asked by test/web/learn. Never shipped. */

import { openEngine, type Engine } from "../engine/engine.js";
import {
  DEFAULT_SETTINGS,
  openLearning,
  pictureFile,
  type LearnEvent,
  type Learning,
  type LearnSettings,
} from "../learn/learn.js";
import { Sprites } from "../ui/sprites.js";

let learning: Learning | null = null;
let events: LearnEvent[] = [];
let wake: (() => void) | null = null;

function open(): Learning {
  return (learning ??= openLearning((event) => {
    events.push(event);
    wake?.();
  }));
}

async function until(found: () => LearnEvent | undefined): Promise<LearnEvent> {
  for (;;) {
    const event = found();
    if (event !== undefined) return event;
    await new Promise<void>((resolve) => (wake = resolve));
  }
}

/** Blobs do not survive the way to the test. */
const plain = (event: LearnEvent): unknown =>
  event.kind === "epoch"
    ? { ...event, thumbnails: event.thumbnails.map(({ row, picture }) => [row, picture.size]) }
    : event;

const base64 = async (blob: Blob): Promise<string> => {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
};

export const learningHarness = {
  /** @param files address of each by its path */
  async start(files: Readonly<Record<string, string>>, settings: Partial<LearnSettings>) {
    events = [];
    const given = Object.entries(files).map(async ([path, url]) => {
      const blob = await (await fetch(url)).blob();
      return pictureFile(new File([blob], path.split("/").at(-1)!), path);
    });
    open().start(await Promise.all(given), { ...DEFAULT_SETTINGS, ...settings });
  },
  goOn(epochs: number | null, runtime: LearnSettings["runtime"]) {
    events = [];
    open().goOn(epochs, runtime);
  },
  pause: () => open().pause(),
  resume: () => open().resume(),
  stop: () => open().stop(),
  stored: () => open().stored(),
  forget: () => open().forget(),
  close() {
    learning?.close();
    learning = null;
  },
  /** The events so far, once there is one of this kind, or a failure. */
  async until(kind: LearnEvent["kind"]) {
    await until(() => events.find((event) => event.kind === kind || event.kind === "failed"));
    return events.map(plain);
  },
  /** As soon as so many steps are done. */
  async untilStep(step: number) {
    await until(() =>
      events.find((event) => event.kind === "failed" || (event.kind === "step" && event.step >= step)),
    );
  },
  async pack() {
    const { name, zip } = await open().pack();
    return { name, zip: await base64(zip) };
  },
  /** Opens what was learned, searches it by a row and by that row's thumbnail. */
  async search(row: number, k: number) {
    const engine: Engine = await openEngine(await open().collection(), { runtime: "wasm" });
    const sprite = await new Sprites(engine).cut(row);
    const { collection, ids, labels } = engine;
    const answer = {
      ...{ collection, ids, labels: labels && [...labels], sprite: await base64(sprite) },
      nearest: await engine.searchRow(row, k),
      found: await engine.search(await engine.embed(sprite), k),
    };
    engine.close();
    return answer;
  },
};

export type LearningHarness = typeof learningHarness;
