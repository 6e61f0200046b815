/** @file A profile as tables for people. */

import { groupNodes, sumOf, type Line, type NodeTime } from "../profile/aggregate.js";
import { MATRIX_SIDE } from "../profile/ceilings.js";
import { PASSES } from "../profile/layer.js";
import type { Profile } from "../profile/measure.js";
import { counted, percent, table } from "./format.js";

/** Characters of the longest bar. */
const BAR_WIDTH = 12;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** @param top lines of each table; what is left over is one line together */
export function showProfile(profile: Profile, top: number): string {
  const { nodes, ceilings } = profile;
  const group = (keyOf: (node: NodeTime) => string) => groupNodes(nodes, keyOf, ceilings);
  const sum = (name: string, some: readonly NodeTime[]) => sumOf(name, some, ceilings);
  const all = sum("all", nodes);
  const shorten = (lines: readonly Line[], noun: string): Line[] => {
    const others = lines.slice(top);
    const rest = counted(others.length, noun).replace(" ", " other ");
    const summed = sum(
      rest,
      others.flatMap((line) => line.nodes),
    );
    return [...lines.slice(0, top), ...(others.length > 0 ? [summed] : []), all];
  };
  const hasGradients = nodes.some(({ pass }) => pass.endsWith("gradient"));
  return [
    showTimes(profile, all),
    `By operator\n${showLines(
      shorten(
        group(({ op }) => op),
        "operator",
      ),
      all,
    )}`,
    `By layer${hasGradients ? "; passes in ms" : ""}\n${showLines(
      shorten(
        group(({ layer }) => layer),
        "layer",
      ),
      all,
      hasGradients,
    )}`,
    `Slowest nodes\n${showNodes(group(({ name }) => name).slice(0, top), all)}`,
  ].join("\n");
}

function showTimes(profile: Profile, { ms, idealMs }: Line): string {
  const { runMs, tracedMs, betweenMs, outsideMs, images, ceilings } = profile;
  return table([
    ["one run", showMs(runMs), images === null ? "" : `${((1000 * images) / runMs).toFixed(1)} images/s`],
    ["one run with its kernels recorded", showMs(tracedMs), ""],
    ["  in kernels", showMs(ms), percent(ms / tracedMs)],
    ["  between kernels, where they are recorded", showMs(betweenMs), percent(betweenMs / tracedMs)],
    ["  outside of the runtime, such as copies of outputs", showMs(outsideMs), percent(outsideMs / tracedMs)],
    ["the kernels, were they at the ceilings", showMs(idealMs), ""],
    [`ceiling: product of matrices, ${MATRIX_SIDE}³`, `${ceilings.gflopPerSecond.toFixed(0)} GFLOP/s`, ""],
    ["ceiling: memory, read and written", `${ceilings.gbPerSecond.toFixed(1)} GB/s`, ""],
  ]);
}

const HEAD = ["", "ms", "share", "".padEnd(BAR_WIDTH), "calls", "GFLOP/s", "GB/s", "of ceiling"];

function showLines(lines: readonly Line[], all: Line, withPasses = false): string {
  const longest = Math.max(...lines.filter((line) => line !== all).map(({ ms }) => ms));
  const rows = lines.map((line) => {
    const [share, ...rates] = cells(line, all);
    const length = line === all ? 0 : line.ms / longest;
    const calls = String(Number(line.calls.toFixed(1)));
    const passes = withPasses ? passCells(line) : [];
    return [line.name, line.ms.toFixed(2), share!, bar(length), calls, ...rates, ...passes];
  });
  return table([[...HEAD, ...(withPasses ? PASSES : [])], ...rows]);
}

/** One line each, with what it computes at the end, where lengths differ most. */
function showNodes(lines: readonly Line[], all: Line): string {
  const head = ["", "ms", "share", "GFLOP/s", "GB/s", "of ceiling"];
  const rows = lines.map((line) => [line.nodes[0]!.op, line.ms.toFixed(2), ...cells(line, all)]);
  const numbers = table([head, ...rows])
    .trimEnd()
    .split("\n");
  const what = ["", ...lines.map(({ nodes: [node] }) => `  ${node!.name}  ${node!.shapes}`)];
  return numbers.map((line, at) => `${line}${what[at]!}\n`).join("");
}

/** Share, GFLOP/s, GB/s, share of the ceilings. */
function cells({ ms, flops, bytes, idealMs }: Line, all: Line): string[] {
  const rate = (amount: number) => (amount > 0 && ms > 0 ? showRate(amount / ms / 1e6) : "");
  const ofCeiling = ms > 0 ? `${((100 * idealMs) / ms).toFixed(0)} %` : "";
  return [percent(ms / all.ms), rate(flops), rate(bytes), ofCeiling];
}

function passCells({ nodes }: Line): string[] {
  return PASSES.map((pass) => {
    const ms = nodes.filter((node) => node.pass === pass).reduce((sum, node) => sum + node.ms, 0);
    return ms > 0 ? ms.toFixed(2) : "";
  });
}

/** Blocks and parts of a block; `length` in [0, 1]. */
function bar(length: number): string {
  const eighths = Math.round(8 * BAR_WIDTH * length);
  return ("█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!).padEnd(BAR_WIDTH);
}

function showMs(ms: number): string {
  return `${ms.toFixed(2)} ms`;
}

/** Three digits. */
function showRate(perSecond: number): string {
  return perSecond >= 100 ? perSecond.toFixed(0) : perSecond.toPrecision(3);
}
