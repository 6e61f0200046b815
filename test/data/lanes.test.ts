import assert from "node:assert/strict";
import { inLanes } from "../../src/data/lanes.js";

describe("work in lanes", () => {
  it("gives results in order, however long each takes, with no more at once than there are lanes", async () => {
    let [underWay, most] = [0, 0];
    const made = await inLanes(20, 3, async (at) => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, (at * 7) % 5));
      underWay--;
      return at;
    });
    assert.deepEqual(
      made,
      Array.from({ length: 20 }, (_, at) => at),
    );
    assert.equal(most, 3);
  });

  it("makes nothing of nothing, and fails as the first that fails", async () => {
    assert.deepEqual(await inLanes(0, 2, () => assert.fail("there is nothing to make")), []);
    const failing = (at: number) =>
      at === 1 ? Promise.reject(new Error("the second")) : Promise.resolve(at);
    await assert.rejects(inLanes(4, 2, failing), /the second/);
  });
});
