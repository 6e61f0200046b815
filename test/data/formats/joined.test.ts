import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDataset } from "../../../src/data/dataset.js";
import { encodePng } from "../../../src/data/encode.js";
import { joinSources } from "../../../src/data/formats/joined.js";
import { locateData } from "../../../src/data/locate.js";
import { DataError } from "../../../src/errors.js";
import { suiteFolder } from "../../support/temporary.js";

describe("joined sources", () => {
  const folder = suiteFolder();

  /** Class folders with one picture each, of one colour. */
  async function source(name: string, classes: readonly string[], gray: number) {
    for (const one of classes) {
      mkdirSync(join(folder(), name, one), { recursive: true });
      const data = new Uint8Array(3 * 4 * 4).fill(gray);
      writeFileSync(join(folder(), name, one, "0.png"), await encodePng({ width: 4, height: 4, data }));
    }
    return (await locateData(join(folder(), name), { seed: 0, format: "flat" })).train;
  }

  /** The same with the folders as labels, none held out. */
  async function labelled(name: string, classes: readonly string[], gray: number) {
    await source(`${name}/train`, classes, gray);
    await source(`${name}/val`, classes, gray);
    return (await locateData(join(folder(), name), { seed: 0 })).train;
  }

  it("have the rows of each part after those of the one before, under its prefix", async () => {
    const [a, b] = [await source("a", ["x", "y"], 10), await source("b", ["x"], 200)];
    const parts = [
      { source: a, prefix: "" },
      { source: b, prefix: "b/" },
    ];
    const joined = joinSources(parts, "both");
    const dataset = await openDataset(structuredClone(joined));
    const rows = [0, 1, 2];
    assert.equal(dataset.size, 3);
    assert.deepEqual(
      rows.map((row) => dataset.id(row)),
      ["x/0.png", "y/0.png", "b/x/0.png"],
    );
    assert.deepEqual(
      await Promise.all(rows.map(async (row) => (await dataset.picture(row)).data[0])),
      [10, 10, 200],
    );
    assert.throws(() => dataset.id(3), DataError);
    await assert.rejects(dataset.picture(-1), DataError);
    const other = joinSources([parts[0]!, { source: b, prefix: "c/" }], "both");
    assert.notEqual(joined.sha256, other.sha256);
  });

  it("have the classes of all, the same where their names are", async () => {
    const [a, b] = [await labelled("la", ["cat", "dog"], 10), await labelled("lb", ["dog", "emu"], 20)];
    const parts = [a, b].map((part, at) => ({ source: part, prefix: `${at}/` }));
    const dataset = await openDataset(joinSources(parts, "both"));
    assert.deepEqual(dataset.classNames, ["cat", "dog", "emu"]);
    assert.deepEqual(
      [0, 1, 2, 3].map((row) => dataset.label(row)),
      [0, 1, 1, 2],
    );
  });

  it("are the part itself where there is one without a prefix", async () => {
    const a = await source("alone", ["x"], 10);
    assert.equal(joinSources([{ source: a, prefix: "" }], "one"), a);
    assert.notEqual(joinSources([{ source: a, prefix: "p/" }], "one"), a);
  });
});
