/** @file Processes that take training steps when they are asked to: ours, and PyTorch's in both layouts. */

import { startNode, startPython, type LineChild } from "./lineChild.js";
import type { Contestant } from "./turns.js";

export const OURS = "ours";
const LAYOUTS = { "PyTorch eager": "eager", "PyTorch channels_last": "channels_last" } as const;
type Peer = keyof typeof LAYOUTS;
export const PEERS = Object.keys(LAYOUTS) as readonly Peer[];
export const SIDES: readonly (typeof OURS | Peer)[] = [OURS, ...PEERS];

/** Of float32, relative, of the first step. */
const TOLERANCE = 1e-4;
/** Of later ones. Deep networks make much of rounding: with ResNet-50 PyTorch's own layouts come to differ by 5e-3. */
const LATER_TOLERANCE = 3e-2;

export interface StepDetails {
  /** Seconds of a step's operators by kind; null: not known. */
  readonly parts: Readonly<Record<string, number | null>>;
  /** Between host and GPU, in a step. */
  readonly bytesOverBus: number;
}

export interface StepProcess extends Contestant {
  readonly pid: number;
  /** What it says of itself, and its memory once its libraries were loaded. */
  readonly ready: { readonly bytesBefore: number };
  /** Losses of so many steps, nats. */
  take(count: number): Promise<readonly number[]>;
  /** Only of PyTorch, and of ../gpu/stepOnDevice.ts. */
  details(): Promise<StepDetails>;
  close(): Promise<void>;
}

/** @param folder of writeCase */
export async function startStep(name: (typeof SIDES)[number], folder: string): Promise<StepProcess> {
  const child =
    name === OURS
      ? await startNode("stepOurs.js", [folder])
      : await startPython("step.py", [folder, "--layout", LAYOUTS[name]]);
  return stepProcess(name, child);
}

/** A child that answers a number of steps with their seconds and losses. */
export function stepProcess(name: string, child: LineChild): StepProcess {
  const ask = async (count: number) =>
    (await child.ask(String(count))) as { readonly seconds: number; readonly losses: readonly number[] };
  return {
    name,
    pid: child.pid,
    ready: child.ready as StepProcess["ready"],
    take: async (count) => (await ask(count)).losses,
    details: async () => (await child.ask("details")) as StepDetails,
    measure: async (count) => (await ask(count)).seconds,
    close: () => child.close(),
  };
}

/**
 * Takes the first steps of each.
 * @param tolerance relative, of the first step
 * @returns losses by name
 * @throws when they are not those of the first process
 */
export async function checkLosses(
  steps: readonly StepProcess[],
  count: number,
  tolerance = TOLERANCE,
): Promise<Record<string, readonly number[]>> {
  const losses: Record<string, readonly number[]> = {};
  for (const step of steps) losses[step.name] = await step.take(count);
  const expected = losses[steps[0]!.name]!;
  for (const [name, found] of Object.entries(losses)) {
    const differs = found.some(
      (loss, at) =>
        Math.abs(loss / expected[at]! - 1) > (at === 0 ? tolerance : Math.max(tolerance, LATER_TOLERANCE)),
    );
    if (differs)
      throw new Error(
        `${name}: the losses are ${found.join(", ")}, expected ${expected.join(", ")} as of ${steps[0]!.name}`,
      );
  }
  return losses;
}
