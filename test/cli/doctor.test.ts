import assert from "node:assert/strict";
import type { Examination } from "../../src/doctor/examine.js";
import { suiteFolder } from "../support/temporary.js";
import { runCli } from "./executable.js";

describe("onnx-instdisc doctor", () => {
  const folder = suiteFolder();

  it("computes on the CPU, and says for every provider what it is or what brings it", async () => {
    const { code, stdout, stderr } = await runCli(["doctor", "--json"], { cwd: folder() });
    const all = (JSON.parse(stdout) as Examination[]).flatMap(({ findings }) => findings);
    const of = (name: string) => all.find(({ what }) => what === name)!;
    assert.equal(of("cpu").state, "fine", of("cpu").found);
    assert.match(of("cpu").found, /^onnxruntime-node \d+\.\d+\.\d+, first result after \d+ ms$/);
    for (const name of ["cuda", "webgpu"]) {
      const { state, found, remedy } = of(name);
      assert.ok(found.length > 0);
      assert.ok(state === "fine" || remedy !== undefined || /no NVIDIA GPU/.test(found), name);
    }
    assert.equal(code, all.some(({ state }) => state === "problem") ? 1 : 0);
    assert.equal(stderr, "");
  });

  it("prints a line a finding, remedies, and a last word", async () => {
    const { stdout, stderr } = await runCli(["doctor"], { cwd: folder() });
    assert.equal(stderr, "looking at the machine, and trying its execution providers\n");
    assert.match(stdout, /^machine\n {2}✓ Node\.js +\d+/);
    assert.match(stdout, /\nexecution providers\n {2}✓ cpu /);
    assert.match(stdout, /\npackages\n/);
    assert.match(stdout, /\n(Nothing is wrong|Found \d+ problems?)\.\n$/);
  });

  it("ends with 1 and names the remedy where runs cannot be written", async () => {
    const { code, stdout } = await runCli(["doctor", "--out", "/proc/runs"], { cwd: folder() });
    assert.equal(code, 1);
    assert.match(stdout, /✗ disk of \/proc\/runs +\/proc cannot be written to \(E\w+\)/);
    assert.match(stdout, /\nto mend disk of \/proc\/runs: choose another folder with --out/);
  });
});
