/** @file The classes: added, chosen, renamed, removed. */

import type { TargetedSubmitEvent } from "preact";
import { useState } from "preact/hooks";
import { ClassButton } from "./classChips.js";
import type { ClassSummary } from "./labelSummary.js";
import { useShared } from "./shared.js";
import { counted, whole } from "./text.js";

export function ClassPanel({ summaries }: { readonly summaries: readonly ClassSummary[] }) {
  const { labels, engine } = useShared();
  const { labelling, active, change, setActive } = labels;
  const known = engine.collection.classNames;
  return (
    <section class="classes" aria-labelledby="classes-title">
      <h2 id="classes-title">Classes</h2>
      <ul>
        {summaries.map(({ name, examples, sure }, place) => (
          <li key={name}>
            <ClassButton {...{ name, place }} pressed={name === active} onPick={() => setActive(name)}>
              <span class="small">
                {counted(examples, "example")}
                {sure > 0 && `, ${whole(sure)} sure`}
              </span>
            </ClassButton>
          </li>
        ))}
      </ul>
      {active !== null && <ActiveClass key={active} name={active} />}
      <AddClass />
      {known.length > 0 && labelling.classes.length === 0 && (
        <button type="button" class="quiet" onClick={() => change((to) => to.replace(known, to.examples))}>
          Take the {known.length} class names of the collection
        </button>
      )}
      <p class="actions">
        <button type="button" class="quiet" disabled={!labelling.canUndo} onClick={() => labels.undo()}>
          Undo <kbd>z</kbd>
        </button>
        <button type="button" class="quiet" disabled={!labelling.canRedo} onClick={() => labels.redo()}>
          Redo <kbd>y</kbd>
        </button>
      </p>
    </section>
  );
}

function AddClass() {
  const { labels } = useShared();
  const [name, setName] = useState("");
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (!labels.change((to) => to.addClass(name))) return;
    labels.setActive(name.trim());
    setName("");
  };
  return (
    <form class="add" onSubmit={submit}>
      <input
        type="text"
        aria-label="Name of a new class"
        placeholder={labels.active === null ? "First class" : "Another class"}
        value={name}
        onInput={({ currentTarget }) => setName(currentTarget.value)}
      />
      <button type="submit" disabled={name.trim() === ""}>
        Add
      </button>
    </form>
  );
}

/** What can be done to the chosen class. */
function ActiveClass({ name }: { readonly name: string }) {
  const { change, setActive } = useShared().labels;
  const [newName, setNewName] = useState<string | null>(null);
  if (newName === null) {
    return (
      <p class="actions">
        <button type="button" class="quiet" onClick={() => setNewName(name)}>
          Rename {name}
        </button>
        <button type="button" class="quiet" onClick={() => change((to) => to.removeClass(name))}>
          Remove {name}
        </button>
      </p>
    );
  }
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (!change((to) => to.renameClass(name, newName))) return;
    setActive(newName.trim());
    setNewName(null);
  };
  return (
    <form class="add" onSubmit={submit}>
      <input
        type="text"
        aria-label={`New name of ${name}`}
        value={newName}
        ref={(input) => input?.focus()}
        onInput={({ currentTarget }) => setNewName(currentTarget.value)}
        onKeyDown={({ key }) => key === "Escape" && setNewName(null)}
      />
      <button type="submit" disabled={newName.trim() === ""}>
        Rename
      </button>
    </form>
  );
}
