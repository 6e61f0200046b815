/** @file What computes here, and how fast it was. */

import { webThreads } from "../../runtime/webThreads.js";
import { isUnderWay, shareDone } from "./learn/learnState.js";
import { useLearner } from "./learn/useLearning.js";
import { hashOf } from "./route.js";
import { useShared } from "./shared.js";
import { counted, duration, percent } from "./text.js";

export function StatusLine({ searchMs }: { readonly searchMs: number | null }) {
  const { engine } = useShared();
  const { state } = useLearner();
  const { collection, runtime, runtimeNote } = engine;
  return (
    <footer class="status">
      <span>{runtime === "webgpu" ? "WebGPU" : `WebAssembly, ${counted(webThreads(), "thread")}`}</span>
      {runtimeNote !== null && <span>{runtimeNote}</span>}
      <span>{collection.embeddingDim} numbers a picture</span>
      <span>{searchMs === null ? "no search yet" : `last search ${duration(searchMs)}`}</span>
      {isUnderWay(state) && (
        <a href={hashOf({ view: "learn" })}>
          {state.phase === "paused" ? "paused" : "learning"}, {percent(shareDone(state))}
        </a>
      )}
      <span>nothing leaves this browser</span>
    </footer>
  );
}
