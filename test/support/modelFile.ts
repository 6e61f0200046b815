/** @file Runs the bytes of a model on a stock runtime, and compares vectors. */

import { InferenceSession, Tensor } from "onnxruntime-node";

export interface Output {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** All outputs, which must be float32. One thread: sums have one order. */
export async function runModel(
  model: Uint8Array,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, Output>>> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const fetched = await session.run(feeds);
    return Object.fromEntries(
      Object.entries(fetched).map(([name, { dims, data }]) => [
        name,
        { shape: dims, data: data as Float32Array },
      ]),
    );
  } finally {
    await session.release();
  }
}

export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, left, right] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    dot += a[at]! * b[at]!;
    left += a[at]! ** 2;
    right += b[at]! ** 2;
  }
  return dot / Math.sqrt(left * right);
}

/** Cosine of each row of `a` with the same row of `b`, both [rows, dim]. */
export function rowCosines(a: Output, b: Output): number[] {
  const dim = a.shape.at(-1)!;
  return Array.from({ length: a.data.length / dim }, (_, row) => {
    const [u, v] = [a, b].map(({ data }) => data.subarray(row * dim, (row + 1) * dim));
    return cosine(u!, v!);
  });
}
