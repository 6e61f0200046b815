/** @file Labels outlive the page: they are kept in the browser's storage, for each collection by itself. */

import { ArtifactError } from "../../errors.js";
import type { Engine } from "../engine/engine.js";
import { importJson, printJson } from "../engine/labelFiles.js";
import { Labelling } from "../engine/labelling.js";

/** Of FNV-1a, 32 bits. Source: Fowler, Noll and Vo, draft-eastlake-fnv */
const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** Another collection of the same name has other pictures, hence another key. */
function storageKey({ collection, ids }: Engine): string {
  let hash = OFFSET;
  for (const id of ids) {
    for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), PRIME);
    hash = Math.imul(hash, PRIME); // an end of each id
  }
  return `onnx-instdisc labels ${collection.name} ${(hash >>> 0).toString(16)}`;
}

export class LabelStorage {
  readonly #engine: Engine;
  readonly #key: string;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#key = storageKey(engine);
  }

  /** What was kept; nothing where nothing was. @throws ArtifactError when it is damaged: it then stays as it is */
  load(): Labelling {
    const { ids } = this.#engine;
    const labelling = new Labelling(ids.length);
    const kept = localStorage.getItem(this.#key);
    if (kept === null) return labelling;
    importJson(kept, "labels kept by this browser", labelling, ids);
    labelling.forgetSteps();
    return labelling;
  }

  /** @throws ArtifactError when the browser keeps nothing more */
  keep(labelling: Labelling): void {
    const { collection, ids } = this.#engine;
    const examples = [...labelling.examples].map(([row, className]) => ({
      row,
      className,
      probability: 1,
      example: true,
    }));
    try {
      localStorage.setItem(this.#key, printJson(collection.name, labelling, examples, ids));
    } catch (error) {
      throw new ArtifactError(
        `labels: the browser does not keep them (${String(error)}), expected room for ${examples.length} examples; ` +
          `export them as JSON before you close this page`,
        { cause: error },
      );
    }
  }
}
