/** @file The ways in which this machine's CPU can compute a graph. */

import type { Target } from "../../src/lower/target.js";
import { blockedCpu } from "../../src/lower/targets/blockedCpu.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { BLOCK, NO_BLOCKS } from "./block.js";

const blocked: readonly (readonly [name: string, target: Target])[] =
  NO_BLOCKS === null ? [["in blocks", blockedCpu(BLOCK)]] : [];
if (NO_BLOCKS !== null) console.log(`  skipped in blocks: ${NO_BLOCKS}`);

export const TARGETS = [["portable", cpu] as const, ...blocked];
