/** @file Opens the graphs of a run's steps where its state and bank are to be while it takes them. */

import { FILES } from "../build/buildArtifact.js";
import type { FloatTensor } from "../runtime/session.js";
import { deviceMemory } from "./deviceMemory.js";
import type { RunProvider } from "./openProvider.js";
import type { FittedPlan } from "./plan.js";
import type { TrainState } from "./state.js";
import { hostMemory, type StepMemory } from "./stepMemory.js";

/** What steps need to know of a provider. */
export type StepProvider = Pick<RunProvider, "target" | "open" | "device">;

interface StepPlan extends Pick<FittedPlan, "manifest" | "executed"> {
  readonly provider: StepProvider;
}

/** @throws ProviderError when the provider refuses a graph, or has no room for the state */
export async function openMemory(
  { manifest, executed, provider }: StepPlan,
  state: TrainState,
  bank: FloatTensor,
): Promise<StepMemory> {
  const { recipe, preprocessing } = manifest;
  const { imageSize } = preprocessing;
  const models = {
    trainStep: executed.get(FILES.trainStep)!,
    accumulateStep: recipe.accumulation > 1 ? executed.get(FILES.accumulateStep)! : null,
  };
  const { device, target } = provider;
  if (device !== null) {
    const pictureShape = [recipe.batchSize, 3, imageSize, imageSize];
    return deviceMemory({ device, target, models, state, bank, pictureShape });
  }
  const { trainStep, accumulateStep } = models;
  return hostMemory(state, bank, {
    trainStep: await provider.open(trainStep, FILES.trainStep),
    accumulateStep: accumulateStep && (await provider.open(accumulateStep, FILES.accumulateStep)),
  });
}
