/**
 * @file Runs a small model on one execution provider, alone in a process: a driver that aborts takes no other program
 * with it. Arguments: the provider. Prints JSON on stdout: { "seconds": … } or { "error": "…" }.
 */

import { GraphBuilder } from "../ops/builder.js";
import { encodeModel } from "../codec/encode.js";
import { lower } from "../lower/lower.js";
import { cpu } from "../lower/targets/cpu.js";
import type { ExecutionProvider } from "../ir/executionProvider.js";
import { openSession } from "../runtime/node.js";
import { floats } from "../runtime/session.js";
import { VERSION } from "../version.js";

const SIDE = 8;

/** A product of two matrices. */
function model(): Uint8Array {
  const builder = new GraphBuilder("probe");
  const a = builder.input("a", "float32", [SIDE, SIDE]);
  builder.output("b", builder.op.matMul(a, a));
  return encodeModel(lower(builder.build(), cpu), { producerVersion: VERSION });
}

async function probe(ep: ExecutionProvider): Promise<object> {
  const started = performance.now();
  try {
    const session = await openSession(model(), "probe", { ep });
    const [a, b] = [floats([SIDE, SIDE]), floats([SIDE, SIDE])];
    a.data.fill(1);
    await session.run(new Map([["a", a]]), new Map([["b", b]]));
    await session.close();
    if (!b.data.every((value) => value === SIDE))
      return { error: `computes 1·1 summed ${SIDE} times as ${b.data[0]}` };
    return { seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

process.stdout.write(`${JSON.stringify(await probe(process.argv[2] as ExecutionProvider))}\n`);
