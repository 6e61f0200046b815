/** @file Shares as bars, each with its number: the bar is for the eye alone. */

import { percent } from "./text.js";

export interface Bar {
  readonly name: string;
  /** In [0, 1]. */
  readonly share: number;
  readonly colour: string;
}

export function Bars({ label, bars }: { readonly label: string; readonly bars: readonly Bar[] }) {
  return (
    <ul class="bars" aria-label={label}>
      {bars.map(({ name, share, colour }) => (
        <li key={name}>
          <span class="bar-name">{name}</span>
          <span class="bar-share">{percent(share)}</span>
          <span class="bar" aria-hidden="true">
            <span style={{ width: `${share * 100}%`, background: colour }} />
          </span>
        </li>
      ))}
    </ul>
  );
}
