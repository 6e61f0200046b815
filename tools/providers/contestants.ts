/** @file Whoever can take training steps on this machine, each as users meet it. */

import type { Recipe } from "../../src/build/recipe.js";
import { cpuProvider } from "../../src/evaluate/provider.js";
import { targetOf } from "../../src/lower/targets/targetOf.js";
import type { Device } from "../../src/runtime/device.js";
import { openNativeDevice } from "../../src/runtime/nativeDevice.js";
import { floats } from "../../src/runtime/session.js";
import type { StepProvider } from "../../src/train/openMemory.js";
import { trainOn, type Training } from "../../test/support/providerTraining.js";
import { pythonWith } from "../../test/support/python.js";
import { trainInPython } from "../../test/support/pythonTraining.js";
import { findSwiftShader, openChildDevice, type ChildDevice } from "../../test/support/remoteDevice.js";
import { openInChromium } from "./chromium.js";

type Tell = (done: number) => void;

/** One that was opened. */
export interface Running {
  /** @returns the loss of every step; null: it does not take this objective */
  train(training: Training, tell: Tell): Promise<readonly number[] | null>;
  close(): Promise<void>;
}

export interface Contestant {
  /** In the table. */
  readonly title: string;
  /** @throws with the reason where this machine has none */
  open(threads: number): Promise<Running>;
}

/** What all are compared with. */
export const REFERENCE: Contestant = {
  title: "onnxruntime-node, cpu",
  open: (threads) => Promise.resolve(onHost(cpuProvider(threads))),
};

/** By their names for --providers. */
export const CONTESTANTS: Readonly<Record<string, Contestant>> = {
  rounding: {
    title: "the same, pictures changed by 1e-7",
    open: (threads) => Promise.resolve(onHost(cpuProvider(threads), withRounding)),
  },
  native: {
    title: "C API, cpu, state resident",
    open: (threads) => openNative({ ep: "cpu", threads }),
  },
  cuda: {
    title: "C API, cuda, TF32 off",
    open: () =>
      openNative({
        ep: "cuda",
        cuda: { deviceId: 0, tf32: false, memoryLimitBytes: null, captureGraph: false },
      }),
  },
  "webgpu-node": { title: "WebGPU in Node", open: openGpuInNode },
  "webgpu-chromium": {
    title: "WebGPU in Chromium",
    open: () => inChromium("webgpu", (device) => onDevice(device)),
  },
  "wasm-chromium": {
    title: "wasm in Chromium",
    open: () =>
      inChromium("wasm", ({ openSession }) =>
        onHost({ target: targetOf("wasm"), open: (model, where) => openSession(model, where) }),
      ),
  },
  python: { title: "Python, tools/examples/train.py", open: openPython },
};

const nothing = () => Promise.resolve();
const unchanged = (training: Training): Training => training;

function running(provider: StepProvider, close: () => Promise<void>, change = unchanged): Running {
  return {
    train: async (training, tell) => (await trainOn(provider, change(training), tell)).losses,
    close,
  };
}

const onHost = (provider: Omit<StepProvider, "device">, change = unchanged): Running =>
  running({ ...provider, device: null }, nothing, change);

function onDevice(device: Device): Running {
  const open: StepProvider["open"] = (model, where) => device.openSession(model, where);
  return running({ target: targetOf(device.ep), open, device }, () => device.close());
}

/** How far a change of the last digits goes: what two providers cannot but differ by. */
function withRounding(training: Training): Training {
  const { shape, data } = training.pictures;
  const changed = data.map((value, at) => value * (1 + (at % 2 === 0 ? 1e-7 : -1e-7)));
  return { ...training, pictures: floats(shape, changed) };
}

async function openNative(options: Parameters<typeof openNativeDevice>[0]): Promise<Running> {
  return onDevice(await openNativeDevice(options));
}

/** The machine's own GPU, else the one that Chromium plays on the CPU. */
async function openGpuInNode(): Promise<Running> {
  const { device, end } = await openChildDevice(null).catch((error: unknown): Promise<ChildDevice> => {
    const played = findSwiftShader();
    if (played === null) throw error;
    return openChildDevice(played);
  });
  const { train } = onDevice(device);
  return { train, close: end };
}

async function inChromium(
  ep: Parameters<typeof openInChromium>[0],
  use: (device: Device) => Running,
): Promise<Running> {
  const { device, close } = await openInChromium(ep);
  const { train } = use(device);
  return { train, close };
}

/** The example takes the softmax alone: NCE draws noise. */
async function openPython(): Promise<Running> {
  const python = pythonWith("numpy", "onnxruntime");
  const takes = ({ name }: Recipe["objective"]): boolean => name === "softmax";
  return Promise.resolve({
    train: (training, tell) =>
      takes(training.artifact.manifest.recipe.objective)
        ? trainInPython(python, training, tell)
        : Promise.resolve(null),
    close: nothing,
  });
}
