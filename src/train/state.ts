/** @file The tensors that outlive a batch, in the host's memory: what checkpoints are written from, and read into. */

import type { Manifest, ManifestTensor } from "../artifact/manifest.js";
import { ArtifactError } from "../errors.js";
import { asFloat32, fromFloat32, type RawTensor } from "../ir/rawTensor.js";
import type { AnyTensor } from "../runtime/device.js";
import { floats, type FloatTensor } from "../runtime/session.js";
import { Copies, stateTensors, type BatchKind, type StateRole, type StateTensor } from "./copies.js";
import { allFinite } from "./finite.js";

export type { BatchKind } from "./copies.js";

/** Sums and averages that start at 0 where nothing is given. */
const FROM_ZERO: readonly StateRole[] = ["momentum", "accumulator"];
const EVERY_ROLE: readonly StateRole[] = ["parameter", "momentum", "statistic", "accumulator"];

export class TrainState {
  readonly slots: readonly StateTensor[];
  readonly #copies: Copies<FloatTensor>;

  /**
   * @param initial values by name; momentum and accumulators that are missing start at 0
   * @throws ArtifactError listing every parameter or statistic that is missing or of another shape
   */
  constructor(manifest: Manifest, initial: ReadonlyMap<string, RawTensor>, where: string) {
    this.slots = stateTensors(manifest);
    const faults = this.slots.flatMap((slot) => faultsOf(slot, initial.get(slot.name)));
    if (faults.length > 0)
      throw new ArtifactError(`${where}: ${faults.join("; ")}; rebuild the folder with build-graph`);
    this.#copies = new Copies(
      this.slots.map((slot) => {
        const copies: [FloatTensor, FloatTensor] = [floats(slot.shape), floats(slot.shape)];
        const given = initial.get(slot.name);
        if (given !== undefined) copies[0].data.set(asFloat32(given, `${where} ${slot.name}`));
        return [slot, copies] as const;
      }),
    );
  }

  /** Adds the current copies to the feeds of a batch, and the others as the place for its results. */
  bind(feeds: Map<string, AnyTensor>, into: Map<string, AnyTensor>, kind: BatchKind = "trainStep"): void {
    this.#copies.bind(feeds, into, kind);
  }

  /** Names of the results of a batch, written but not yet current, that hold NaN or infinity. */
  notFiniteResults(kind: BatchKind = "trainStep"): string[] {
    return notFiniteOf(this.#copies.results(kind));
  }

  /** The results become current. */
  advance(kind: BatchKind = "trainStep"): void {
    this.#copies.advance(kind);
  }

  /** Before the first batch of a step: its sums start at 0. */
  clearAccumulators(): void {
    for (const { data } of this.tensors("accumulator").values()) data.fill(0);
  }

  /** Current tensors of the given roles; views that the batch after next overwrites. */
  tensors(...roles: readonly ManifestTensor["role"][]): Map<string, FloatTensor> {
    return this.#copies.tensors(...roles);
  }

  /** The same as raw bytes, to be written. */
  raw(...roles: readonly ManifestTensor["role"][]): Map<string, RawTensor> {
    return new Map(
      [...this.tensors(...roles)].map(([name, { data, shape }]) => [name, fromFloat32(data, shape)]),
    );
  }

  /** Names of current tensors that hold NaN or infinity. */
  notFinite(): string[] {
    return notFiniteOf(this.tensors(...EVERY_ROLE));
  }
}

/** Names of those that hold NaN or infinity. */
export function notFiniteOf(tensors: ReadonlyMap<string, FloatTensor>): string[] {
  return [...tensors].flatMap(([name, { data }]) => (allFinite(data) ? [] : [name]));
}

/** What keeps a tensor from starting with what is given. */
function faultsOf({ name, shape, role }: StateTensor, given: RawTensor | undefined): string[] {
  if (given === undefined) return FROM_ZERO.includes(role) ? [] : [`${name} is missing`];
  if (given.shape.join() === shape.join()) return [];
  return [`${name} is [${given.shape.join(", ")}], expected [${shape.join(", ")}]`];
}
