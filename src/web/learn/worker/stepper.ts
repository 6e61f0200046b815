/** @file Training steps where the machine's memory is. What is known of that is in this file alone. */

import { FILES } from "../../../build/buildArtifact.js";
import type { Batch } from "../../../data/loader.js";
import { deviceMemory } from "../../../train/deviceMemory.js";
import { NoiseInputs } from "../../../train/noiseInputs.js";
import { TrainStep } from "../../../train/step.js";
import { hostMemory, type StepMemory } from "../../../train/stepMemory.js";
import type { LearningRun } from "./begin.js";
import { modelOf, type Machine } from "./machine.js";

export interface Stepper {
  /**
   * @returns the loss, nats
   * @throws TrainingError when a number is not finite; state and bank are then as before
   */
  take(batch: Batch, learningRate: number, where: string): Promise<number>;
  /** Before state and bank are read: makes them those of now. */
  pull(): Promise<void>;
  close(): Promise<void>;
}

export async function openStepper(machine: Machine, run: LearningRun): Promise<Stepper> {
  const { plan, bank, normalizer } = run;
  const { batchSize, imageSize, objective } = plan.recipe;
  const { seed } = plan.settings;
  const pictureShape = [batchSize, 3, imageSize, imageSize];
  const memory = await openMemory(machine, run, pictureShape);
  const noise =
    "noise" in objective
      ? new NoiseInputs({ objective, instances: bank.shape[0]!, batchSize, seed, normalizer })
      : null;
  const step = new TrainStep(memory, pictureShape, noise);
  return {
    take: (batch, learningRate, where) => step.run(batch, learningRate, where),
    pull: () => memory.pull(),
    close: () => memory.close(),
  };
}

async function openMemory(
  machine: Machine,
  { plan, state, bank }: LearningRun,
  pictureShape: readonly number[],
): Promise<StepMemory> {
  const { device, target } = machine;
  const model = modelOf(machine, plan, FILES.trainStep);
  if (device !== null) {
    const models = { trainStep: model, accumulateStep: null };
    return deviceMemory({ device, target, models, state, bank, pictureShape });
  }
  const trainStep = await machine.open(model, FILES.trainStep);
  return hostMemory(state, bank, { trainStep, accumulateStep: null });
}
