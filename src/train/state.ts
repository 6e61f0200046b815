/** @file The tensors that outlive a batch. Each is held twice: a batch reads one copy and writes the other. */

import type { Manifest, ManifestTensor } from "../artifact/manifest.js";
import { ArtifactError } from "../errors.js";
import { asFloat32, fromFloat32, type RawTensor } from "../ir/rawTensor.js";
import { floats, type FloatTensor, type HostTensor } from "../runtime/session.js";
import { allFinite } from "./finite.js";

const ROLES = ["parameter", "momentum", "statistic", "accumulator"] as const;
type StateRole = (typeof ROLES)[number];
/** Sums and averages that start at 0 where nothing is given. */
const FROM_ZERO: readonly StateRole[] = ["momentum", "accumulator"];

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

interface Slot {
  readonly name: string;
  readonly next: string;
  readonly role: StateRole;
  readonly copies: readonly [FloatTensor, FloatTensor];
}

const isState = (tensor: ManifestTensor): tensor is ManifestTensor & { readonly role: StateRole } =>
  (ROLES as readonly string[]).includes(tensor.role);

export class TrainState {
  readonly #slots: readonly Slot[];
  /** Which copy holds. */
  readonly #current: Record<StateRole, 0 | 1> = { parameter: 0, momentum: 0, statistic: 0, accumulator: 0 };

  /**
   * @param initial values by name; momentum and accumulators that are missing start at 0
   * @throws ArtifactError listing every parameter or statistic that is missing or of another shape
   */
  constructor(manifest: Manifest, initial: ReadonlyMap<string, RawTensor>, where: string) {
    const faults: string[] = [];
    this.#slots = manifest.tensors.filter(isState).map(({ name, shape, role, next }) => {
      const sizes = shape as readonly number[];
      const given = initial.get(name);
      if (given === undefined && !FROM_ZERO.includes(role)) faults.push(`${name} is missing`);
      if (given !== undefined && given.shape.join() !== sizes.join()) {
        faults.push(`${name} is [${given.shape.join(", ")}], expected [${sizes.join(", ")}]`);
      }
      const copies: [FloatTensor, FloatTensor] = [floats(sizes), floats(sizes)];
      if (given !== undefined && faults.length === 0)
        copies[0].data.set(asFloat32(given, `${where} ${name}`));
      return { name, next: next ?? name, role, copies };
    });
    if (faults.length > 0)
      throw new ArtifactError(`${where}: ${faults.join("; ")}; rebuild the folder with build-graph`);
  }

  /** Adds the current copies to the feeds of a batch, and the others as the place for its results. */
  bind(feeds: Map<string, HostTensor>, into: Map<string, HostTensor>, kind: BatchKind = "trainStep"): void {
    for (const slot of this.#slots) {
      if (READ[kind].includes(slot.role)) feeds.set(slot.name, this.#now(slot));
      if (WRITTEN[kind].includes(slot.role)) into.set(slot.next, this.#after(slot));
    }
  }

  /** Names of the results of a batch, written but not yet current, that hold NaN or infinity. */
  notFiniteResults(kind: BatchKind = "trainStep"): string[] {
    return this.#slots
      .filter((slot) => WRITTEN[kind].includes(slot.role) && !allFinite(this.#after(slot).data))
      .map(({ next }) => next);
  }

  /** The results become current. */
  advance(kind: BatchKind = "trainStep"): void {
    for (const role of WRITTEN[kind]) this.#current[role] = this.#current[role] === 0 ? 1 : 0;
  }

  /** Before the first batch of a step: its sums start at 0. */
  clearAccumulators(): void {
    for (const { data } of this.tensors("accumulator").values()) data.fill(0);
  }

  /** Current tensors of the given roles; views that the batch after next overwrites. */
  tensors(...roles: readonly ManifestTensor["role"][]): Map<string, FloatTensor> {
    const wanted = this.#slots.filter(({ role }) => roles.includes(role));
    return new Map(wanted.map((slot) => [slot.name, this.#now(slot)]));
  }

  /** The same as raw bytes, to be written. */
  raw(...roles: readonly ManifestTensor["role"][]): Map<string, RawTensor> {
    return new Map(
      [...this.tensors(...roles)].map(([name, { data, shape }]) => [name, fromFloat32(data, shape)]),
    );
  }

  /** Names of current tensors that hold NaN or infinity. */
  notFinite(): string[] {
    return this.#slots.filter((slot) => !allFinite(this.#now(slot).data)).map(({ name }) => name);
  }

  #now({ role, copies }: Slot): FloatTensor {
    return copies[this.#current[role]];
  }

  #after({ role, copies }: Slot): FloatTensor {
    return copies[this.#current[role] === 0 ? 1 : 0];
  }
}
