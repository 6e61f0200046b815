/** @file What is on its way, in bytes, before there is anything to look at. */

import { messageOf, megabytes } from "./text.js";
import type { Parts } from "./useEngine.js";

/** As a person calls the parts of openEngine's onProgress. */
const NAMES: Readonly<Record<string, string>> = {
  collection: "Description",
  vectors: "Vectors of all pictures",
  encoder: "Encoder",
  runtime: "ONNX Runtime",
};

export function Loading({ parts }: { readonly parts: Parts }) {
  return (
    <main class="alone" id="main">
      <h1>Opening the collection</h1>
      <ul class="parts">
        {Object.entries(NAMES).map(([part, name]) => {
          const { loaded, total } = parts.get(part) ?? { loaded: 0, total: null };
          const share = total === null ? (loaded > 0 ? 1 : 0) : loaded / total;
          return (
            <li key={part}>
              <label>
                <span>{name}</span>
                <span class="small">
                  {loaded === 0 ? "–" : megabytes(loaded)}
                  {total !== null && loaded < total && ` of ${megabytes(total)}`}
                </span>
                <progress max={1} value={share} />
              </label>
            </li>
          );
        })}
      </ul>
    </main>
  );
}

export function CannotOpen({ error }: { readonly error: unknown }) {
  return (
    <main class="alone" id="main">
      <h1>The collection does not open</h1>
      <p role="alert" class="failure">
        {messageOf(error)}
      </p>
      <p class="actions">
        <button type="button" class="primary" onClick={() => location.reload()}>
          Try again
        </button>
      </p>
    </main>
  );
}
