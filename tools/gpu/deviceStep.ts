/** @file Training steps of a recipe on a device: the graphs, the choices and the classes of `train`, without its loop. */

import { readSafetensors } from "../../src/artifact/safetensors.js";
import type { TuneMode } from "../../src/artifact/tuneMode.js";
import { FILES } from "../../src/build/buildArtifact.js";
import type { Recipe } from "../../src/build/recipe.js";
import { encodeGraph } from "../../src/build/sourceGraphs.js";
import type { Graph } from "../../src/ir/graph.js";
import { lower } from "../../src/lower/lower.js";
import type { Choices } from "../../src/lower/target.js";
import { cuda } from "../../src/lower/targets/cuda.js";
import { gpuName } from "../../src/native/gpuName.js";
import type { Device } from "../../src/runtime/device.js";
import { floats } from "../../src/runtime/session.js";
import { deviceMemory } from "../../src/train/deviceMemory.js";
import { deviceMachine, forDevice } from "../../src/train/fitGraphs.js";
import { TrainState } from "../../src/train/state.js";
import { TrainStep } from "../../src/train/step.js";
import { TuningCache } from "../../src/tune/cache.js";
import type { MachineTarget } from "../../src/tune/machine.js";
import { measureOn } from "../../src/tune/measure.js";
import { tuneGraphs } from "../../src/tune/tuneGraphs.js";
import { buildStep } from "../bench/stepCases.js";
import type { OurSide } from "./openDevice.js";

export interface DeviceStepSetup {
  /** What the device was opened with. */
  readonly side: OurSide;
  /** Of the softmax objective. */
  readonly recipe: Recipe;
  /** How the step's ways of computing are chosen. */
  readonly tune: TuneMode;
  /** [n, D] */
  readonly bank: Float32Array<ArrayBuffer>;
}

export interface DeviceStep {
  readonly step: TrainStep;
  /** Of the step, not lowered. */
  readonly graph: Graph;
  /** What it is lowered for. */
  readonly fitted: MachineTarget;
  readonly choices: Choices;
}

/** Weights start as those of writeCase in ../bench/stepCases.ts. */
export async function openDeviceStep(
  device: Device,
  { side, recipe, tune, bank }: DeviceStepSetup,
): Promise<DeviceStep> {
  const { files, sources, manifest } = buildStep(recipe);
  const instances = bank.length / recipe.embeddingDim;
  const graph = forDevice(sources!.get(FILES.trainStep)!, instances, side.precision);
  const fitted = await machineOf(side);
  const cache = new TuningCache(fitted.machine, tell);
  const options = { mode: tune, cache, measure: measureOn(device), progress: () => undefined };
  const { choices, measured, left } = await tuneGraphs([graph], fitted, options);
  if (left > 0) tell(`tuning measured ${measured} of ${measured + left} kinds of operators`);
  const trainStep = encodeGraph(FILES.trainStep, lower(graph, fitted.target, choices), manifest);
  const { tensors } = readSafetensors(files.get(FILES.state)!, FILES.state);
  const pictureShape = [recipe.batchSize, 3, recipe.imageSize, recipe.imageSize];
  const memory = await deviceMemory({
    ...{ device, target: fitted.target, models: { trainStep, accumulateStep: null }, pictureShape },
    state: new TrainState({ ...manifest, files: {} }, tensors, FILES.state),
    bank: floats([instances, recipe.embeddingDim], bank),
  });
  return { step: new TrainStep(memory, pictureShape), graph, fitted, choices };
}

/** The CPU runs what CUDA would, to try the scripts out. What is measured is remembered for the GPU and its layout. */
async function machineOf({ ep, tf32, nhwc }: OurSide): Promise<MachineTarget> {
  const gpu = ep === "cuda" ? await gpuName(0) : null;
  return deviceMachine({ ...cuda, ep }, gpu !== null && nhwc ? `${gpu} in NHWC` : gpu, tf32);
}

const tell = (line: string): void => void process.stderr.write(`${line}\n`);
