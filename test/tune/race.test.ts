import assert from "node:assert/strict";
import { ProviderError } from "../../src/errors.js";
import { fastestOf, race } from "../../src/tune/race.js";

const RULES = { leastRounds: 3, mostRounds: 5, enoughMs: 0 };

/** Contestants whose runs take these times by a clock of their own, the last one from then on. */
function contestants(times: Readonly<Record<string, readonly number[]>>) {
  let now = 0;
  const order: string[] = [];
  const all = Object.entries(times).map(([name, ms]) => {
    let runs = 0;
    const run = (): Promise<void> => {
      now += ms[Math.min(runs++, ms.length - 1)]!;
      order.push(name);
      return Promise.resolve();
    };
    return { name, run };
  });
  return { all, order, clock: () => now };
}

describe("a race", () => {
  it("runs in turn after a warm-up, and takes the best time of each", async () => {
    const { all, order, clock } = contestants({ a: [90, 5, 4, 6], b: [80, 5, 5, 5] });
    assert.deepEqual(
      [...(await race(all, RULES, clock))],
      [
        ["a", 4],
        ["b", 5],
      ],
    );
    assert.equal(order.join(""), "abababab");
  });

  it("leaves out what the runtime cannot run, and fails with what fails otherwise", async () => {
    const { all, clock } = contestants({ a: [9], b: [5] });
    const failing = (error: Error) => ({ name: "c", run: () => Promise.reject(error) });
    const tight = await race([failing(new ProviderError("no memory")), ...all], RULES, clock);
    assert.deepEqual([...tight.keys()].sort(), ["a", "b"]);
    await assert.rejects(race([...all, failing(new TypeError("a fault"))], RULES, clock), TypeError);
  });

  it("goes on until it took long enough, or has run often enough", async () => {
    const long = contestants({ a: [1], b: [1] });
    await race(long.all, { ...RULES, enoughMs: 8 }, long.clock);
    assert.equal(long.order.join(""), "ababababab");
    const most = contestants({ a: [1], b: [1] });
    await race(most.all, { ...RULES, enoughMs: 1000 }, most.clock);
    assert.equal(most.order.length, 2 * (1 + RULES.mostRounds));
  });

  it("leaves out what is proved too slow, and ends when one is left", async () => {
    const { all, order, clock } = contestants({ a: [10], b: [11], c: [30, 30, 9, 30] });
    const best = await race(all, RULES, clock);
    assert.equal(best.get("c"), 9, "one good moment keeps it");
    assert.equal(order.join(""), "abcabcabcabc");
    const slow = contestants({ a: [10], b: [30] });
    await race(slow.all, RULES, slow.clock);
    assert.equal(slow.order.join(""), "ababab");
  });

  it("is not run where it would end after the deadline", async () => {
    const { all, order, clock } = contestants({ a: [10], b: [10] });
    assert.equal((await race(all, RULES, clock, 79)).size, 0);
    assert.equal(order.join(""), "ab");
    assert.equal((await race(all, RULES, clock, 100)).size, 2);
  });
});

describe("the fastest", () => {
  it("is the suggested one unless another is faster by more than chance", () => {
    assert.equal(
      fastestOf(
        new Map([
          ["a", 100],
          ["b", 101.9],
        ]),
        "b",
      ),
      "b",
    );
    assert.equal(
      fastestOf(
        new Map([
          ["a", 100],
          ["b", 102.1],
        ]),
        "b",
      ),
      "a",
    );
    assert.equal(fastestOf(new Map([["a", 100]]), "b"), "a");
    assert.equal(fastestOf(new Map(), "b"), "b");
  });
});
