import assert from "node:assert/strict";
import { PRESETS } from "../../src/config/presets.js";
import { suiteFolder } from "../support/temporary.js";
import { runCli } from "./executable.js";

describe("onnx-instdisc presets", () => {
  const folder = suiteFolder();
  const run = (...args: string[]) => runCli(["presets", ...args], { cwd: folder() });

  it("lists presets with whose edition they follow", async () => {
    const { code, stdout, stderr } = await run();
    assert.deepEqual([code, stderr], [0, ""]);
    for (const [name, { source }] of Object.entries(PRESETS))
      assert.ok(stdout.includes(`\n  ${name.padEnd(13)}  ${source}\n`), name);
  });

  it("shows every value of one, and where paper and code differ", async () => {
    const { code, stdout } = await run("cifar10");
    assert.equal(code, 0);
    assert.ok(stdout.startsWith(`cifar10: ${PRESETS.cifar10.about}\n`));
    assert.match(stdout, /^ {2}milestones +120,160$/m);
    const lines = stdout.split("\n").filter((line) => line.startsWith("  "));
    assert.equal(lines.length, Object.keys(PRESETS.cifar10.settings).length);
  });

  it("prints them as JSON, and refuses an unknown one", async () => {
    assert.deepEqual(JSON.parse((await run("--json")).stdout), PRESETS);
    assert.deepEqual(JSON.parse((await run("small", "--json")).stdout), PRESETS.small);
    const { code, stderr } = await run("large");
    assert.equal(code, 2);
    assert.match(stderr, /Given: "large", Choices: "sample", "small", "cifar10"/);
  });
});
