/** @file Labels are for measuring: proved from the sources, since no run can show what it never does. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { importsOf, ROOT, sourcesIn } from "../support/sources.js";

/** Where a data set may be in hand. In src/data/formats, one may be made of another. */
const SEES_PICTURES = /^src\/(data\/[^/]*\.ts|evaluate\/|train\/|run\/|report\/|config\/|models\/|cli\/)/;

/** true: somewhere in the file, `label` is taken out of something, called or not. */
function readsLabel(file: string): boolean {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(ROOT, file), "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const visit = (node: ts.Node): boolean =>
    (ts.isPropertyAccessExpression(node) && node.name.text === "label") ||
    (ts.isElementAccessExpression(node) &&
      ts.isStringLiteralLike(node.argumentExpression) &&
      node.argumentExpression.text === "label") ||
    (ts.isBindingElement(node) &&
      ts.isObjectBindingPattern(node.parent) &&
      (node.propertyName ?? node.name).getText(source) === "label") ||
    ts.forEachChild(node, (child) => visit(child) || undefined) === true;
  return visit(source);
}

describe("labels", () => {
  const files = [...sourcesIn("src"), ...sourcesIn("graphs")];

  it("are read by src/evaluate/labels.ts alone", () => {
    assert.deepEqual(
      files.filter((file) => SEES_PICTURES.test(file) && readsLabel(file)),
      ["src/evaluate/labels.ts"],
    );
  });

  it("come from there to where accuracy is measured or pictures are named, and no farther", () => {
    const importers = files.filter((file) =>
      importsOf(file).some(({ to }) => to === "src/evaluate/labels.ts"),
    );
    assert.deepEqual(importers, [
      "src/evaluate/monitor.ts",
      "src/export/agreement.ts",
      "src/models/embedPictures.ts",
      "src/models/knn.ts",
      "src/models/searchPictures.ts",
      "src/serve/collection/source.ts",
    ]);
  });
});
