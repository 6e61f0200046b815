/** @file What a gradient rule sees and returns, and the total table type of rules. */

import type { Value } from "../ir/graph.js";
import type { AttributesOf, InputsOf, OpKind, OpTable, OutputsOf } from "../ir/opTable.js";
import type { OpBuilder } from "../ops/table.js";

export interface GradContext<K extends OpKind> {
  readonly op: OpBuilder;
  readonly inputs: InputsOf<K, Value>;
  readonly outputs: OutputsOf<K, Value>;
  readonly attributes: AttributesOf<K>;
  /** Gradient of the loss by the first output, in its shape. */
  readonly dY: Value;
  /** Numbers of a constant int64 input. */
  ints(input: Value): readonly number[];
  /** @throws GradientError "node: message" */
  fail(message: string): never;
}

/** Builds one gradient; called only where that gradient is needed. */
export type Thunk = () => Value;

/**
 * One entry an input: its gradient, or null where none can flow (indices, shapes, conditions).
 * A gradient may have the broadcast shape: the engine sums it to the input's.
 */
export type InputGradients<K extends OpKind> = {
  readonly [I in keyof OpTable[K]["inputs"]]: OpTable[K]["inputs"][I] extends `${string}*`
    ? readonly (Thunk | null)[]
    : Thunk | null;
};

export type GradRule<K extends OpKind> = (ctx: GradContext<K>) => InputGradients<K>;

/** Why an operator has no gradient: shown to whoever asks for it. */
export interface NoGradient {
  readonly noGradient: string;
}

export type GradRules<K extends OpKind = OpKind> = { readonly [P in K]: GradRule<P> | NoGradient };
