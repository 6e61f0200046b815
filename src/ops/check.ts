/** @file Checks a node against the table: attributes, number of inputs, dtypes. Shapes are the rules' part. */

import { GraphError, ShapeError } from "../errors.js";
import { DTYPES, type DType } from "../ir/dtype.js";
import { showValue, type Value } from "../ir/graph.js";
import { specOf, type AttributeKind, type AttributeValue, type OpKind } from "../ir/opTable.js";

const isWhole = (value: unknown): boolean => Number.isSafeInteger(value);

const KINDS: Readonly<Record<AttributeKind, { expected: string; holds: (value: unknown) => boolean }>> = {
  int: { expected: "a whole number", holds: isWhole },
  ints: {
    expected: "a list of whole numbers",
    holds: (value) => Array.isArray(value) && value.every(isWhole),
  },
  float: { expected: "a finite number", holds: (value) => Number.isFinite(value) },
  string: { expected: "a string", holds: (value) => typeof value === "string" },
  dtype: { expected: `one of ${DTYPES.join(", ")}`, holds: (value) => DTYPES.includes(value as DType) },
};

/**
 * Attributes with defaults filled in, in the order of the table.
 * @throws GraphError listing every unknown, missing or ill-typed attribute
 */
export function completeAttributes(
  op: OpKind,
  given: Readonly<Record<string, unknown>>,
  where: string,
): Record<string, AttributeValue> {
  const specs = specOf(op).attributes;
  const faults = Object.keys(given)
    .filter((name) => !(name in specs))
    .map(
      (name) => `attribute "${name}" is unknown, expected one of ${Object.keys(specs).join(", ") || "none"}`,
    );
  const complete: Record<string, AttributeValue> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const value = given[name] ?? spec.default;
    if (value === undefined)
      faults.push(`attribute "${name}" is missing, expected ${KINDS[spec.kind].expected}`);
    else if (!KINDS[spec.kind].holds(value)) {
      faults.push(`attribute "${name}" is ${JSON.stringify(value)}, expected ${KINDS[spec.kind].expected}`);
    } else complete[name] = value as AttributeValue;
  }
  if (faults.length > 0) throw new GraphError(`${where}: ${faults.join("; ")}`);
  return complete;
}

/** Input types of the table, one for each of the given inputs; a list type repeats. */
function expectedTypes(op: OpKind, count: number, where: string): [name: string, type: string][] {
  const types = Object.entries(specOf(op).inputs);
  const last = types.at(-1);
  if (last?.[1].endsWith("*")) while (types.length < count) types.push(last);
  if (count > types.length)
    throw new GraphError(`${where}: has ${count} inputs, expected at most ${types.length}`);
  return types;
}

/**
 * Dtypes of the outputs: type variables are bound by the inputs, then by an attribute of kind "dtype".
 * @throws ShapeError when an input is missing or its dtype does not fit
 */
export function inferDtypes(
  op: OpKind,
  inputs: readonly (Value | null)[],
  attributes: Readonly<Record<string, AttributeValue>>,
  where: string,
): DType[] {
  const spec = specOf(op);
  const bound = new Map<string, DType>();
  expectedTypes(op, inputs.length, where).forEach(([name, type], position) => {
    const value = inputs[position] ?? null;
    const variable = type.replace(/[?*]$/, "");
    if (value === null) {
      if (type === variable) throw new ShapeError(`${where}: input ${name} is missing`);
      return;
    }
    const known = bound.get(variable);
    const allowed = known ? [known] : (spec.where[variable] ?? [variable as DType]);
    if (!allowed.includes(value.dtype)) {
      throw new ShapeError(
        `${where}: input ${name} is ${showValue(value)}, expected ${allowed.join(" or ")}`,
      );
    }
    bound.set(variable, value.dtype);
  });
  for (const [name, { kind }] of Object.entries(spec.attributes)) {
    if (kind === "dtype") bound.set("U", attributes[name] as DType);
  }
  return Object.values(spec.outputs).map((type) => {
    const variable = type.replace(/\?$/, "");
    return bound.get(variable) ?? (variable as DType);
  });
}
