/** @file Opens the collection, once. */

import { useEffect, useState } from "preact/hooks";
import { UsageError } from "../../errors.js";
import { openEngine, type Engine, type OnProgress, type WebRuntime } from "../engine/engine.js";
import { keepOffline, startOffline } from "../engine/offline.js";

/** Bytes of each part that is on its way. */
export type Parts = ReadonlyMap<string, { readonly loaded: number; readonly total: number | null }>;

export type Opening =
  | { readonly state: "loading"; readonly parts: Parts }
  | { readonly state: "failed"; readonly error: unknown }
  | { readonly state: "ready"; readonly engine: Engine; readonly runtime: "auto" | WebRuntime };

/** @param wish "webgpu" or "wasm" where the address asks for one */
export function useEngine(base: URL, wish: string | null): Opening {
  const [opening, setOpening] = useState<Opening>({ state: "loading", parts: new Map() });
  useEffect(() => {
    const parts = new Map<string, { loaded: number; total: number | null }>();
    const onProgress: OnProgress = (loaded, total, what) => {
      parts.set(what, { loaded, total });
      setOpening((now) => (now.state === "loading" ? { state: "loading", parts: new Map(parts) } : now));
    };
    open(base, wish, onProgress).then(
      (ready) => setOpening({ state: "ready", ...ready }),
      (error: unknown) => setOpening({ state: "failed", error }),
    );
  }, []);
  return opening;
}

async function open(base: URL, wish: string | null, onProgress: OnProgress) {
  if (wish !== null && wish !== "webgpu" && wish !== "wasm") {
    throw new UsageError(
      `address: found runtime=${wish}, expected webgpu or wasm; change it or leave it out`,
    );
  }
  await startOffline();
  const runtime: "auto" | WebRuntime = wish ?? "auto";
  const engine = await openEngine(base, { runtime, onProgress });
  keepOffline(engine);
  return { engine, runtime };
}
