import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { plantCopies, writeRealPictures } from "../support/plantedCopies.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";
import { runCli } from "./executable.js";

describe("onnx-instdisc duplicates", () => {
  const trained = suiteRun();
  const folder = suiteFolder();
  const duplicates = (...args: string[]) => runCli(["duplicates", ...args], { cwd: folder() });
  let planted: string[] = [];

  before(async () => {
    const [first] = await writeRealPictures(join(folder(), "photos"), 60);
    planted = await plantCopies(first!);
  });

  it("prints the files that could go, all but the largest, and deletes none", async () => {
    const before = readdirSync(join(folder(), "photos"));
    const { code, stdout, stderr } = await duplicates("photos");
    assert.equal(code, 0, stderr);
    const expected = planted.filter((name) => !name.endsWith("large.jpg")).map((name) => `photos/${name}`);
    assert.deepEqual(stdout.trim().split("\n").sort(), expected);
    assert.match(stderr, /64 pictures: 4 that could go, in 1 group; alike from 0\.9/);
    assert.match(stderr, /Next: npx onnx-instdisc duplicates photos --out duplicates\.html/);
    assert.deepEqual(readdirSync(join(folder(), "photos")), before);
  });

  it("writes a page with the groups side by side, and JSON, with a model's proposals too", async () => {
    const { code, stdout, stderr } = await duplicates(
      ...["photos", "--model", trained().run, "--out", "d.html", "--json"],
    );
    assert.equal(code, 0, stderr);
    const { groups } = JSON.parse(stdout) as { groups: { id: string; likeness: number }[][] };
    assert.deepEqual(
      groups.map((group) => group.map(({ id }) => id).sort()),
      [planted],
    );
    const page = readFileSync(join(folder(), "d.html"), "utf8");
    assert.equal(page.match(/<img /g)?.length, planted.length);
    assert.match(page, /1 group among 64 pictures; 4 copies could go/);
    assert.doesNotMatch(page, /<script|https?:/);
  });

  it("takes a run, whose bank proposes", async () => {
    const { code, stdout, stderr } = await duplicates(trained().run, "--json");
    assert.equal(code, 0, stderr);
    const { pictures } = JSON.parse(stdout) as { pictures: number };
    assert.equal(pictures, 200);
  });

  it("refuses a threshold out of range", async () => {
    const { code, stderr } = await duplicates("photos", "--threshold", "1.5");
    assert.equal(code, 2);
    assert.match(stderr, /--threshold: found 1\.5, expected above 0, at most 1/);
  });
});
