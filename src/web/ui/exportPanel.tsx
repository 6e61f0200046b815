/** @file Labels as files, and back. */

import type { TargetedEvent } from "preact";
import { useRef, useState } from "preact/hooks";
import { importJson, labelledRows, printCsv, printJson, type Labelled } from "../engine/labelFiles.js";
import { saveFile, zipOfPictures } from "./exportFiles.js";
import { useShared } from "./shared.js";
import { counted } from "./text.js";

/** Which labels go into a file. */
const SCOPES = { all: "All labels", sure: "Sure ones", given: "Examples only" } as const;
type Scope = keyof typeof SCOPES;

export function ExportPanel() {
  const { engine, sprites, labels, fail, announce } = useShared();
  const { labelling, sureFrom } = labels;
  const { ids, collection } = engine;
  const [scope, setScope] = useState<Scope>("all");
  const [zipping, setZipping] = useState<string | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const empty = labelling.examples.size === 0;
  const least = { all: 0, sure: sureFrom, given: Infinity }[scope];
  const save = async (
    ending: string,
    make: (labelled: readonly Labelled[]) => BlobPart | Promise<Blob>,
  ): Promise<void> => {
    try {
      const labelled = labelledRows(labelling, await labels.predict(), least);
      saveFile(`${collection.name} labels.${ending}`, await make(labelled));
      announce(`Exported ${counted(labelled.length, "label")}`);
    } catch (error) {
      fail(error);
    }
  };
  const zip = (): Promise<void> =>
    save("zip", (labelled) =>
      zipOfPictures(engine, sprites, labelled, (done) => setZipping(`${done} of ${labelled.length}`)),
    );
  const load = async ({ currentTarget }: TargetedEvent<HTMLInputElement>): Promise<void> => {
    const [chosen] = currentTarget.files ?? [];
    if (!chosen) return;
    const json = await chosen.text();
    currentTarget.value = "";
    labels.change((to) => {
      const missing = importJson(json, chosen.name, to, ids);
      announce(
        missing.length > 0
          ? `Imported, without ${counted(missing.length, "picture")} that are not here`
          : "Imported",
      );
    });
  };
  return (
    <section class="export" aria-labelledby="export-title">
      <h2 id="export-title">Export</h2>
      <select
        aria-label="Which labels"
        value={scope}
        onChange={({ currentTarget }) => setScope(currentTarget.value as Scope)}
      >
        {Object.entries(SCOPES).map(([one, name]) => (
          <option key={one} value={one}>
            {name}
          </option>
        ))}
      </select>
      <p class="actions">
        <button
          type="button"
          disabled={empty}
          onClick={() => void save("csv", (labelled) => printCsv(labelled, ids))}
        >
          CSV
        </button>
        <button
          type="button"
          disabled={empty}
          onClick={() =>
            void save("json", (labelled) => printJson(collection.name, labelling, labelled, ids))
          }
        >
          JSON
        </button>
        <button
          type="button"
          disabled={empty || zipping !== null}
          title={collection.originals ? "A folder for each class" : "A folder for each class, of thumbnails"}
          onClick={() => void zip().finally(() => setZipping(null))}
        >
          {zipping ?? "ImageFolder"}
        </button>
        <button type="button" class="quiet" onClick={() => file.current!.click()}>
          Import JSON
        </button>
      </p>
      <input
        ref={file}
        type="file"
        accept="application/json,.json"
        aria-label="Labels to import"
        hidden
        onChange={(event) => void load(event).catch(fail)}
      />
      <p class="small">Kept in this browser; a reload loses nothing.</p>
    </section>
  );
}
