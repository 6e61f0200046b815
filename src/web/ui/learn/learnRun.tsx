/** @file While it learns: how far it is, and what it has learned so far. */

import { UsageError } from "../../../errors.js";
import { webThreads } from "../../../runtime/webThreads.js";
import { DropTarget } from "../dropTarget.js";
import { useShared } from "../shared.js";
import { counted, percent, roughTime, whole } from "../text.js";
import { BrokenFiles } from "./brokenFiles.js";
import { describeSettings, shareDone, type LearnState, type Phase } from "./learnState.js";
import { LossCurve } from "./lossCurve.js";
import { NeighbourStrips } from "./neighbourStrips.js";
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
    <>
      <section class="run" aria-labelledby="run-title">
        <div class="heading">
          <h2 id="run-title">
            {TITLES[state.phase]}
            {state.ready !== null && ` from ${counted(state.ready.pictures, "picture")}`}
          </h2>
          <RunButtons phase={state.phase} />
        </div>
        <HowFar state={state} />
        <RuntimeLine state={state} />
      </section>
      <BrokenFiles broken={state.ready?.broken ?? []} />
      <Learned state={state} />
      <DropTarget text="It is learning: stop it first" onDrop={refuse} />
    </>
  );
}

/** What the eye has of it, during and after. */
export function Learned({ state }: { readonly state: LearnState }) {
  return (
    <div class="learned">
      <LossCurve state={state} />
      <NeighbourStrips state={state} />
    </div>
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
  return (
    <div class="how-far">
      {/* Two elements: one that ever had a value does not move by itself again. */}
      {stage === null && step === null && phase === "preparing" ? (
        <progress key="moving" aria-label="Getting ready" />
      ) : (
        <progress key="share" aria-label={stage?.what ?? "Steps done"} max={1} value={share} />
      )}
      {stage !== null || step === null || ready === null ? (
        <p class="figures">
          <span>{stage === null ? "starting …" : `${stage.what} …`}</span>
          <span>{stage !== null && stage.total > 1 && `${whole(stage.done)} of ${whole(stage.total)}`}</span>
        </p>
      ) : (
        <p class="figures">
          <b>{percent(share)}</b>
          <span>
            epoch {step.epoch} of {ready.settings.epochs}
          </span>
          <span>
            step {whole(step.step)} of {whole(step.steps)}
          </span>
          <span>{counted(Math.round(step.picturesPerSecond), "picture")} a second</span>
          <span>{phase === "paused" ? "paused" : `${roughTime(step.secondsLeft)} left`}</span>
        </p>
      )}
    </div>
  );
}

function RuntimeLine({ state: { ready, notes } }: { readonly state: LearnState }) {
  const runtime = ready?.runtime === "webgpu" ? "WebGPU" : `WebAssembly, ${counted(webThreads(), "thread")}`;
  return (
    <p class="small runtime">
      {ready === null ? (
        "nothing leaves this machine"
      ) : (
        <>
          {runtime}
          {ready.runtimeNote !== null && ` (${ready.runtimeNote})`}; {describeSettings(ready.settings)};
          nothing leaves this machine
        </>
      )}
      {notes.map((note) => (
        <span key={note} class="note">
          {note}
        </span>
      ))}
    </p>
  );
}
