/** @file How many channels ONNX Runtime puts side by side on this machine. */

import { encodeModel } from "../codec/encode.js";
import { ProviderError } from "../errors.js";
import { nameOutputs } from "../lower/passes/nameOutputs.js";
import { GraphBuilder } from "../ops/builder.js";
import { openSession } from "../runtime/node.js";
import { floats } from "../runtime/session.js";
import { VERSION } from "../version.js";

/** A multiple of every block size that ONNX Runtime has. */
const CHANNELS = 64;
const SHAPE = [1, CHANNELS, 1, 2];

function reorderModel(): Uint8Array {
  const builder = new GraphBuilder("blockSize");
  builder.output("y", builder.op.reorderInput(builder.input("x", "float32", SHAPE)));
  return encodeModel(nameOutputs(builder.build()), { producerVersion: VERSION });
}

/**
 * Channels per block of the operators of domain com.microsoft.nchwc: 16 with AVX-512, 8 with AVX2; null where they are
 * missing or would not block. It is found by running one.
 */
export async function findBlockSize(): Promise<number | null> {
  const x = floats(
    SHAPE,
    Float32Array.from({ length: 2 * CHANNELS }, (_, at) => at),
  );
  const y = floats(SHAPE);
  try {
    const session = await openSession(reorderModel(), "blockSize.onnx", { ep: "cpu", threads: 1 });
    await session.run(new Map([["x", x]]), new Map([["y", y]]));
    await session.close();
  } catch (error) {
    if (error instanceof ProviderError) return null;
    throw error;
  }
  // The second pixel of the first channel comes after the first pixel of all channels of its block.
  const size = y.data.indexOf(1);
  return size > 1 ? size : null;
}
