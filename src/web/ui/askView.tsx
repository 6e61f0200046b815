/** @file Asks about one picture at a time: the one whose label would tell most. */

import { useEffect, useRef } from "preact/hooks";
import { ClassButton } from "./classChips.js";
import { Picture } from "./picture.js";
import { hashOf } from "./route.js";
import { nameOf, useShared } from "./shared.js";
import { percent } from "./text.js";
import { useAskQueue } from "./useAskQueue.js";
import { classOfKey, useKeys } from "./useKeys.js";

export function AskView() {
  const { labelling } = useShared().labels;
  const withExamples = new Set(labelling.examples.values()).size;
  if (withExamples === 0) {
    return (
      <section class="ask-none">
        <h2>Nothing to ask about yet</h2>
        <p>
          Name two classes and <a href={hashOf({ view: "label", asking: false })}>pick an example of each</a>;
          then this page asks about the pictures between them.
        </p>
      </section>
    );
  }
  return <Ask />;
}

function Ask() {
  const { engine, labels, announce } = useShared();
  const { labelling, predictions } = labels;
  const { row, done, answer, skip, back } = useAskQueue();
  const section = useRef<HTMLElement>(null);
  const guess = row === null || predictions === null ? null : labelling.classes[predictions.classOf[row]!];
  const perhaps =
    row === null || !guess ? "" : `perhaps ${guess}, ${percent(predictions!.probability[row]!)}`;
  useEffect(() => {
    if (row !== null) announce(`Which class is ${nameOf(engine, row)}? ${perhaps}`);
  }, [row]);
  /** The focus leaves a button that was clicked: the space bar is for skipping now. */
  const then = (act: () => void) => () => {
    act();
    section.current?.focus();
  };
  useKeys(({ key, target }) => {
    const named = classOfKey(key, labelling.classes);
    if (named !== undefined) answer(named);
    else if (key === " " && !(target instanceof Element && target.matches("button, summary"))) skip();
    else if (key === "z") back();
    else return false;
    return true;
  });
  if (done) {
    return (
      <section class="ask-none">
        <h2>Nothing is left to ask</h2>
        <p>Every picture has a label, or was skipped.</p>
        <button type="button" onClick={back}>
          Go back to the last one
        </button>
      </section>
    );
  }
  return (
    <section class="ask" ref={section} tabIndex={-1} aria-labelledby="ask-title">
      <div class="ask-picture" data-row={row ?? ""}>
        {row !== null && <Picture row={row} large alt={nameOf(engine, row)} />}
      </div>
      <div class="ask-answer">
        <h2 id="ask-title">Which class is this?</h2>
        <p class="small">{row === null ? "Looking for the most telling picture …" : perhaps}</p>
        <ul class="answers">
          {labelling.classes.map((name, place) => (
            <li key={name}>
              <ClassButton {...{ name, place }} disabled={row === null} onPick={then(() => answer(name))} />
            </li>
          ))}
        </ul>
        <p class="actions">
          <button type="button" disabled={row === null} onClick={then(skip)}>
            Skip <kbd>space</kbd>
          </button>
          <button type="button" onClick={then(back)}>
            Back <kbd>z</kbd>
          </button>
        </p>
        <p class="small id">{row === null ? "" : engine.ids[row]}</p>
      </div>
    </section>
  );
}
