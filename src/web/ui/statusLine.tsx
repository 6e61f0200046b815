/** @file What computes here, and how fast it was. */

import { useShared } from "./shared.js";
import { duration } from "./text.js";

export function StatusLine({ searchMs }: { readonly searchMs: number | null }) {
  const { engine } = useShared();
  const { collection, runtime, runtimeNote } = engine;
  return (
    <footer class="status">
      <span>{runtime === "webgpu" ? "WebGPU" : `WebAssembly, ${threads()}`}</span>
      {runtimeNote !== null && <span>{runtimeNote}</span>}
      <span>{collection.embeddingDim} numbers a picture</span>
      <span>{searchMs === null ? "no search yet" : `last search ${duration(searchMs)}`}</span>
      <span>nothing leaves this browser</span>
    </footer>
  );
}

/** Threads share memory, which browsers allow isolated pages only. */
function threads(): string {
  return crossOriginIsolated && navigator.hardwareConcurrency > 1 ? "several threads" : "one thread";
}
