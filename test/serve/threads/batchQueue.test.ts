import assert from "node:assert/strict";
import { HttpError } from "../../../src/serve/http/httpError.js";
import { BatchQueue } from "../../../src/serve/threads/batchQueue.js";

const NEVER = new AbortController().signal;
const isCode = (code: string) => (error: unknown) => error instanceof HttpError && error.code === code;

describe("a queue of batches", () => {
  /** Doubles numbers; batches wait until `open` is called. */
  function doubling(mostWaiting: number) {
    const batches: (readonly number[])[] = [];
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const queue = new BatchQueue<number, number>({
      name: "doubling",
      mostWaiting,
      mostAtOnce: 3,
      run: async (jobs) => {
        batches.push(jobs);
        await gate;
        if (jobs.includes(13)) throw new Error("thirteen");
        return jobs.map((job) => (job < 0 ? new Error(`negative ${job}`) : 2 * job));
      },
    });
    return { queue, batches, open: () => open() };
  }

  it("does together what waits, in order, and no more than it may", async () => {
    const { queue, batches, open } = doubling(10);
    const results = [1, 2, 3, 4, 5].map((job) => queue.submit(job, NEVER));
    open();
    assert.deepEqual(await Promise.all(results), [2, 4, 6, 8, 10]);
    assert.deepEqual(batches, [
      [1, 2, 3],
      [4, 5],
    ]);
    assert.equal(await queue.submit(6, NEVER), 12);
  });

  it("refuses at once what there is no room for", async () => {
    const { queue, open } = doubling(2);
    const results = [1, 2].map((job) => queue.submit(job, NEVER));
    await assert.rejects(queue.submit(3, NEVER), isCode("overloaded"));
    open();
    assert.deepEqual(await Promise.all(results), [2, 4]);
    assert.equal(queue.waiting, 0);
  });

  it("forgets a job that nobody waits for any more", async () => {
    const { queue, batches, open } = doubling(10);
    const first = [1, 2, 3].map((job) => queue.submit(job, NEVER));
    await new Promise((resolve) => setTimeout(resolve, 10));
    const abort = new AbortController();
    const left = queue.submit(4, abort.signal);
    const last = queue.submit(5, NEVER);
    abort.abort();
    await assert.rejects(left, isCode("aborted"));
    await assert.rejects(queue.submit(6, abort.signal), isCode("aborted"));
    open();
    await Promise.all(first);
    assert.equal(await last, 10);
    assert.deepEqual(batches, [[1, 2, 3], [5]]);
  });

  it("fails a job alone, or the whole batch, and goes on", async () => {
    const { queue, open } = doubling(10);
    open();
    const mixed = await Promise.allSettled([1, -2, 3].map((job) => queue.submit(job, NEVER)));
    assert.deepEqual(
      mixed.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    const failed = await Promise.allSettled([13, 1].map((job) => queue.submit(job, NEVER)));
    assert.ok(failed.every(({ status }) => status === "rejected"));
    assert.equal(await queue.submit(4, NEVER), 8);
  });
});
