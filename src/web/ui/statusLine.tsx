/** @file What computes here, and how fast it was. */

import { useShared } from "./shared.js";
import { counted, duration } from "./text.js";

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

/** As onnxruntime-web counts them by itself. Threads share memory, which browsers allow isolated pages only. */
function threads(): string {
  const most = Math.min(4, Math.ceil(navigator.hardwareConcurrency / 2));
  return counted(crossOriginIsolated ? most : 1, "thread");
}
