/**
 * @file The sets of tensors that a session was lately run with. State that ping-pongs gives two of them in turn: each is
 * bound once, stays where it is, and can be captured as a CUDA graph.
 */

import { isOnDevice, type AnyTensor, type DeviceTensor } from "../device.js";
import type { HostTensor } from "../session.js";
import { BoundSet, type SetsOf, type Tensors } from "./boundSet.js";

/** More than two, since a last batch may be smaller; few, since each keeps its tensors. */
const KEPT = 4;

/**
 * Tells the runtime which captured graph is meant. It keeps them by thread, and runs go to any of libuv's: each of these
 * threads captures the graph when it first gets such a run. Source: onnxruntime_run_options_config_keys.h, 1.29.0
 */
const GRAPH_OF_RUN = "gpu_graph_id";
const NO_GRAPH = "-1";

interface Kept {
  readonly set: BoundSet;
  readonly tensors: ReadonlySet<AnyTensor>;
  /** null: runs are not captured. */
  readonly graph: number | null;
}

export class BoundSets {
  readonly #of: SetsOf;
  readonly #captures: boolean;
  readonly #numbers = new WeakMap<object, number>();
  /** The one that was used last is the last. */
  readonly #kept = new Map<string, Kept>();
  #lastNumber = 0;
  #lastGraph = 0;

  constructor(of: SetsOf, captures: boolean) {
    this.#of = of;
    this.#captures = captures;
  }

  /** Bound now, or before. No run may be under way. @throws OrtError when the runtime refuses a tensor */
  of(feeds: Tensors, into: Tensors): BoundSet {
    const key = `${this.#keyOf(feeds)}>${this.#keyOf(into)}`;
    const kept = this.#kept.get(key) ?? this.#bind(feeds, into);
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    const [oldest] = this.#kept;
    if (oldest && this.#kept.size > KEPT) this.#drop(...oldest);
    return kept.set;
  }

  /** Drops what is bound to a tensor that ends. */
  forget(tensor: DeviceTensor): void {
    for (const [key, kept] of this.#kept) if (kept.tensors.has(tensor)) this.#drop(key, kept);
  }

  terminate(): void {
    for (const { set } of this.#kept.values()) set.terminate();
  }

  close(): void {
    for (const [key, kept] of this.#kept) this.#drop(key, kept);
  }

  #bind(feeds: Tensors, into: Tensors): Kept {
    const graph = this.#captures && !sharesTensor(feeds, into) ? ++this.#lastGraph : null;
    const config: Record<string, string> = this.#captures
      ? { [GRAPH_OF_RUN]: graph === null ? NO_GRAPH : String(graph) }
      : {};
    const set = new BoundSet(this.#of, feeds, into, config);
    return { set, tensors: new Set([...feeds.values(), ...into.values()]), graph };
  }

  #drop(key: string, { set, graph }: Kept): void {
    this.#kept.delete(key);
    set.close();
    if (graph === null || !this.#of.session.isOpen) return;
    try {
      this.#of.runtime.api.SessionReleaseCapturedGraph(this.#of.session.address, graph);
    } catch {
      // It was not captured by this thread; what there is of it ends with the session.
    }
  }

  /** Where arrays are staged, any of one dtype and shape will do. */
  #keyOf(tensors: Tensors): string {
    let key = "";
    for (const [name, tensor] of tensors) {
      if (isOnDevice(tensor)) key += `${name}=${this.#numberOf(tensor)};`;
      else key += `${name}=${tensor.dtype}[${tensor.shape.join()}]${this.#arrayOf(tensor)};`;
    }
    return key;
  }

  #arrayOf({ data }: HostTensor): string {
    return this.#of.memory.takesArrays ? `@${this.#numberOf(data)}` : "";
  }

  #numberOf(thing: object): number {
    const known = this.#numbers.get(thing) ?? ++this.#lastNumber;
    this.#numbers.set(thing, known);
    return known;
  }
}

/**
 * Whether a run overwrites what it reads. Until a graph is captured, the runtime takes several runs where it is asked for
 * one, so that such a run is not captured: a second one would read what the first has written.
 */
function sharesTensor(feeds: Tensors, into: Tensors): boolean {
  const written = new Set(into.values());
  return [...feeds.values()].some((tensor) => written.has(tensor));
}
