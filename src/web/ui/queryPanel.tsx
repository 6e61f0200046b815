/** @file What is searched for, beside its neighbours: large, with what they say about its class. */

import type { Found } from "../engine/engine.js";
import { Bars } from "./bars.js";
import { FileButton } from "./choosePicture.js";
import { ExampleButtons } from "./exampleButtons.js";
import { colourOf } from "./palette.js";
import { Picture } from "./picture.js";
import type { Query } from "./route.js";
import { labelOf, nameOf, useShared } from "./shared.js";
import { voteShares } from "./votes.js";

/** Classes of which the share is shown. */
const MOST_BARS = 5;

interface QueryPanelProps {
  readonly query: Query;
  readonly found: readonly Found[] | null;
}

export function QueryPanel({ query, found }: QueryPanelProps) {
  const { engine, dropped } = useShared();
  const row = "row" in query ? query.row : null;
  const own = "dropped" in query ? dropped.at(query.dropped)! : null;
  const label = row === null ? null : labelOf(engine, row);
  return (
    <aside class="query" aria-label="The picture that is searched for">
      {row === null ? (
        <span class="picture">
          <img class="shown" src={own!.url} alt={`Your picture, ${own!.name}`} />
        </span>
      ) : (
        <Picture row={row} large alt={nameOf(engine, row)} />
      )}
      <div class="query-text">
        <p class="query-name">{row === null ? own!.name : engine.ids[row]}</p>
        <p class="small">
          {row === null ? "Yours: it stays in this browser" : (label ?? "of the collection")}
        </p>
        <ClassVote found={found} />
        {row !== null && <ExampleButtons row={row} />}
        <p class="actions">
          <FileButton text="Another picture" />
          <FileButton text="Take a photo" camera />
        </p>
      </div>
    </aside>
  );
}

function ClassVote({ found }: { readonly found: readonly Found[] | null }) {
  const { labels, collection } = useShared().engine;
  if (labels === null) return null;
  const { classNames, vote } = collection;
  const shares = found === null ? [] : voteShares(found, labels, classNames, vote);
  const voters = Math.min(vote.k, found?.length ?? vote.k);
  return (
    <section class="vote">
      <h2 class="minor">What its {voters} neighbours say</h2>
      <Bars
        label="Share of the votes"
        bars={shares
          .slice(0, MOST_BARS)
          .map(({ className, place, share }) => ({ name: className, share, colour: colourOf(place) }))}
      />
    </section>
  );
}
