/** @file Candidates timed on a device: the host's arrays stand for its memory. */

import assert from "node:assert/strict";
import { trainStepGraph } from "../../graphs/index.js";
import { checkRecipe } from "../../src/build/recipe.js";
import { fixSizes } from "../../src/lower/passes/fixSizes.js";
import { withPrecision } from "../../src/lower/precision.js";
import { simplify } from "../../src/lower/simplify.js";
import { cuda } from "../../src/lower/targets/cuda.js";
import type { AnyTensor, Device, DeviceTensor } from "../../src/runtime/device.js";
import { openSession } from "../../src/runtime/node.js";
import type { HostTensor } from "../../src/runtime/session.js";
import { measureOn } from "../../src/tune/measure.js";
import { questionsOf } from "../../src/tune/questions.js";
import { RECIPE } from "./smallStep.js";

/** Arrays that only the device hands out, and how many are out. */
function countingDevice(): { device: Device; held: () => number; opened: () => number } {
  const held = new Map<DeviceTensor, HostTensor>();
  let opened = 0;
  const arrays = { float32: Float32Array, int64: BigInt64Array, uint8: Uint8Array };
  const host = (tensors: ReadonlyMap<string, AnyTensor>) =>
    new Map([...tensors].map(([name, tensor]) => [name, held.get(tensor as DeviceTensor)!]));
  const device: Device = {
    ep: "cpu",
    async openSession(model, where) {
      const session = await openSession(model, where, { ep: "cpu", threads: 1 });
      opened++;
      return {
        ...session,
        run: (feeds, into) => session.run(host(feeds), host(into)),
        close: () => (opened--, session.close()),
      };
    },
    allocate(dtype, shape) {
      const data = new arrays[dtype](shape.reduce((a, b) => a * b, 1));
      const tensor = { dtype, shape, handle: data };
      held.set(tensor, { dtype, shape, data } as HostTensor);
      return Promise.resolve(tensor);
    },
    upload: ({ data }, into) =>
      Promise.resolve((held.get(into)!.data as Float32Array).set(data as Float32Array)),
    download: () => Promise.reject(new RangeError("nothing is read back")),
    release: (tensor) => void held.delete(tensor),
    close: () => Promise.resolve(),
  };
  return { device, held: () => held.size, opened: () => opened };
}

describe("questions on a device", () => {
  const step = simplify(fixSizes(trainStepGraph(checkRecipe(RECIPE)), { instances: 9 }));
  const stopwatch = () => {
    let now = 0;
    return {
      rules: { leastRounds: 1, mostRounds: 1, enoughMs: 0 },
      clock: () => now++,
      deadline: Infinity,
    };
  };

  for (const precision of ["fp32", "fp16"] as const) {
    it(`of a step in ${precision} are answered, and give all memory back`, async () => {
      const questions = questionsOf([withPrecision(step, precision)], cuda).filter(({ key }) =>
        key.startsWith("Conv"),
      );
      assert.ok(questions.some(({ key }) => key.includes(precision === "fp16" ? "float16" : "float32")));
      const { device, held, opened } = countingDevice();
      const measure = measureOn(device);
      for (const question of questions.slice(0, 4)) {
        const ms = await measure(question, cuda, 1, stopwatch());
        assert.deepEqual([...ms.keys()], question.candidates);
        assert.deepEqual([held(), opened()], [0, 0]);
      }
    });
  }
});
