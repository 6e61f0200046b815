/**
 * @file The note in the doc_string of an input or initializer that says what our graph knows of it and ONNX
 * has no field for: "trainable normal 0.05", or "bound" for an initializer that stands for a plain input.
 * An initializer without a note is a constant of the graph.
 */

import type { Initial, Parameter, Value } from "../ir/graph.js";

export const BOUND_INPUT = "bound";

function numberOf(initial: Initial): number {
  switch (initial.kind) {
    case "constant":
      return initial.value;
    case "uniform":
      return initial.bound;
    case "normal":
      return initial.std;
  }
}

export function writeNote({ trainable, initial }: Parameter): string {
  return `${trainable ? "trainable" : "statistic"} ${initial.kind} ${numberOf(initial)}`;
}

/** null: the text is not such a note. */
export function readNote(text: string, value: Value): Parameter | null {
  const [role, kind, digits, ...rest] = text.split(" ");
  const number = Number(digits);
  if ((role !== "trainable" && role !== "statistic") || !digits || Number.isNaN(number) || rest.length > 0)
    return null;
  const trainable = role === "trainable";
  if (kind === "constant") return { value, trainable, initial: { kind, value: number } };
  if (kind === "uniform") return { value, trainable, initial: { kind, bound: number } };
  if (kind === "normal") return { value, trainable, initial: { kind, std: number } };
  return null;
}
