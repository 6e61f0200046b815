/**
 * @file What a setting is: an entry of the table from which the options of the command line, the check of a config file
 * and its JSON schema come. Settings are flat, and named as their options are: "batch-size".
 */

export type Value = string | number | boolean | readonly number[];
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a setting may be. */
export interface Kind<T extends Value> {
  /** As messages say it: "a whole number of at least 1". */
  readonly expected: string;
  readonly schema: JsonSchema;
  /** How its option is typed; "numbers": with commas between. */
  readonly typed: "number" | "string" | "boolean" | "numbers";
  readonly choices?: readonly string[];
  /** The value in its one form, or null if it is none of this kind. */
  read(value: unknown): T | null;
}

export interface Setting<T extends Value = Value> {
  readonly kind: Kind<T>;
  readonly describe: string;
  /** Its heading in the help. */
  readonly group: string;
  /** The default as the help tells it, where no preset and no `fallback` has one. */
  readonly shown?: string;
  /** What it is where nobody says, whatever the preset. */
  readonly fallback?: T;
}

export type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** Flat settings of a table, any of them missing. */
export type SettingsOf<Table> = { readonly [K in keyof Table]?: ValueOf<Table[K]> | undefined };

/** Makers of settings under one heading of the help. */
export function settingsIn(group: string) {
  return {
    /** One that a preset has, or that means nothing unless it is given; `shown` is its default in words. */
    open: <T extends Value>(
      kind: Kind<T>,
      describe: string,
      shown?: string | number | boolean,
    ): Setting<T> => ({
      kind,
      describe,
      group,
      ...(shown === undefined ? {} : { shown: String(shown) }),
    }),
    /** One with a value of its own, whatever the preset. */
    set: <T extends Value>(
      kind: Kind<T>,
      describe: string,
      fallback: NoInfer<T>,
    ): Setting<T> & { readonly fallback: T } => ({ kind, describe, group, fallback }),
  };
}
