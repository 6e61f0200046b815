import assert from "node:assert/strict";
import { suggestedEpochs } from "../../../src/web/learn/protocol.js";

describe("epochs where nobody says how many", () => {
  it("are more the fewer pictures there are, within bounds", () => {
    assert.deepEqual([16, 100, 500, 2000, 6000, 50_000].map(suggestedEpochs), [200, 200, 120, 30, 10, 10]);
  });
});
