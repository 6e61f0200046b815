/** @file What an operator of the interpreter sees, and the type of a table of them. */

import type { DType } from "../../../src/ir/dtype.js";
import type { AttributesOf, InputsOf, OpKind, OutputsOf } from "../../../src/ir/opTable.js";
import type { NdArray } from "./ndArray.js";

export interface KernelContext<K extends OpKind> {
  readonly inputs: InputsOf<K, NdArray>;
  readonly attributes: AttributesOf<K>;
  /** Of the first output. */
  readonly dtype: DType;
}

export type Kernel<K extends OpKind> = (ctx: KernelContext<K>) => OutputsOf<K, NdArray>;
export type Kernels<K extends OpKind = OpKind> = { readonly [P in K]: Kernel<P> };
