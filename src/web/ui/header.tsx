/** @file What the collection is called, the four views, and the switch of colours. */

import type { Route } from "./route.js";
import { hashOf } from "./route.js";
import { useShared } from "./shared.js";
import { counted } from "./text.js";
import { ThemeSwitch } from "./themeSwitch.js";

const VIEWS: readonly { readonly route: Route; readonly name: string }[] = [
  { route: { view: "search", query: null }, name: "Search" },
  { route: { view: "label", asking: false }, name: "Label" },
  { route: { view: "map" }, name: "Map" },
  { route: { view: "learn" }, name: "Learn" },
];

export function Header({ view }: { readonly view: Route["view"] }) {
  const { engine, leaveLearned } = useShared();
  const { name, pictures } = engine.collection;
  return (
    <header class="top">
      <div class="title">
        <h1>{name}</h1>
        <span class="small">{counted(pictures, "picture")}</span>
        {leaveLearned !== null && (
          <button type="button" class="quiet" onClick={leaveLearned}>
            Back to the served collection
          </button>
        )}
      </div>
      <nav aria-label="Views">
        {VIEWS.map((one) => (
          <a
            key={one.name}
            data-name={one.name}
            href={hashOf(one.route)}
            aria-current={one.route.view === view ? "page" : undefined}
          >
            {one.name}
          </a>
        ))}
      </nav>
      <ThemeSwitch />
    </header>
  );
}
