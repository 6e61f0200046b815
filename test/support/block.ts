/** @file Channels per block of this machine, for the interpreter and for cases. */

import { findBlockSize } from "../../src/tune/blockSize.js";

const found = await findBlockSize();

/** Where ONNX Runtime has no blocks, tests on it are skipped, and the interpreter's blocks are of any size. */
export const BLOCK = found ?? 8;

/** Why tests on ONNX Runtime's blocks cannot run; null: they can. */
export const NO_BLOCKS = found === null ? "ONNX Runtime has no blocked layout on this machine" : null;
