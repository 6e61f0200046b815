/** @file While it learns: how far it is, and what it has learned so far. */

import { UsageError } from "../../../errors.js";
import { webThreads } from "../../../runtime/webThreads.js";
import { DropTarget } from "../dropTarget.js";
import { useShared } from "../shared.js";
import { counted, percent, rate, roughTime, whole } from "../text.js";
import { describeSettings, shareDone, type LearnState, type Phase } from "./learnState.js";
import { useLearner } from "./useLearning.js";

const TITLES: Readonly<Partial<Record<Phase, string>>> = {
  preparing: "Getting ready",
  learning: "Learning",
  pausing: "Pausing",
  paused: "Paused",
  ending: "Ending",
};

export function LearnRun() {
  const { fail } = useShared();
  const { state } = useLearner();
  const refuse = (): void =>
    fail(
      new UsageError(
        "learn: found a drop while it learns, expected one training at a time; stop this one first",
      ),
    );
  return (
    <section class="run" aria-labelledby="run-title">
      <h2 id="run-title">{TITLES[state.phase]}</h2>
      <HowFar state={state} />
      <RunButtons phase={state.phase} />
      <RuntimeLines state={state} />
      <DropTarget text="It is learning: stop it first" onDrop={refuse} />
    </section>
  );
}

function RunButtons({ phase }: { readonly phase: Phase }) {
  const learner = useLearner();
  const { announce } = useShared();
  const paused = phase === "paused";
  // Not disabled while it waits for the step in hand: the focus would be lost.
  const waits = phase === "pausing" || phase === "ending" || phase === "preparing";
  const toggle = (): void => {
    if (waits) return;
    if (paused) learner.resume();
    else learner.pause();
    announce(paused ? "It goes on" : "Pausing after this step");
  };
  return (
    <p class="actions">
      <button type="button" aria-disabled={waits} onClick={toggle}>
        {paused ? "Go on" : "Pause"}
      </button>
      <button type="button" aria-disabled={phase === "ending"} onClick={() => learner.stop()}>
        Stop and keep
      </button>
    </p>
  );
}

function HowFar({ state }: { readonly state: LearnState }) {
  const { phase, stage, step, ready } = state;
  const share = stage === null ? shareDone(state) : stage.done / Math.max(stage.total, 1);
  const counts = stage !== null && stage.total > 1;
  return (
    <div class="how-far">
      {/* Two elements: one that ever had a value does not move by itself again. */}
      {phase === "preparing" && (stage === null || !counts) ? (
        <progress key="moving" aria-label="Getting ready" />
      ) : (
        <progress key="share" aria-label={stage?.what ?? "Steps done"} max={1} value={share} />
      )}
      {stage !== null || step === null || ready === null ? (
        <ul class="figures">
          <li>{stage === null ? "starting …" : `${stage.what} …`}</li>
          {counts && (
            <li>
              {whole(stage.done)} of {whole(stage.total)}
            </li>
          )}
        </ul>
      ) : (
        <ul class="figures">
          <li>
            <b>{percent(shareDone(state))}</b>,{" "}
            {phase === "paused" ? "paused" : `${roughTime(step.secondsLeft)} left`}
          </li>
          <li>
            epoch {step.epoch} of {ready.settings.epochs}
          </li>
          <li>
            step {whole(step.step)} of {whole(step.steps)}
          </li>
          <li>{rate(step.picturesPerSecond)} pictures a second</li>
        </ul>
      )}
    </div>
  );
}

function RuntimeLines({ state: { ready, notes } }: { readonly state: LearnState }) {
  return (
    <div class="small">
      {ready !== null && (
        <>
          <p>
            {counted(ready.pictures, "picture")} of {ready.name}
          </p>
          <p>
            {ready.runtime === "webgpu" ? "WebGPU" : `WebAssembly, ${counted(webThreads(), "thread")}`}
            {ready.runtimeNote !== null && ` (${ready.runtimeNote})`}
          </p>
          <p>{describeSettings(ready.settings)}</p>
        </>
      )}
      <p>nothing leaves this machine</p>
      {notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
    </div>
  );
}
