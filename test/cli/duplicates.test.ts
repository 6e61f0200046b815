import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { prefixSet, setsOfPaths } from "../../src/models/pictureSets.js";
import { ExactIndex } from "../../src/search/folder/exactIndex.js";
import { createIndexFolder } from "../../src/search/folder/store.js";
import { normalizeRows } from "../../src/search/vectors.js";
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

  describe("of an index", () => {
    const dim = 1024;
    /** So many vectors that threads search them. */
    const ROWS = 4200;

    before(async () => {
      mkdirSync(join(folder(), "more"));
      copyFileSync(join(folder(), "photos/0007.png"), join(folder(), "more/again.png"));
      const sets = await setsOfPaths(["photos", "more"].map((name) => join(folder(), name)));
      const path = join(folder(), "index");
      await createIndexFolder(path, { dim, precision: "float32", model: null, pictures: [] });
      const index = await ExactIndex.open(path);
      for (const { set } of sets) await index.addPictures((known) => prefixSet(known, set));
      const pictures = readdirSync(join(folder(), "photos"));
      const ids = Array.from({ length: ROWS }, (_, at) => pictures[at] ?? `vector ${at}`);
      const data = Float32Array.from({ length: ROWS * dim }, (_, at) => Math.sin(at * at));
      await index.add({ ids, vectors: normalizeRows({ count: ROWS, dim, data }) });
      await index.close();
    });

    it("names the files of all its sets, and ends although threads searched", async () => {
      // Ends what does not end of its own accord.
      const watch = (stderr: string, child: ChildProcess): void => {
        if (stderr.includes("alike from")) setTimeout(() => child.kill(), 20_000).unref();
      };
      const { code, stdout, stderr } = await runCli(["duplicates", "index"], { cwd: folder(), watch });
      assert.equal(code, 0, stderr);
      const copies = planted.filter((name) => !name.endsWith("large.jpg")).map((name) => `photos/${name}`);
      assert.deepEqual(stdout.trim().split("\n").sort(), ["more/again.png", ...copies]);
      assert.match(stderr, /65 pictures: 5 that could go, in 2 groups/);
    });

    it("refuses options that say what the index says", async () => {
      const { code, stderr } = await duplicates("index", "--model", trained().run, "--part", "train");
      assert.equal(code, 2);
      assert.match(stderr, /index: found --model, --part, expected none of these with a run or an index/);
    });
  });

  it("refuses a threshold out of range", async () => {
    const { code, stderr } = await duplicates("photos", "--threshold", "1.5");
    assert.equal(code, 2);
    assert.match(stderr, /--threshold: found 1\.5, expected above 0, at most 1/);
  });
});
