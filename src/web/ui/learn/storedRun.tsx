/** @file What this browser keeps of a training before: it can be gone on with. */

import { useEffect, useState } from "preact/hooks";
import type { StoredRun } from "../../learn/learn.js";
import { useShared } from "../shared.js";
import { counted } from "../text.js";
import { useLearner } from "./useLearning.js";

export function StoredRunPanel() {
  const { fail, announce, runtime } = useShared();
  const learner = useLearner();
  const [run, setRun] = useState<StoredRun | null>(null);
  useEffect(() => {
    let wanted = true;
    learner.stored().then((found) => wanted && setRun(found), fail);
    return () => {
      wanted = false;
    };
  }, []);
  if (run === null) return null;
  const forget = async (): Promise<void> => {
    try {
      await learner.forget();
      setRun(null);
      announce("Forgotten");
    } catch (error) {
      fail(error);
    }
  };
  return (
    <section class="stored" aria-labelledby="stored-title">
      <div>
        <h2 id="stored-title">{titleOf(run)}</h2>
        <p class="small">
          {counted(run.pictures, "picture")} of {run.name}, {run.epochs} of{" "}
          {counted(run.settings.epochs, "epoch")},{" "}
          {run.elsewhere
            ? "in another tab of this browser: one learns at a time."
            : "kept in this browser until another training starts."}
        </p>
      </div>
      {!run.elsewhere && (
        <p class="actions">
          <button type="button" class="primary" onClick={() => learner.goOn(null, runtime)}>
            {run.finished ? "Open it" : "Go on"}
          </button>
          <button type="button" onClick={() => void forget()}>
            Forget it
          </button>
        </p>
      )}
    </section>
  );
}

function titleOf({ elsewhere, finished }: StoredRun): string {
  if (elsewhere) return "Another tab learns";
  return finished ? "Learned before" : "Stopped before its end";
}
