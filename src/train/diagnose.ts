/** @file Why a step came out not finite, and what to do about it, in words. */

import { FILES } from "../build/buildArtifact.js";
import type { FloatTensor, HostTensor, Int64Tensor } from "../runtime/session.js";
import { firstNotFinite, type Census, type NotFinite } from "./notFinite.js";
import type { StepFailure } from "./step.js";

/** Rows or tensors that a message lists. */
const LISTED = 5;
/** Lengths of bank rows and weights beyond which they are to blame. Rows of a fresh uniform bank vary by some percent. */
const LONG_ROW = 2;
const LARGE_WEIGHT = 1e4;
const LARGE_PIXEL = 1e4;

const NOT_WEIGHTS = ["pixel_values", "bank", "learning_rate"];

const LOWER_RATE = "lower --lr, or raise --warmup-steps";
const GO_BACK = "go on from an earlier checkpoint";
const OPTIMIZER_SCOPES = /^\/(sgd|lars|adamw|optimizer\.)/;

/**
 * For TrainStep: runs the failed batch again, value by value, and tells what broke first.
 * @param files of the artifact, with the models of a step
 */
export function diagnoser(
  files: ReadonlyMap<string, Uint8Array>,
  threads: number,
): (failure: StepFailure) => Promise<string> {
  return async ({ kind, feeds, learningRate }) => {
    const where = FILES[kind];
    const found = await firstNotFinite(files.get(where)!, where, feeds, { threads });
    const rate = `learning rate ${Number(learningRate.toPrecision(3))}`;
    return `${tell(found, feeds)}; ${rate}; ${remedy(found, feeds)}`;
  };
}

function tell(found: NotFinite | null, feeds: ReadonlyMap<string, HostTensor>): string {
  if (found === null) return "run again value by value, the batch stays finite";
  if (found.kind === "inputs") {
    return `not finite when the batch began: ${listed(found.inputs.map((input) => tellInput(input, feeds)))}`;
  }
  const { node, output, fed } = found;
  const name = output.name.startsWith(`${node.name}_output_`) ? "" : `${output.name} with `;
  const from = fed.map((census) => `${census.name} in ${range(census)}`);
  const of = from.length > 0 ? `, from ${listed(from)}` : "";
  return `first not finite: ${node.name} (${node.op}) gives ${name}${share(output)}${of}`;
}

/** "pixel_values of rows 4, 17 (3072 of 12288 numbers)" */
function tellInput(census: Census, feeds: ReadonlyMap<string, HostTensor>): string {
  if (census.name === "pixel_values") {
    const own = (feeds.get("rows") as Int64Tensor).data;
    const rows = census.brokenRows.map((at) => String(own[at]));
    return `pixel_values of the pictures of rows ${listed(rows)} (${share(census)})`;
  }
  if (census.name === "bank") return `bank rows ${listed(census.brokenRows.map(String))} (${share(census)})`;
  return `${census.name} (${share(census)})`;
}

function remedy(found: NotFinite | null, feeds: ReadonlyMap<string, HostTensor>): string {
  if (found === null) return `${LOWER_RATE}: numbers were at the edge of float32`;
  if (found.kind === "inputs") return [...new Set(found.inputs.map(({ name }) => remedyOf(name)))].join("; ");
  if (OPTIMIZER_SCOPES.test(found.node.name)) return `the update itself overflows: ${LOWER_RATE}`;
  return [...new Set([...blame(feeds), LOWER_RATE])].join("; ");
}

/** What to do about an input that was broken already. */
function remedyOf(name: string): string {
  if (name === "pixel_values") return "look at these pictures, and at mean and std of the normalization";
  if (name === "learning_rate") return "correct --lr";
  if (name === "log_normalizer") return `Z was lost: ${GO_BACK}, or choose another --normalizer`;
  return `${GO_BACK}, or begin from other weights`;
}

/** Inputs that are out of all proportion, though finite. */
function blame(feeds: ReadonlyMap<string, HostTensor>): string[] {
  const pixels = largest((feeds.get("pixel_values") as FloatTensor).data);
  const row = longestRow(feeds.get("bank") as FloatTensor | undefined);
  const weights = [...feeds].flatMap(([name, tensor]): [string, number][] =>
    tensor.dtype === "float32" && !NOT_WEIGHTS.includes(name) ? [[name, largest(tensor.data)]] : [],
  );
  const grown = weights.filter(([, size]) => size > LARGE_WEIGHT).sort(([, a], [, b]) => b - a);
  return [
    ...(pixels > LARGE_PIXEL
      ? [`pixel_values reach ${short(pixels)}: correct mean and std of the normalization`]
      : []),
    ...(row > LONG_ROW
      ? [`a bank row is ${short(row)} long, expected 1: fill the bank anew with --bank-init forward`]
      : []),
    ...(grown.length > 0 ? [listed(grown.map(([name, size]) => `${name} has grown to ${short(size)}`))] : []),
  ];
}

function largest(data: Float32Array): number {
  let most = 0;
  for (const value of data) most = Math.max(most, Math.abs(value));
  return most;
}

/** 0 without a bank. */
function longestRow(bank: FloatTensor | undefined): number {
  if (bank === undefined) return 0;
  const dim = bank.shape[1]!;
  let most = 0;
  for (let first = 0; first < bank.data.length; first += dim) {
    let square = 0;
    for (let at = first; at < first + dim; at++) square += bank.data[at]! ** 2;
    most = Math.max(most, square);
  }
  return Math.sqrt(most);
}

/** "12 of 4096 numbers not finite (9 NaN, 3 infinite)" */
function share({ shape, nans, infinities }: Census): string {
  const all = shape.reduce((a, b) => a * b, 1);
  return `${nans + infinities} of ${all} numbers not finite (${nans} NaN, ${infinities} infinite)`;
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
const range = ({ least, most }: Census): string => `[${short(least)}, ${short(most)}]`;

function listed(items: readonly string[]): string {
  const more = items.length > LISTED ? ` and ${items.length - LISTED} more` : "";
  return `${items.slice(0, LISTED).join(", ")}${more}`;
}
