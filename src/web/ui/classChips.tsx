/** @file Buttons in the colours of the classes. */

import type { ComponentChildren } from "preact";
import { colourOf } from "./palette.js";
import { useShared } from "./shared.js";
import { digitOf } from "./useKeys.js";

interface ClassChipsProps {
  /** The class whose chip is pressed, null: none of them; without it chips are not pressed at all. */
  readonly pressed?: string | null;
  textOf?(name: string): string;
  onPick(name: string): void;
}

/** A chip for each class, in one line of text. */
export function ClassChips({ pressed, textOf = (name) => name, onPick }: ClassChipsProps) {
  const { classes } = useShared().labels.labelling;
  return (
    <p class="actions">
      {classes.map((name, place) => (
        <button
          key={name}
          type="button"
          class="chip"
          style={{ "--tone": colourOf(place) }}
          aria-pressed={pressed === undefined ? undefined : pressed === name}
          onClick={() => onPick(name)}
        >
          {textOf(name)}
        </button>
      ))}
    </p>
  );
}

interface ClassButtonProps {
  readonly name: string;
  /** Of the class, from 0. */
  readonly place: number;
  readonly disabled?: boolean;
  readonly pressed?: boolean;
  /** More about the class, after its name. */
  readonly children?: ComponentChildren;
  onPick(): void;
}

/** A class by itself, with the digit that does the same. */
export function ClassButton({ name, place, disabled, pressed, children, onPick }: ClassButtonProps) {
  const digit = digitOf(place);
  return (
    <button
      type="button"
      class="chip class"
      style={{ "--tone": colourOf(place) }}
      disabled={disabled}
      aria-pressed={pressed}
      onClick={onPick}
    >
      <span class="class-name">{name}</span>
      {children}
      {digit !== null && <kbd>{digit}</kbd>}
    </button>
  );
}
