/** @file The tensors that outlive a step. Each is held twice: a step reads one copy and writes the other. */

import type { Manifest, ManifestTensor } from "../artifact/manifest.js";
import { ArtifactError } from "../errors.js";
import { asFloat32, fromFloat32, type RawTensor } from "../ir/rawTensor.js";
import { floats, type FloatTensor, type HostTensor } from "../runtime/session.js";

interface Slot {
  readonly name: string;
  readonly next: string;
  readonly role: ManifestTensor["role"];
  readonly copies: readonly [FloatTensor, FloatTensor];
}

export class TrainState {
  readonly #slots: readonly Slot[];
  #current: 0 | 1 = 0;

  /**
   * @param initial values by name; momentum that is missing starts at 0
   * @throws ArtifactError listing every parameter or statistic that is missing or of another shape
   */
  constructor(manifest: Manifest, initial: ReadonlyMap<string, RawTensor>, where: string) {
    const faults: string[] = [];
    this.#slots = manifest.tensors
      .filter(({ role }) => role === "parameter" || role === "momentum" || role === "statistic")
      .map(({ name, shape, role, next }) => {
        const sizes = shape as readonly number[];
        const given = initial.get(name);
        if (given === undefined && role !== "momentum") faults.push(`${name} is missing`);
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

  /** Adds the current copies to the feeds of a step, and the others as the place for its results. */
  bind(feeds: Map<string, HostTensor>, into: Map<string, HostTensor>): void {
    for (const { name, next, copies } of this.#slots) {
      feeds.set(name, copies[this.#current]);
      into.set(next, copies[1 - this.#current]!);
    }
  }

  /** The results become current. */
  advance(): void {
    this.#current = this.#current === 0 ? 1 : 0;
  }

  /** Current tensors of the given roles; views that the step after next overwrites. */
  tensors(...roles: readonly ManifestTensor["role"][]): Map<string, FloatTensor> {
    const wanted = this.#slots.filter(({ role }) => roles.includes(role));
    return new Map(wanted.map(({ name, copies }) => [name, copies[this.#current]]));
  }

  /** The same as raw bytes, to be written. */
  raw(...roles: readonly ManifestTensor["role"][]): Map<string, RawTensor> {
    return new Map(
      [...this.tensors(...roles)].map(([name, { data, shape }]) => [name, fromFloat32(data, shape)]),
    );
  }

  /** Names of current tensors that hold NaN or infinity. */
  notFinite(): string[] {
    const broken = ({ data }: FloatTensor) => data.some((value) => !Number.isFinite(value));
    return this.#slots.filter(({ copies }) => broken(copies[this.#current])).map(({ name }) => name);
  }
}
