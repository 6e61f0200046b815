/**
 * @file Training as ONNX Runtime's on-device training does it, but with our own gradient graph in the stock runtime and
 * the optimizer written out here in float64: what the official session is compared with.
 */

import { forwardGraph, nextName, type TrainStepConfig } from "../../graphs/index.js";
import type { OptimizerState } from "../../src/artifact/ortTraining/checkpoint.js";
import { encodeModel } from "../../src/codec/encode.js";
import type { OrtOptimizer } from "../../src/codec/optimizerModel.js";
import { differentiate, gradientName } from "../../src/grad/differentiate.js";
import type { Graph } from "../../src/ir/graph.js";
import { fromFloat32, type RawTensor } from "../../src/ir/rawTensor.js";
import { elementCount, isStatic } from "../../src/ir/shape.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { openSession } from "../../src/runtime/node.js";
import { floats, type FloatTensor, type Session } from "../../src/runtime/session.js";
import { initializeParameters } from "../../src/build/initialize.js";
import type { HostTensors, Numbers } from "./ortTraining.js";

/** The session's, which the web binding has no way to change. */
export const LEARNING_RATE = 1e-3;

export interface Moments {
  readonly first: Float32Array<ArrayBuffer>;
  readonly second: Float32Array<ArrayBuffer>;
}

/** w ← w - rate·g */
export function sgd(weight: Float32Array, gradient: Float32Array): void {
  gradient.forEach((g, at) => (weight[at]! -= LEARNING_RATE * g));
}

/**
 * @param step counts from 1
 * Source: torch.optim.AdamW, with its default decay
 */
export function adamw(
  weight: Float32Array,
  gradient: Float32Array,
  { first, second }: Moments,
  step: number,
): void {
  const [alpha, beta, epsilon, decay] = [0.9, 0.999, 1e-8, 1e-2];
  gradient.forEach((g, at) => {
    first[at] = alpha * first[at]! + (1 - alpha) * g;
    second[at] = beta * second[at]! + (1 - beta) * g * g;
    const deviation = Math.sqrt(second[at] / (1 - beta ** step)) + epsilon;
    const decayed = weight[at]! * (1 - LEARNING_RATE * decay);
    weight[at] = decayed - ((LEARNING_RATE / (1 - alpha ** step)) * first[at]) / deviation;
  });
}

function openGraph(graph: Graph): Promise<Session> {
  const lowered = lower(graph, cpu);
  return openSession(encodeModel(lowered, { producerVersion: "test" }), graph.name, {
    ep: "cpu",
    threads: 1,
  });
}

/** Arrays for all outputs of a graph, which must be float32 of known size. */
function placesFor(graph: Graph): Map<string, FloatTensor> {
  return new Map(
    graph.outputs.map(({ name, value: { shape } }) => {
      if (!isStatic(shape)) throw new RangeError(`output ${name} has no known size`);
      return [name, floats(shape)];
    }),
  );
}

export class HostTraining {
  readonly #graph: Graph;
  readonly #session: Session;
  readonly #evalGraph: Graph;
  readonly #evalSession: Session;
  readonly #optimizer: OrtOptimizer;
  readonly #trainable: readonly string[];
  readonly #statistics: readonly string[];
  readonly #state: ReadonlyMap<string, FloatTensor>;
  readonly #moments: ReadonlyMap<string, Moments>;
  #step = 0;

  private constructor(
    graph: Graph,
    sessions: readonly [train: Session, evaluate: Session],
    evalGraph: Graph,
    optimizer: OrtOptimizer,
    seed: number,
  ) {
    this.#graph = graph;
    [this.#session, this.#evalSession] = sessions;
    this.#evalGraph = evalGraph;
    this.#optimizer = optimizer;
    const parameters = [...graph.parameters];
    this.#trainable = parameters.flatMap(([name, { trainable }]) => (trainable ? [name] : []));
    this.#statistics = parameters.flatMap(([name, { trainable }]) => (trainable ? [] : [name]));
    this.#state = new Map(
      [...initializeParameters(graph, seed)].map(([name, data]) => [
        name,
        floats(graph.parameters.get(name)!.value.shape as readonly number[], data),
      ]),
    );
    this.#moments = new Map(
      this.#trainable.map((name) => {
        const count = elementCount(this.#state.get(name)!.shape);
        return [name, { first: new Float32Array(count), second: new Float32Array(count) }];
      }),
    );
  }

  static async open(config: TrainStepConfig, optimizer: OrtOptimizer, seed: number): Promise<HostTraining> {
    const forward = forwardGraph(config);
    const names = [...forward.parameters].flatMap(([name, { trainable }]) => (trainable ? [name] : []));
    const graph = differentiate(forward, "loss", names);
    const evalGraph = forwardGraph(config, "eval");
    const sessions = [await openGraph(graph), await openGraph(evalGraph)] as const;
    return new HostTraining(graph, sessions, evalGraph, optimizer, seed);
  }

  async train(feeds: HostTensors): Promise<Numbers> {
    const places = placesFor(this.#graph);
    await this.#session.run(new Map([...this.#state, ...feeds]), places);
    this.#step++;
    for (const name of this.#trainable) {
      const weight = this.#state.get(name)!.data;
      const gradient = places.get(gradientName(name))!.data;
      if (this.#optimizer === "sgd") sgd(weight, gradient);
      else adamw(weight, gradient, this.#moments.get(name)!, this.#step);
    }
    for (const name of this.#statistics) this.#state.get(name)!.data.set(places.get(nextName(name))!.data);
    return numbersOf(places);
  }

  async evaluate(feeds: HostTensors): Promise<Numbers> {
    const places = placesFor(this.#evalGraph);
    await this.#evalSession.run(new Map([...this.#state, ...feeds]), places);
    return numbersOf(places);
  }

  /** Goes on from other parameters and statistics, in the order of `parameters`. */
  adopt(parameters: Float32Array): void {
    let at = 0;
    for (const name of [...this.#trainable, ...this.#statistics]) {
      const { data } = this.#state.get(name)!;
      data.set(parameters.subarray(at, at + data.length));
      at += data.length;
    }
  }

  /** Trainable parameters, then statistics. */
  parameters(): Float32Array {
    return concatenate([...this.#trainable, ...this.#statistics].map((name) => this.#state.get(name)!.data));
  }

  /** How many of those are statistics. */
  get statisticCount(): number {
    return this.#statistics.reduce((sum, name) => sum + this.#state.get(name)!.data.length, 0);
  }

  /** As a checkpoint of AdamW holds it. */
  state(): { trainable: Map<string, RawTensor>; frozen: Map<string, RawTensor>; optimizer: OptimizerState } {
    const raw = (name: string, data = this.#state.get(name)!.data): RawTensor =>
      fromFloat32(data.slice(), this.#state.get(name)!.shape);
    const moments = this.#trainable.map((name): [string, RawTensor[]] => {
      const { first, second } = this.#moments.get(name)!;
      return [name, [raw(name, first), raw(name, second)]];
    });
    return {
      trainable: new Map(this.#trainable.map((name) => [name, raw(name)])),
      frozen: new Map(this.#statistics.map((name) => [name, raw(name)])),
      optimizer: { step: this.#step, initialLearningRate: LEARNING_RATE, moments: new Map(moments) },
    };
  }

  async close(): Promise<void> {
    await this.#session.close();
    await this.#evalSession.close();
  }
}

function numbersOf(tensors: ReadonlyMap<string, FloatTensor>): Numbers {
  return new Map([...tensors].map(([name, { data }]) => [name, data]));
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
