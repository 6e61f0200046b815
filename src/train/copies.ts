/**
 * @file The tensors that outlive a batch, wherever their memory is. Each is held twice: a batch reads one copy and writes
 * the other.
 */

import type { Manifest, ManifestTensor } from "../artifact/manifest.js";
import type { AnyTensor } from "../runtime/device.js";

const ROLES = ["parameter", "momentum", "statistic", "accumulator"] as const;
export type StateRole = (typeof ROLES)[number];

/** A batch that ends its step, or one before it: the keys of their graphs in FILES. */
export type BatchKind = "trainStep" | "accumulateStep";

const READ: Readonly<Record<BatchKind, readonly StateRole[]>> = {
  trainStep: ROLES,
  accumulateStep: ["parameter", "statistic", "accumulator"],
};
const WRITTEN: Readonly<Record<BatchKind, readonly StateRole[]>> = {
  trainStep: ["parameter", "momentum", "statistic"],
  accumulateStep: ["statistic", "accumulator"],
};

export interface StateTensor {
  readonly name: string;
  /** Of the output that holds its value after the batch. */
  readonly next: string;
  readonly role: StateRole;
  readonly shape: readonly number[];
}

const isState = (tensor: ManifestTensor): tensor is ManifestTensor & { readonly role: StateRole } =>
  (ROLES as readonly string[]).includes(tensor.role);

/** In the order of the manifest. */
export function stateTensors({ tensors }: Pick<Manifest, "tensors">): StateTensor[] {
  return tensors.filter(isState).map(({ name, next, role, shape }) => ({
    ...{ name, role, next: next ?? name },
    shape: shape as readonly number[],
  }));
}

/** What the graph of a batch gives of the state. */
export const writtenBy = (kind: BatchKind, tensors: readonly StateTensor[]): StateTensor[] =>
  tensors.filter(({ role }) => WRITTEN[kind].includes(role));

export class Copies<T extends AnyTensor> {
  readonly #slots: readonly { readonly tensor: StateTensor; readonly copies: readonly [T, T] }[];
  /** Which copy holds. */
  readonly #current: Record<StateRole, 0 | 1> = { parameter: 0, momentum: 0, statistic: 0, accumulator: 0 };

  /** @param slots each with two places in memory, of which the first holds */
  constructor(slots: readonly (readonly [StateTensor, readonly [T, T]])[]) {
    this.#slots = slots.map(([tensor, copies]) => ({ tensor, copies }));
  }

  /** Adds the current copies to the feeds of a batch, and the others as the place for its results. */
  bind(feeds: Map<string, AnyTensor>, into: Map<string, AnyTensor>, kind: BatchKind): void {
    for (const { tensor, copies } of this.#slots) {
      const { name, next, role } = tensor;
      if (READ[kind].includes(role)) feeds.set(name, copies[this.#current[role]]);
      if (WRITTEN[kind].includes(role)) into.set(next, copies[1 - this.#current[role]]!);
    }
  }

  /** Results of a batch by their names, written but not yet current. */
  results(kind: BatchKind): Map<string, T> {
    const written = this.#slots.filter(({ tensor }) => WRITTEN[kind].includes(tensor.role));
    return new Map(
      written.map(({ tensor: { next, role }, copies }) => [next, copies[1 - this.#current[role]]!]),
    );
  }

  /** The results become current. */
  advance(kind: BatchKind): void {
    for (const role of WRITTEN[kind]) this.#current[role] = this.#current[role] === 0 ? 1 : 0;
  }

  /** Current tensors of the given roles, by name; the batch after next overwrites them. */
  tensors(...roles: readonly string[]): Map<string, T> {
    const wanted = this.#slots.filter(({ tensor }) => roles.includes(tensor.role));
    return new Map(wanted.map(({ tensor: { name, role }, copies }) => [name, copies[this.#current[role]]]));
  }

  /** Every place in memory. */
  all(): T[] {
    return this.#slots.flatMap(({ copies }) => [...copies]);
  }
}
