/** @file A page without a face: engine and learning under test, asked by test/web. Never shipped. */

import { decodePicture } from "../engine/decode.js";
import { openEngine, type Engine, type WebRuntime } from "../engine/engine.js";
import { keepOffline, startOffline } from "../engine/offline.js";
import { Sprites } from "../ui/sprites.js";
import { learningHarness } from "./learning.js";

let engine: Engine | null = null;

const opened = (): Engine => engine!;

/** Only what survives the way to the test: JSON. */
const harness = {
  startOffline,
  async open(base: string, runtime: "auto" | WebRuntime) {
    engine?.close();
    const parts: Record<string, [number, number | null]> = {};
    engine = await openEngine(new URL(base, location.href), {
      runtime,
      onProgress: (loaded, total, what) => (parts[what] = [loaded, total]),
    });
    const { ids, labels, map, runtimeNote } = engine;
    return {
      ids,
      labels: labels && [...labels],
      map: map && [...map],
      ...{ runtime: engine.runtime, runtimeNote, parts, isolated: crossOriginIsolated },
    };
  },
  async embed(url: string) {
    const start = performance.now();
    const vector = await opened().embed(await (await fetch(url)).blob());
    return { vector: [...vector], ms: performance.now() - start };
  },
  async pixels(url: string) {
    const blob = await (await fetch(url)).blob();
    const { width, height, data } = await decodePicture(blob, url);
    return { width, height, data: [...data] };
  },
  async search(queries: number[][], k: number) {
    const start = performance.now();
    const found = [];
    for (const query of queries) found.push(await opened().search(Float32Array.from(query), k));
    return { found, ms: performance.now() - start };
  },
  searchRow: (row: number, k: number) => opened().searchRow(row, k),
  similarities: async (row: number) => [...(await opened().similarities(row))],
  async picture(row: number) {
    const picture = await new Sprites(opened()).cut(row);
    return { type: picture.type, bytes: [...new Uint8Array(await picture.arrayBuffer())] };
  },
  /** What is said to a question that was open when the engine was closed, and to one that came later. */
  async close() {
    const before = opened().similarities(0);
    opened().close();
    const answers = await Promise.allSettled([before, opened().similarities(0)]);
    return answers.map((answer) => (answer.status === "rejected" ? String(answer.reason) : "answered"));
  },
  keepOffline: () => keepOffline(opened()),
  async cached() {
    const names = await caches.keys();
    const all = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return all.flat().map(({ url }) => new URL(url).pathname);
  },
};

Object.assign(globalThis, { harness, learning: learningHarness });
