/** @file The near end of a device that is in a page or in a process of its own: what src/web/dev/device serves. */

import { fork } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { ProviderError } from "../../src/errors.js";
import { isOnDevice, type AnyTensor, type Device, type DeviceTensor } from "../../src/runtime/device.js";
import type { HostTensor } from "../../src/runtime/session.js";
import {
  fromBase64,
  toBase64,
  type Answer,
  type PageProvider,
  type Question,
  type Sent,
} from "../../src/web/dev/device/serveDevice.js";
import { findChromium } from "./browser.js";

type Ask = (question: Question) => Promise<Answer>;

const numberOf = ({ handle }: DeviceTensor): number => handle as number;

function sent(tensor: AnyTensor): Sent {
  if (isOnDevice(tensor)) return numberOf(tensor);
  const { dtype, shape, data } = tensor;
  return { dtype, shape, bytes: toBase64(data) };
}

function fill(into: Iterable<AnyTensor>, bytes: readonly string[] = []): void {
  const hosts = [...into].filter((tensor): tensor is HostTensor => !isOnDevice(tensor));
  hosts.forEach(({ data }, at) =>
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(fromBase64(bytes[at]!)),
  );
}

function remoteDevice(ep: PageProvider, asked: Ask): Device {
  let before: Promise<unknown> = Promise.resolve();
  /** One question after the other: release() is not waited for. */
  const ask: Ask = async (question) => {
    const answering = before.then(() => asked(question));
    before = answering.catch(() => undefined);
    const answer = await answering;
    if (answer.error) throw new ProviderError(answer.error.message);
    return answer;
  };
  const named = (tensors: ReadonlyMap<string, AnyTensor>) =>
    [...tensors].map(([name, tensor]) => [name, sent(tensor)] as const);
  return {
    ep,
    async openSession(model, where) {
      const { number, inputs, outputs } = await ask({ ask: "openSession", model: toBase64(model), where });
      return {
        ...{ ep, inputs: inputs!, outputs: outputs! },
        async run(feeds, into) {
          const question = { session: number!, feeds: named(feeds), into: named(into) };
          fill(into.values(), (await ask({ ask: "run", ...question })).bytes);
        },
        close: () => Promise.resolve(),
      };
    },
    async allocate(dtype, shape) {
      const { number } = await ask({ ask: "allocate", dtype, shape });
      return { dtype, shape, handle: number };
    },
    async upload(from, into) {
      await ask({ ask: "upload", from: sent(from), into: numberOf(into) });
    },
    async download(from, into) {
      fill([into], (await ask({ ask: "download", from: numberOf(from), into: sent(into) })).bytes);
    },
    release: (tensor) => void ask({ ask: "release", tensor: numberOf(tensor) }),
    async close() {
      await ask({ ask: "close" });
    },
  };
}

interface Harness {
  open(provider: PageProvider): Promise<string | null>;
  ask: Ask;
}

/**
 * The device of a page of src/web/dev/device; "wasm" has nothing but sessions.
 * @throws ProviderError with what the page was told
 */
export async function openPageDevice(page: Page, provider: PageProvider = "webgpu"): Promise<Device> {
  await page.waitForFunction("globalThis.harness !== undefined");
  const fault = await page.evaluate(
    (wanted) => (globalThis as unknown as { harness: Harness }).harness.open(wanted),
    provider,
  );
  if (fault !== null) throw new ProviderError(fault);
  return remoteDevice(provider, (question) =>
    page.evaluate((one) => (globalThis as unknown as { harness: Harness }).harness.ask(one), question),
  );
}

/** Vulkan's note of the GPU that Chromium plays on the CPU; null: Chromium has none, or there is no Chromium. */
export function findSwiftShader(): string | null {
  const chromium = findChromium();
  if (chromium === null) return null;
  const beside = dirname(realpathSync(chromium));
  const places = [beside, "/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];
  const files = places
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return files.find((path) => path.endsWith("vk_swiftshader_icd.json")) ?? null;
}

export interface ChildDevice {
  readonly device: Device;
  /** Closes the device and ends the process. */
  end(): Promise<void>;
}

/**
 * onnxruntime-node's WebGPU in a process of its own, which alone is told of that GPU.
 * @param driver null: whatever the machine has
 * @throws ProviderError with what the process was told
 */
export async function openChildDevice(driver: string | null): Promise<ChildDevice> {
  const runtimeFolder = mkdtempSync(join(tmpdir(), "instdisc-gpu-"));
  const played = driver === null ? {} : { VK_DRIVER_FILES: driver, XDG_RUNTIME_DIR: runtimeFolder };
  const env = { ...process.env, ...played };
  // Its stderr carries what the drivers think of each other.
  const child = fork(join(import.meta.dirname, "gpuProcess.js"), {
    env,
    stdio: ["ignore", "inherit", "ignore", "ipc"],
  });
  const next = () =>
    new Promise<unknown>((resolve, reject) => {
      const ended = (code: number | null) =>
        reject(new ProviderError(`the process of the GPU ended with ${code}`));
      child.once("exit", ended);
      child.once("message", (message) => {
        child.off("exit", ended);
        resolve(message);
      });
    });
  const end = () =>
    new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.disconnect();
    }).finally(() => rmSync(runtimeFolder, { recursive: true, force: true }));
  const fault = (await next()) as string | null;
  if (fault !== null) {
    await end();
    throw new ProviderError(fault);
  }
  const device = remoteDevice("webgpu", async (question) => {
    const answered = next();
    child.send(question);
    return (await answered) as Answer;
  });
  // What is given back is not waited for: some of it may still be on its way.
  return { device, end: () => device.close().then(end) };
}
