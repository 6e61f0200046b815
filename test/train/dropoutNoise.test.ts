import assert from "node:assert/strict";
import { RandomStream } from "../../src/random/philox.js";
import { DropoutNoise } from "../../src/train/dropoutNoise.js";

const tensor = (name: string, shape: number[]) => ({ name, shape, dtype: "float32", role: "input" }) as const;
const MANIFEST = {
  tensors: [
    tensor("pixel_values", [2, 3, 8, 8]),
    tensor("dropout_noise.0", [2, 3]),
    tensor("dropout_noise.1", [2]),
  ],
};

const numbersAt = (noise: DropoutNoise, step: number): number[] =>
  [...noise.at(step).values()].flatMap(({ data }) => [...data]);

describe("DropoutNoise", () => {
  it("fills the noise inputs, one after the other, from the stream of the step", () => {
    const noise = new DropoutNoise(MANIFEST, 7);
    const stream = new RandomStream(7, "dropout", 4);
    assert.deepEqual(
      numbersAt(noise, 4),
      Array.from({ length: 8 }, () => stream.uniform()),
    );
    assert.deepEqual([...noise.at(4).keys()], ["dropout_noise.0", "dropout_noise.1"]);
  });

  it("draws anew for every step, and the same again for the same step", () => {
    const noise = new DropoutNoise(MANIFEST, 7);
    const first = numbersAt(noise, 0);
    assert.notDeepEqual(numbersAt(noise, 1), first);
    assert.deepEqual(numbersAt(new DropoutNoise(MANIFEST, 7), 0), first);
    assert.notDeepEqual(numbersAt(new DropoutNoise(MANIFEST, 8), 0), first);
  });

  it("has nothing for a network without dropout", () => {
    assert.equal(new DropoutNoise({ tensors: MANIFEST.tensors.slice(0, 1) }, 7).at(0).size, 0);
  });
});
