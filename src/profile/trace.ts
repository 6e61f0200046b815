/** @file The runtime's own record of its runs, read: which kernels ran in each, and for how long. */

import { ProviderError } from "../errors.js";

export interface Kernel {
  /** Of the node, as the runtime's optimizer left it: often that of a node in the model. */
  readonly name: string;
  /** ONNX's or the runtime's own name, such as "Conv" or "FusedMatMul". */
  readonly op: string;
  readonly ms: number;
  /** Of all inputs and outputs, however little of them was read. */
  readonly bytes: number;
  /** Of the inputs and outputs, such as "[64, 3, 28, 28] [8, 3, 3, 3] → [64, 8, 28, 28]". */
  readonly shapes: string;
}

export interface TracedRun {
  /** From the runtime's taking the inputs to its having the outputs. */
  readonly ms: number;
  /** In the order in which they ran. */
  readonly kernels: readonly Kernel[];
}

/** One of the runtime's Chrome trace events; times in µs. */
interface TraceEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: KernelArguments;
}

type Shapes = readonly Readonly<Record<string, readonly number[]>>[];

interface KernelArguments {
  readonly op_name?: string;
  readonly activation_size?: string;
  readonly parameter_size?: string;
  readonly output_size?: string;
  readonly input_type_shape?: Shapes;
  readonly output_type_shape?: Shapes;
}

const KERNEL_SUFFIX = "_kernel_time";
const RUN = "model_run";

/**
 * @param json a list of trace events, as the runtime writes it
 * @param where names the model in messages
 * @returns the runs in their order
 * @throws ProviderError when it is no such list, or has no run
 */
export function parseTrace(json: string, where: string): TracedRun[] {
  const events = readEvents(json, where);
  const runs = events.filter(({ name }) => name === RUN).sort((a, b) => a.ts - b.ts);
  const kernels = events.filter(isKernel).sort((a, b) => a.ts - b.ts);
  if (runs.length === 0)
    throw new ProviderError(`${where}: the runtime's trace has no run, expected at least one; run it again`);
  let next = 0;
  return runs.map(({ ts, dur }) => {
    while (next < kernels.length && kernels[next]!.ts < ts) next++;
    const first = next;
    while (next < kernels.length && kernels[next]!.ts <= ts + dur) next++;
    return { ms: dur / 1000, kernels: withoutOuter(kernels.slice(first, next)).map(readKernel) };
  });
}

function readEvents(json: string, where: string): readonly TraceEvent[] {
  try {
    const events: unknown = JSON.parse(json);
    if (Array.isArray(events)) return events as TraceEvent[];
    throw new TypeError("not a list");
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new ProviderError(
      `${where}: the runtime's trace cannot be read (${words}), expected a list of events; is the disk of the temporary folder full?`,
      { cause: error },
    );
  }
}

function isKernel({ cat, name }: TraceEvent): boolean {
  return cat === "Node" && (name ?? "").endsWith(KERNEL_SUFFIX);
}

/** Without nodes such as Loop, whose time is that of the nodes inside of them. */
function withoutOuter(kernels: readonly TraceEvent[]): TraceEvent[] {
  return kernels.filter(({ ts, dur }, at) => {
    const following = kernels[at + 1];
    return following === undefined || following.ts >= ts + dur || dur === 0;
  });
}

function readKernel({ name = "", dur, args = {} }: TraceEvent): Kernel {
  const { activation_size, parameter_size, output_size } = args;
  const sizes = [activation_size, parameter_size, output_size].map((size) => Number(size ?? 0));
  return {
    name: name.slice(0, -KERNEL_SUFFIX.length),
    op: args.op_name ?? "unknown",
    ms: dur / 1000,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    shapes: `${showShapes(args.input_type_shape)} → ${showShapes(args.output_type_shape)}`,
  };
}

/** Equal ones that follow each other are one: "9 × [64, 8, 1, 784]". */
function showShapes(shapes: Shapes = []): string {
  const counts: { readonly text: string; count: number }[] = [];
  for (const shape of shapes.flatMap((typed) => Object.values(typed))) {
    const text = `[${shape.join(", ")}]`;
    const last = counts.at(-1);
    if (last?.text === text) last.count++;
    else counts.push({ text, count: 1 });
  }
  return counts.map(({ text, count }) => (count > 1 ? `${count} × ${text}` : text)).join(" ");
}
