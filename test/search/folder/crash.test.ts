import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../cli/executable.js";
import { drawKills, killAdds } from "../../support/killedAdd.js";
import { suiteFolder } from "../../support/temporary.js";
import { suiteRun } from "../../support/trainedRun.js";
import { openIndex } from "../../../src/models/openIndex.js";

describe("an index whose writer is killed", () => {
  const trained = suiteRun();
  const folder = suiteFolder();

  it("opens, and holds every vector that was acknowledged and nothing half", async () => {
    const { run, pictures } = trained();
    const [first, index] = [join(folder(), "whole"), join(folder(), "killed")];
    const create = ["index", "create", first, "--model", run, "--data", pictures];
    const { code, stderr } = await runCli(create, { cwd: folder() });
    assert.equal(code, 0, stderr);
    cpSync(first, index, { recursive: true });
    const whole = await openIndex(first);
    // The killed one begins without pictures of its own.
    const killed = await openIndex(index);
    const ids = [...killed.backend.ids()];
    await killed.backend.delete(ids);
    await killed.backend.close();
    const expected = new Map<string, Float32Array>();
    for (const id of ids) expected.set(id, (await whole.backend.vectorOf(id))!);
    await whole.backend.close();

    const kills = await killAdds({ index, pictures, cwd: folder(), moments: drawKills(5, 1), expected });
    assert.ok(kills.filter(({ ended }) => ended === "SIGKILL").length >= 3, JSON.stringify(kills));
  });
});
