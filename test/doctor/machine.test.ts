import assert from "node:assert/strict";
import { join } from "node:path";
import { lookAtDisk, lookAtNode, lookAtProcessor } from "../../src/doctor/machine.js";
import { suiteFolder } from "../support/temporary.js";

describe("doctor, of the machine", () => {
  const folder = suiteFolder();

  it("takes this Node.js, and names a newer one where it is too old", () => {
    assert.equal(lookAtNode().state, "fine");
    const { state, found, remedy } = lookAtNode("20.18.1");
    assert.equal(state, "problem");
    assert.equal(found, "20.18.1, expected 20.19 or newer");
    assert.match(remedy!, /install a newer one/);
  });

  it("names the processor and its threads", () => {
    assert.match(lookAtProcessor().found, /, \d+ threads/);
  });

  it("tells the room on the disk of a folder that is not there yet", async () => {
    const { found, state } = await lookAtDisk(join(folder(), "some/where"));
    assert.match(found, /^\d+\.\d GiB free$/);
    assert.notEqual(state, "absent");
  });

  it("finds a folder that nobody may write to", async () => {
    const { state, found, remedy } = await lookAtDisk("/proc/somewhere");
    assert.equal(state, "problem");
    assert.match(found, /^\/proc cannot be written to \(E\w+\)$/);
    assert.match(remedy!, /choose another folder with --out/);
  });
});
