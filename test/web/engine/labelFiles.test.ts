import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "../../../src/run/crc32.js";
import {
  importJson,
  labelledRows,
  planFolders,
  printCsv,
  printJson,
  type Labelled,
} from "../../../src/web/engine/labelFiles.js";
import { Labelling } from "../../../src/web/engine/labelling.js";
import { zipParts } from "../../../src/web/engine/zip.js";
import { requirePython } from "../../support/python.js";
import { suiteFolder } from "../../support/temporary.js";

const IDS = ["a/1.jpg", 'b "x", y.png', "a/1.png", "c"];

function labelled(): { labelling: Labelling; rows: Labelled[] } {
  const labelling = new Labelling(IDS.length);
  for (const name of ["cat", "dog"]) labelling.addClass(name);
  labelling.label([1], "dog");
  const predictions = {
    classOf: Int32Array.of(0, 1, 0, 1),
    probability: Float32Array.of(0.75, 1, 0.5, 0.25),
    margin: new Float32Array(4),
    nearest: new Float32Array(4),
  };
  return { labelling, rows: labelledRows(labelling, predictions, 0.5) };
}

describe("label files", () => {
  const folder = suiteFolder();

  it("take examples, and predictions that are probable enough", () => {
    assert.deepEqual(labelled().rows, [
      { row: 0, className: "cat", probability: 0.75, example: false },
      { row: 1, className: "dog", probability: 1, example: true },
      { row: 2, className: "cat", probability: 0.5, example: false },
    ]);
  });

  it("are CSV with quotes where they are needed", () => {
    assert.equal(
      printCsv(labelled().rows, IDS),
      'id,class,probability,source\r\na/1.jpg,cat,0.7500,predicted\r\n"b ""x"", y.png",dog,1.0000,example\r\n' +
        "a/1.png,cat,0.5000,predicted\r\n",
    );
  });

  it("are JSON that brings classes and examples back, in one step", () => {
    const { labelling, rows } = labelled();
    const json = printJson("garments", labelling, rows, IDS);
    const other = new Labelling(IDS.length);
    other.addClass("old");
    const missing = importJson(json, "labels.json", other, [...IDS].reverse());
    assert.deepEqual([other.classes, [...other.examples], missing], [["cat", "dog"], [[2, "dog"]], []]);
    other.undo();
    assert.deepEqual(other.classes, ["old"]);
  });

  it("say which ids are not here, and refuse those of another collection, or no label file", () => {
    const { labelling, rows } = labelled();
    labelling.label([3], "cat");
    const json = printJson("garments", labelling, [...rows, { row: 3, className: "cat", probability: 1, example: true }], IDS); // prettier-ignore
    const other = new Labelling(1);
    assert.deepEqual(importJson(json, "labels.json", other, ["c"]), [IDS[1]]);
    assert.deepEqual([...other.examples], [[0, "cat"]]);
    assert.throws(
      () => importJson(json, "labels.json", other, ["z"]),
      /labels\.json: holds labels of garments, none of whose pictures is here/,
    );
    assert.throws(() => importJson("{}", "labels.json", other, ["c"]), /labels\.json.*choose a file that this page exported/s); // prettier-ignore
    assert.deepEqual([...other.examples], [[0, "cat"]]);
  });

  it("plan folders whose names fit every file system and never meet", () => {
    const rows = [0, 1, 2, 3].map((row) => ({ row, className: row === 3 ? ".." : "a:b", probability: 1, example: true })); // prettier-ignore
    assert.deepEqual(planFolders(rows, [IDS[0]!, IDS[1]!, "A/1.PNG", "../../x"], "jpg"), [
      { path: "a_b/a_1.jpg", row: 0 },
      { path: "a_b/b _x_, y.jpg", row: 1 },
      { path: "a_b/A_1-2.jpg", row: 2 },
      { path: "_/_.._x.jpg", row: 3 },
    ]);
  });

  it("pack into a zip file that other programs read", function () {
    assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
    const entries = ["cat/é 1.jpg", "dog/2.jpg"].map((path, at) => ({ path, bytes: new Uint8Array(999).fill(at + 7) })); // prettier-ignore
    const file = join(folder(), "labels.zip");
    writeFileSync(file, Buffer.concat(zipParts(entries)));
    assert.equal(readFileSync(file).subarray(0, 2).toString(), "PK");
    const python = requirePython(this, "zipfile");
    const code = `import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
for i in z.infolist(): print(i.filename, i.file_size, set(z.read(i)))`;
    const read = execFileSync(python, ["-X", "utf8", "-c", code, file], { encoding: "utf8" });
    assert.equal(read, "cat/é 1.jpg 999 {7}\ndog/2.jpg 999 {8}\n");
  });
});
