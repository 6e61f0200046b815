/** @file Makes a picture an example of a class, from wherever it is looked at. */

import { ClassChips } from "./classChips.js";
import { useShared } from "./shared.js";

export function ExampleButtons({ row }: { readonly row: number }) {
  const { labelling, change } = useShared().labels;
  const own = labelling.examples.get(row);
  if (labelling.classes.length === 0) return null;
  return (
    <section class="examples">
      <h2 class="minor">Use it as an example of</h2>
      <ClassChips
        pressed={own ?? null}
        onPick={(name) => change((to) => to.label([row], own === name ? null : name))}
      />
    </section>
  );
}
