/** @file Training steps where the tab's memory is. What is known of that is in this file alone. */

import { FILES } from "../../../build/buildArtifact.js";
import type { Batch } from "../../../data/loader.js";
import { NoiseInputs } from "../../../train/noiseInputs.js";
import { TrainStep } from "../../../train/step.js";
import type { LearningRun } from "./begin.js";
import type { Machine } from "./machine.js";

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
  const { plan, state, bank, normalizer } = run;
  const { batchSize, imageSize, objective } = plan.recipe;
  const { seed } = plan.settings;
  const session = await machine.open(plan.files.get(FILES.trainStep)!, FILES.trainStep);
  const noise =
    "noise" in objective
      ? new NoiseInputs({ objective, instances: bank.shape[0]!, batchSize, seed, normalizer })
      : null;
  const step = new TrainStep(session, state, bank, [batchSize, 3, imageSize, imageSize], noise);
  return {
    take: (batch, learningRate, where) => step.run(batch, learningRate, where),
    pull: () => Promise.resolve(),
    close: () => session.close(),
  };
}
