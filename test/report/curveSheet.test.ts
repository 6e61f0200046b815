import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawCurveSheet } from "../../src/report/curveSheet.js";
import { readRun } from "../../src/report/runRecords.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";

describe("the sheet of curves", () => {
  const trained = suiteRun();
  const folder = suiteFolder();

  it("is an SVG file of its own, with every curve but those of speed", async () => {
    const svg = (await drawCurveSheet(await readRun(trained().run)))!;
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="1000" height="\d+"/);
    for (const title of ["Accuracy on held-out pictures", "Loss", "Alignment", "Directions in use"])
      assert.ok(svg.includes(`>${title}</text>`), title);
    assert.doesNotMatch(svg, /Speed|<script|href=|NaN|undefined/);
    assert.equal(svg.split("<svg").length, svg.split("</svg>").length);
  });

  it("defines every colour that it uses", async () => {
    const svg = (await drawCurveSheet(await readRun(trained().run)))!;
    const used = new Set([...svg.matchAll(/var\((--[\w-]+)\)/g)].map(([, name]) => name!));
    assert.ok(used.size > 3);
    for (const name of used) assert.ok(svg.includes(`${name}:`), name);
  });

  it("is none where nothing was recorded yet", async () => {
    writeFileSync(join(folder(), "metrics.jsonl"), "");
    assert.equal(await drawCurveSheet(await readRun(folder())), null);
  });
});
