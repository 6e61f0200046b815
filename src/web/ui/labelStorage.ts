/** @file Labels outlive the page: they are kept in the browser's storage, for each collection by itself. */

import { ArtifactError } from "../../errors.js";
import type { Engine } from "../engine/engine.js";
import { importJson, printJson } from "../engine/labelFiles.js";
import { Labelling } from "../engine/labelling.js";

/** Of FNV-1a, 32 bits. Source: Fowler, Noll and Vo, draft-eastlake-fnv */
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** Another collection of the same name has other pictures, hence another key. */
export function storageKey({ collection, ids }: Engine): string {
  let hash = OFFSET;
  for (const id of ids) {
    for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), PRIME);
    hash = Math.imul(hash, PRIME); // an end of each id
  }
  return `onnx-instdisc labels ${collection.name} ${(hash >>> 0).toString(16)}`;
}

/** What was kept; nothing where nothing was. @throws ArtifactError when it is damaged: it then stays as it is */
export function loadLabels(engine: Engine): Labelling {
  const labelling = new Labelling(engine.ids.length);
  const kept = localStorage.getItem(storageKey(engine));
  if (kept !== null) importJson(kept, "labels kept by this browser", labelling, engine.ids);
  return labelling;
}

/** @throws ArtifactError when the browser keeps nothing more */
export function keepLabels(engine: Engine, labelling: Labelling): void {
  const examples = [...labelling.examples].map(([row, className]) => ({
    row,
    className,
    probability: 1,
    example: true,
  }));
  try {
    const text = printJson(engine.collection.name, labelling, examples, engine.ids);
    localStorage.setItem(storageKey(engine), text);
  } catch (error) {
    throw new ArtifactError(
      `labels: the browser does not keep them (${String(error)}), expected room for ${examples.length} examples; ` +
        `export them as JSON before you close this page`,
      { cause: error },
    );
  }
}
