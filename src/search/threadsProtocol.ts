/** @file What the scanner and its threads say to each other. */

import type { PackedError } from "../errors.js";
import type { SharedWasmMemory } from "../simd/instance.js";
import type { Scratch, Segment } from "./codeMemory.js";
import type { CodedQuery } from "./query.js";
import type { RowRange } from "./rangeScan.js";
import type { Candidates } from "./selection.js";

export interface ThreadSetup {
  readonly dim: number;
  readonly memory: SharedWasmMemory;
  readonly scratch: Scratch; // this thread's own
}

export interface ToThread {
  readonly query: CodedQuery;
  readonly k: number;
  readonly bounded: boolean;
  readonly segments: readonly Segment[];
  readonly range: RowRange;
}

export type FromThread =
  | { readonly kind: "found"; readonly candidates: Candidates }
  | { readonly kind: "failed"; readonly error: PackedError };
