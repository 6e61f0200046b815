/**
 * @file Weights that come from elsewhere: a PyTorch state dict, under torchvision's names, against the tensors that a
 * network of ours has.
 */

import { isFloat } from "../ir/dtype.js";
import { fromFloat32, toFloat32, type RawTensor } from "../ir/rawTensor.js";
import { shapesEqual, showShape, type Shape } from "../ir/shape.js";

export interface StateDictMatch {
  /** What fits, as float32, under our names. */
  readonly tensors: ReadonlyMap<string, RawTensor>;
  /** Expected and not given. */
  readonly missing: readonly string[];
  /** Given and not expected. */
  readonly unexpected: readonly string[];
  /** Of another shape, or not of a float dtype: what is wrong with each. */
  readonly misfits: readonly string[];
}

/** What torch.nn.DataParallel and DistributedDataParallel put before every name. */
const WRAPPER = /^(module\.)+/;
/** Batch normalization in PyTorch counts its batches; nothing in a network depends on it. */
const COUNTER = /(^|\.)num_batches_tracked$/;

/**
 * Names are compared without the prefix "module."; nothing else is mapped. Counters of batches are passed over.
 * @param expected shapes by name
 * @param given tensors by name; of two that differ in the prefix alone, the second is unexpected
 */
export function matchStateDict(
  expected: ReadonlyMap<string, Shape>,
  given: ReadonlyMap<string, RawTensor>,
): StateDictMatch {
  const tensors = new Map<string, RawTensor>();
  const [unexpected, misfits]: [string[], string[]] = [[], []];
  const seen = new Set<string>();
  for (const [prefixed, tensor] of given) {
    const name = prefixed.replace(WRAPPER, "");
    if (COUNTER.test(name)) continue;
    const shape = expected.get(name);
    if (shape === undefined || seen.has(name)) {
      unexpected.push(prefixed);
      continue;
    }
    seen.add(name);
    if (!isFloat(tensor.dtype) || !shapesEqual(tensor.shape, shape)) {
      misfits.push(`${name} is ${tensor.dtype} ${showShape(tensor.shape)}, expected ${showShape(shape)}`);
    } else {
      tensors.set(name, fromFloat32(toFloat32(tensor, name), tensor.shape));
    }
  }
  const missing = [...expected.keys()].filter((name) => !seen.has(name));
  return { tensors, missing, unexpected, misfits };
}

/** Everything that does not fit, in a sentence: "missing: …; unexpected: …"; null when all does. */
export function describeMatch({ missing, unexpected, misfits }: StateDictMatch): string | null {
  const parts = [
    ["missing", missing],
    ["unexpected", unexpected],
    ["of another shape or dtype", misfits],
  ] as const;
  const told = parts.filter(([, names]) => names.length > 0);
  return told.length === 0 ? null : told.map(([what, names]) => `${what}: ${names.join(", ")}`).join("; ");
}
