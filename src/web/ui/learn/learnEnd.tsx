/** @file After learning: search at once, take the run away, or learn longer. */

import { useState } from "preact/hooks";
import { unpackError } from "../../../errors.js";
import { shellWord } from "../../../run/shellWord.js";
import { saveFile } from "../exportFiles.js";
import { useShared } from "../shared.js";
import { counted, messageOf, percent, roughTime } from "../text.js";
import { Choice } from "./learnSettings.js";
import type { LearnState } from "./learnState.js";
import { useLearner } from "./useLearning.js";

const MORE_EPOCHS = [10, 30, 100];

export function LearnEnd() {
  const { state } = useLearner();
  return state.phase === "failed" ? <LearnFailed state={state} /> : <Finished state={state} />;
}

function Finished({ state }: { readonly state: LearnState }) {
  const { runtime } = useShared();
  const learner = useLearner();
  const outcome = state.outcome!;
  const [more, setMore] = useState(MORE_EPOCHS[0]!);
  const whole = !outcome.stopped || outcome.epochs >= (state.ready?.settings.epochs ?? 0);
  return (
    <section class="end" aria-labelledby="end-title">
      <h2 id="end-title">
        {whole ? "Learned" : "Stopped"} after {counted(outcome.epochs, "epoch")}
      </h2>
      <p class="small">
        {counted(state.ready?.pictures ?? 0, "picture")}, {counted(outcome.step, "step")}
        {outcome.loss !== null && `, loss ${outcome.loss.toFixed(3)}`}, {roughTime(outcome.seconds)}
      </p>
      <Harvest />
      <div class="settings">
        <Choice
          name="Not enough?"
          value={more}
          options={MORE_EPOCHS.map((epochs) => [epochs, `${counted(epochs, "epoch")} more`])}
          onChange={(epochs) => setMore(epochs)}
        />
        <button type="button" onClick={() => learner.goOn(longer(state, more), runtime)}>
          Learn longer
        </button>
        {!whole && (
          <button type="button" onClick={() => learner.goOn(null, runtime)}>
            Go on to its end
          </button>
        )}
        <button type="button" class="quiet" onClick={() => learner.again()}>
          Learn from other pictures
        </button>
      </div>
    </section>
  );
}

/** Epochs in all: those asked for at first, or done, and `more`. */
function longer({ ready, outcome }: LearnState, more: number): number {
  return Math.max(ready?.settings.epochs ?? 0, outcome?.epochs ?? 0) + more;
}

/** What one has of it. */
function Harvest() {
  const { fail, announce, openLearned } = useShared();
  const learner = useLearner();
  const [busy, setBusy] = useState<string | null>(null);
  const pictures = learner.state.ready?.name;
  const during = async (what: string, work: () => Promise<void>): Promise<void> => {
    if (busy !== null) return;
    setBusy(what);
    try {
      await work();
    } catch (error) {
      fail(error);
    } finally {
      setBusy(null);
    }
  };
  const search = async (): Promise<void> => openLearned(await learner.collection());
  const download = async (): Promise<void> => {
    const { name, zip } = await learner.pack();
    saveFile(`${name}.zip`, zip);
    announce(`${name}.zip is among your downloads`);
  };
  return (
    <>
      <p class="actions">
        <button
          type="button"
          class="primary"
          aria-disabled={busy !== null}
          onClick={() => void during("search", search)}
        >
          {busy === "search" ? `Opening …${mapped(learner.state)}` : "Search these pictures"}
        </button>
        <button type="button" aria-disabled={busy !== null} onClick={() => void during("download", download)}>
          {busy === "download" ? "Packing …" : "Download the run folder"}
        </button>
      </p>
      <p class="small">
        The folder is the one that training in a terminal writes, without the pictures. Unpacked beside a
        folder <b>{pictures}</b> that has them, it is served by{" "}
        <code>npx onnx-instdisc serve {shellWord(`${pictures}-run`)}</code>
      </p>
    </>
  );
}

/** How far its map is, until it is drawn. */
function mapped({ stage }: LearnState): string {
  if (stage === null || stage.done >= stage.total) return "";
  return ` ${stage.what} ${percent(stage.done / stage.total)}`;
}

/** What was stored before it failed is there to go on with. */
export function LearnFailed({ state }: { readonly state: LearnState }) {
  const learner = useLearner();
  return (
    <section class="end" aria-labelledby="failed-title">
      <h2 id="failed-title">It could not go on</h2>
      <p role="alert" class="failure">
        {messageOf(unpackError(state.error!))}
      </p>
      <p class="actions">
        <button type="button" class="primary" onClick={() => learner.again()}>
          Back to the start
        </button>
      </p>
    </section>
  );
}
