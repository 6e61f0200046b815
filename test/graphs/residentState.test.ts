/** @file What runs after a step on a device, on the real runtime. */

import assert from "node:assert/strict";
import { bankWriteGraph, finiteCheckGraph } from "../../graphs/index.js";
import { floats, int64s, type HostTensor } from "../../src/runtime/session.js";
import { openGraph } from "../support/runGraph.js";

describe("finiteCheckGraph", () => {
  const tensors = [
    { name: "scalar", shape: [] },
    { name: "vector", shape: [3] },
    { name: "matrix", shape: [4, 5] },
    { name: "kernel", shape: [2, 3, 3, 3] },
    ...Array.from({ length: 60 }, (_, at) => ({ name: `bias${at}`, shape: [at + 1] })),
  ];
  const graph = finiteCheckGraph(tensors);

  async function sumOf(change: (feeds: ReadonlyMap<string, Float32Array>) => void): Promise<number> {
    const feeds = new Map(tensors.map(({ name, shape }) => [name, floats(shape)]));
    for (const { data } of feeds.values()) data.fill(1);
    change(new Map([...feeds].map(([name, { data }]) => [name, data])));
    const session = await openGraph(graph);
    const sum = floats([]);
    await session.run(feeds, new Map([["sum", sum]]));
    await session.close();
    return sum.data[0]!;
  }

  it("sums every number of every tensor once", async () => {
    assert.equal(await sumOf(() => undefined), 1 + 3 + 20 + 54 + (60 * 61) / 2);
  });

  for (const name of ["scalar", "vector", "matrix", "kernel", "bias0", "bias59"]) {
    it(`is not finite when one number of ${name} is NaN or infinite`, async () => {
      for (const value of [NaN, Infinity, -Infinity]) {
        const sum = await sumOf((feeds) => (feeds.get(name)![feeds.get(name)!.length - 1] = value));
        assert.ok(!Number.isFinite(sum), `${value} gives ${sum}`);
      }
    });
  }
});

describe("bankWriteGraph", () => {
  it("writes its rows where the bank is fed and fetched as one array, and no other", async () => {
    const [instances, embeddingDim, batchSize] = [6, 2, 3];
    const session = await openGraph(bankWriteGraph({ instances, embeddingDim, batchSize }));
    const bank = floats([instances, embeddingDim]);
    const [rows, bankRows] = [int64s([batchSize, 1]), floats([batchSize, embeddingDim])];
    rows.data.set([4n, 0n, 3n]);
    bankRows.data.set([1, 2, 3, 4, 5, 6]);
    const feeds = new Map<string, HostTensor>([
      ["bank", bank],
      ["rows", rows],
      ["bank_rows", bankRows],
    ]);
    await session.run(feeds, new Map([["bank.next", bank]]));
    await session.close();
    assert.deepEqual([...bank.data], [3, 4, 0, 0, 0, 0, 5, 6, 1, 2, 0, 0]);
  });
});
