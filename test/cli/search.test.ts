import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { openDataset } from "../../src/data/dataset.js";
import { searchNearest } from "../../src/evaluate/search.js";
import { readModel } from "../../src/models/model.js";
import { picturesOfRun, readBank } from "../../src/models/pictures.js";
import { takeRows } from "../../src/search/vectors.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";
import { runCli } from "./executable.js";

interface Found {
  readonly query: object;
  readonly class: string | null;
  readonly found: readonly { readonly rank: number; readonly similarity: number; readonly id: string }[];
}

describe("onnx-instdisc search", () => {
  const trained = suiteRun();
  const folder = suiteFolder();
  const search = (...args: string[]) => runCli(["search", ...args, "--in", trained().run], { cwd: folder() });
  let id = "";

  before(async () => {
    const dataset = await openDataset((await picturesOfRun(trained().run)).train);
    id = dataset.id(7);
    const { width, height, channels, data } = await dataset.picture(7);
    await sharp(data, { raw: { width, height, channels } }).png().toFile(join(folder(), "query.png"));
  });

  it("finds by id what lies nearest in the bank, without the picture itself", async () => {
    const { code, stdout, stderr } = await search("--id", id, "--k", "5", "--json");
    assert.equal(code, 0, stderr);
    const [{ found }] = JSON.parse(stdout) as [Found];
    const bank = await readBank(await readModel(trained().run));
    const nearest = await searchNearest(takeRows(bank, [7]), bank, 6);
    const dataset = await openDataset((await picturesOfRun(trained().run)).train);
    const expected = Array.from(nearest.rows, (row) => dataset.id(Number(row))).filter((one) => one !== id);
    assert.deepEqual(
      found.map((one) => one.id),
      expected.slice(0, 5),
    );
    assert.deepEqual(
      found.map(({ rank }) => rank),
      [1, 2, 3, 4, 5],
    );
    found.forEach((one, at) => assert.ok(Math.abs(one.similarity - nearest.similarities[at + 1]!) < 1e-5));
  });

  it("finds by a picture file, for several queries at once, and prints a table for each", async () => {
    const { code, stdout, stderr } = await search("query.png", "--id", id, "--k", "3");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^query\.png\n {2} +cosine +id +class\n {2}1 +[01]\.\d{4} /);
    assert.equal(stdout.match(/^ {2}[123] /gm)?.length, 6);
    assert.doesNotMatch(stdout, /undefined|NaN/);
    assert.match(stdout, /\nNext: npx onnx-instdisc serve \S+\n$/);
    assert.equal(stderr, "Wrote build/search.html.\n");
  });

  it("writes a page that stands alone", async () => {
    const { code, stderr } = await search("query.png", "--id", id, "--out", "found.html");
    assert.deepEqual([code, stderr], [0, "Wrote found.html.\n"]);
    const page = readFileSync(join(folder(), "found.html"), "utf8");
    assert.equal(page.match(/<img /g)?.length, 22); // two queries with ten pictures each
    assert.equal(page.match(/src="data:image\/jpeg;base64,/g)?.length, 22);
    assert.doesNotMatch(page, /<script|https?:|src="(?!data:)/);
  });

  it("refuses what it cannot search for", async () => {
    const nobody = await search("--id", "nobody");
    assert.equal(nobody.code, 2);
    assert.match(nobody.stderr, /--id nobody: is not in .*, expected one of its 200 ids, such as /);
    writeFileSync(join(folder(), "torn.jpg"), "no picture");
    assert.match((await search("torn.jpg")).stderr, /torn\.jpg: found bytes that do not decode/);
    const nothing = await runCli(["search"], { cwd: folder() });
    assert.equal(nothing.code, 2);
    assert.match(nothing.stderr, /--in is missing.*nothing to search for/);
  });
});
