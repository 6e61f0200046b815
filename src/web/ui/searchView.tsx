/** @file Search: a picture, and those most like it. */

import { useMemo, useState } from "preact/hooks";
import type { Found } from "../engine/engine.js";
import { ChoosePicture } from "./choosePicture.js";
import { PictureGrid, type GridCell } from "./pictureGrid.js";
import { QueryPanel } from "./queryPanel.js";
import { searchHash, type Query } from "./route.js";
import { sampleRows } from "./sample.js";
import { captionOf, labelOf, useShared } from "./shared.js";
import { counted, cosine } from "./text.js";
import { useNeighbours } from "./useNeighbours.js";

/** Neighbours shown at first, and more at each wish. */
const PAGE = 60;

export function SearchView({ query }: { readonly query: Query | null }) {
  return query === null ? <Start /> : <Neighbours query={query} />;
}

function Start() {
  const { engine } = useShared();
  const { collection } = engine;
  const [seed, setSeed] = useState(0);
  const rows = useMemo(() => sampleRows(collection.pictures, PAGE, seed), [collection, seed]);
  const cells = rows.map((row): GridCell => ({
    row,
    ...captionOf(engine, row),
  }));
  return (
    <>
      <section class="drop" aria-labelledby="drop-title">
        <h2 id="drop-title">Which pictures are like yours?</h2>
        <p>Drop a picture anywhere on this page, or paste one.</p>
        <ChoosePicture />
        <p class="small">Nothing is uploaded: your picture is encoded and compared here, in this browser.</p>
      </section>
      <section aria-labelledby="sample-title">
        <div class="heading">
          <h2 id="sample-title">Or start from one of these</h2>
          <button type="button" onClick={() => setSeed(seed + 1)}>
            Show others
          </button>
        </div>
        <PictureGrid label="Some pictures of the collection" cells={cells} hrefOf={searchHash} />
      </section>
    </>
  );
}

function Neighbours({ query }: { readonly query: Query }) {
  const { engine } = useShared();
  const { found, missing } = useNeighbours(query);
  const [pages, setPages] = useState({ of: found, count: 1 });
  const shown = (pages.of === found ? pages.count : 1) * PAGE;
  const cells = (found ?? []).slice(0, shown).map((one, at) => cellOf(one, at));
  function cellOf({ row, similarity }: Found, at: number): GridCell {
    return {
      row,
      heard: `Neighbour ${at + 1}: ${engine.ids[row]!}, similarity`,
      caption: (
        <>
          <b>{cosine(similarity)}</b> {labelOf(engine, row) ?? engine.ids[row]!}
        </>
      ),
    };
  }
  if (missing) {
    return (
      <section class="drop">
        <h2>That picture is gone</h2>
        <p>Dropped pictures stay in the page and end with it. Drop it once more.</p>
        <ChoosePicture />
      </section>
    );
  }
  return (
    <div class="beside">
      <QueryPanel query={query} found={found} />
      <section aria-labelledby="neighbours-title">
        <div class="heading">
          <h2 id="neighbours-title">Most alike</h2>
          <span class="small">
            of {counted(engine.collection.pictures, "picture")}
            <span class="keys">; arrow keys walk, Enter goes on</span>
          </span>
        </div>
        <div class={found === null ? "neighbours waiting" : "neighbours"}>
          <PictureGrid label="Neighbours, most alike first" cells={cells} hrefOf={searchHash} />
        </div>
        {found !== null && found.length > shown && (
          <button type="button" onClick={() => setPages({ of: found, count: shown / PAGE + 1 })}>
            Show more
          </button>
        )}
      </section>
    </div>
  );
}
