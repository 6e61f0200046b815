/** @file A few pictures and those that lie nearest to them, epoch by epoch: what is learned, for the eye. */

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Strip } from "../../learn/learn.js";
import { cosine } from "../text.js";
import type { LearnState } from "./learnState.js";

/** Strips whose place is kept until they come, and pictures in each. */
const [USUAL_STRIPS, USUAL_PICTURES] = [6, 7];

export function NeighbourStrips({ state }: { readonly state: LearnState }) {
  const { snapshots, ready } = state;
  const urls = useThumbnails(state.thumbnails);
  /** null: the newest, whichever that is. */
  const [chosen, choose] = useState<number | null>(null);
  const newest = snapshots.length - 1;
  const at = Math.min(chosen ?? newest, newest);
  const shown = snapshots[at];
  const ids = ready?.ids ?? [];
  return (
    <section class="strips" aria-labelledby="strips-title">
      <div class="heading">
        <h2 id="strips-title">Neighbours</h2>
        <label class="inline">
          <span class="small epoch">
            {shown === undefined
              ? "none yet"
              : shown.epoch === 0
                ? "before learning"
                : `after epoch ${shown.epoch}`}
          </span>
          <input
            type="range"
            aria-label="Epoch whose neighbours are shown"
            aria-valuetext={shown === undefined ? "none yet" : `epoch ${shown.epoch}`}
            min={0}
            max={Math.max(newest, 0)}
            value={Math.max(at, 0)}
            disabled={newest < 1}
            onInput={({ currentTarget }) => {
              const place = Number(currentTarget.value);
              choose(place === newest ? null : place);
            }}
          />
        </label>
      </div>
      <ul class="strip-list">
        {shown === undefined
          ? Array.from({ length: USUAL_STRIPS }, (_, place) => <WaitingRow key={place} />)
          : shown.strips.map((strip) => <StripRow key={strip.row} {...{ strip, urls, ids }} />)}
      </ul>
    </section>
  );
}

function WaitingRow() {
  return (
    <li class="strip">
      {Array.from({ length: USUAL_PICTURES }, (_, place) => (
        <span key={place} class="thumb" />
      ))}
    </li>
  );
}

interface StripRowProps {
  readonly strip: Strip;
  readonly urls: ReadonlyMap<number, string>;
  readonly ids: readonly string[];
}

function StripRow({ strip: { row, nearest }, urls, ids }: StripRowProps) {
  const heard = nearest.map((one) => `${ids[one.row]!}, ${cosine(one.similarity)}`).join("; ");
  return (
    <li class="strip">
      <span class="heard">
        {ids[row]}: {heard}
      </span>
      <img class="thumb" src={urls.get(row)} alt="" title={ids[row]} />
      {nearest.map((one, place) => (
        <img
          key={place}
          class="thumb"
          src={urls.get(one.row)}
          alt=""
          title={`${ids[one.row]!}, similarity ${cosine(one.similarity)}`}
        />
      ))}
    </li>
  );
}

/** Addresses of the thumbnails, for as long as they are shown. */
function useThumbnails(thumbnails: LearnState["thumbnails"]): ReadonlyMap<number, string> {
  const known = useMemo(() => new Map<number, string>(), []);
  useEffect(
    () => () => {
      for (const url of known.values()) URL.revokeObjectURL(url);
      known.clear();
    },
    [],
  );
  return useMemo(() => {
    for (const [row, picture] of thumbnails) {
      if (!known.has(row)) known.set(row, URL.createObjectURL(picture));
    }
    return known;
  }, [thumbnails]);
}
