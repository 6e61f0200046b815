/** @file What computes here, and how fast it was. */

import { webThreads } from "../../runtime/webThreads.js";
import { useShared } from "./shared.js";
import { counted, duration } from "./text.js";

export function StatusLine({ searchMs }: { readonly searchMs: number | null }) {
  const { engine } = useShared();
  const { collection, runtime, runtimeNote } = engine;
  return (
    <footer class="status">
      <span>{runtime === "webgpu" ? "WebGPU" : `WebAssembly, ${counted(webThreads(), "thread")}`}</span>
      {runtimeNote !== null && <span>{runtimeNote}</span>}
      <span>{collection.embeddingDim} numbers a picture</span>
      <span>{searchMs === null ? "no search yet" : `last search ${duration(searchMs)}`}</span>
      <span>nothing leaves this browser</span>
    </footer>
  );
}
