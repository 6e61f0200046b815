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
  const ended = Object.keys(NAMES).every((part) => {
    const { loaded, total } = parts.get(part) ?? NOTHING;
    return loaded === total;
  });
  return (
    <main class="alone" id="main">
      <h1>Opening the collection</h1>
      <ul class="parts">
        {Object.entries(NAMES).map(([part, name]) => (
          <li key={part}>
            <label>
              <span>{name}</span>
              <Amount {...(parts.get(part) ?? NOTHING)} />
            </label>
          </li>
        ))}
      </ul>
      {ended && <p class="small">Starting …</p>}
    </main>
  );
}

const NOTHING = { loaded: 0, total: null };

function Amount({ loaded, total }: { readonly loaded: number; readonly total: number | null }) {
  return (
    <>
      <span class="small">
        {loaded === 0 ? "–" : megabytes(loaded)}
        {total !== null && loaded < total && ` of ${megabytes(total)}`}
      </span>
      {/* Two elements: one that ever had a value does not move by itself again. */}
      {loaded > 0 && total === null ? (
        <progress key="moving" />
      ) : (
        <progress key="share" max={1} value={total === null ? 0 : loaded / total} />
      )}
    </>
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
