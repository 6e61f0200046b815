/**
 * @file Labels given by a person: classes, examples of them, and the way back. Every change is one step that undo takes
 * back. Nothing here knows of a page.
 */

import { UsageError } from "../../errors.js";

/** Never changed: a step makes another. */
interface State {
  readonly classes: readonly string[];
  /** Row to its class. */
  readonly examples: ReadonlyMap<number, string>;
}

/** Steps that can be taken back. */
const MOST_STEPS = 1000;

export class Labelling {
  /** Rows that can be labelled: 0 ... rows - 1. */
  readonly rows: number;
  #state: State = { classes: [], examples: new Map() };
  #past: State[] = [];
  #future: State[] = [];

  constructor(rows: number) {
    this.rows = rows;
  }

  /** Names in the order in which they were added; a prediction's class is a place in it. */
  get classes(): readonly string[] {
    return this.#state.classes;
  }

  /** Rows that a person labelled, with their class, in the order in which that happened. */
  get examples(): ReadonlyMap<number, string> {
    return this.#state.examples;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** @throws UsageError when the name is empty or taken */
  addClass(name: string): void {
    const { classes, examples } = this.#state;
    this.#step({ classes: [...classes, this.#newName(name)], examples });
  }

  /** @throws UsageError when there is no such class, or the new name is empty or taken */
  renameClass(name: string, newName: string): void {
    this.#known(name);
    if (newName.trim() === name) return;
    const renamed = this.#newName(newName);
    const rename = (one: string): string => (one === name ? renamed : one);
    this.#step({
      classes: this.classes.map(rename),
      examples: new Map([...this.examples].map(([row, one]) => [row, rename(one)])),
    });
  }

  /** Its examples go with it. @throws UsageError when there is no such class */
  removeClass(name: string): void {
    this.#known(name);
    this.#step({
      classes: this.classes.filter((one) => one !== name),
      examples: new Map([...this.examples].filter(([, one]) => one !== name)),
    });
  }

  /**
   * Makes rows examples of a class, whatever they were before; null: of none.
   * @throws UsageError when there is no such class or row
   */
  label(rows: readonly number[], name: string | null): void {
    if (name !== null) this.#known(name);
    this.#inside(rows);
    const changed = rows.filter((row) => this.examples.get(row) !== (name ?? undefined));
    if (changed.length === 0) return;
    const examples = new Map(this.examples);
    for (const row of changed) {
      examples.delete(row);
      if (name !== null) examples.set(row, name);
    }
    this.#step({ classes: this.classes, examples });
  }

  /** Takes the place of everything there is, in one step. @throws UsageError when examples and classes do not fit */
  replace(classes: readonly string[], examples: Iterable<readonly [row: number, name: string]>): void {
    const fresh = new Labelling(this.rows);
    for (const name of classes) fresh.addClass(name);
    const given = new Map<number, string>();
    for (const [row, name] of examples) {
      fresh.#known(name);
      fresh.#inside([row]);
      if (given.get(row) === name) continue;
      given.delete(row); // the last label of a row counts, in its place
      given.set(row, name);
    }
    this.#step({ classes: fresh.classes, examples: given });
  }

  /** What is here now becomes the start: nothing before it can be taken back, or done again. */
  forgetSteps(): void {
    this.#past = [];
    this.#future = [];
  }

  /** @returns whether there was a step to take back */
  undo(): boolean {
    return this.#move(this.#past, this.#future);
  }

  /** @returns whether there was a step that undo had taken back */
  redo(): boolean {
    return this.#move(this.#future, this.#past);
  }

  #step(state: State): void {
    this.#past.push(this.#state);
    if (this.#past.length > MOST_STEPS) this.#past.shift();
    this.#future = [];
    this.#state = state;
  }

  #move(from: State[], to: State[]): boolean {
    const state = from.pop();
    if (state === undefined) return false;
    to.push(this.#state);
    this.#state = state;
    return true;
  }

  #newName(name: string): string {
    const trimmed = name.trim();
    if (trimmed === "" || this.classes.includes(trimmed)) {
      const found = trimmed === "" ? "an empty name" : `${trimmed}, which is there already`;
      throw new UsageError(`labelling: found ${found}, expected a new class's name; choose another`);
    }
    return trimmed;
  }

  #inside(rows: readonly number[]): void {
    const outside = rows.filter((row) => !Number.isInteger(row) || row < 0 || row >= this.rows);
    if (outside.length === 0) return;
    throw new UsageError(
      `labelling: found rows ${outside.slice(0, 8).join(", ")}, expected 0 to ${this.rows - 1}; give others`,
    );
  }

  #known(name: string): void {
    if (this.classes.includes(name)) return;
    throw new UsageError(
      `labelling: found class ${name}, expected one of ${this.classes.join(", ") || "none yet"}; add it first`,
    );
  }
}
