/** @file The README's programs compile against the package's own types, as a reader would have them. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { ROOT } from "./support/sources.js";

const BLOCK = /^```ts\n(.*?)^```$/gms;

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts"],
  types: ["node"],
  typeRoots: [join(ROOT, "node_modules/@types")],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
};

describe("the README", () => {
  it("has programs that compile", () => {
    const programs = [...readFileSync(join(ROOT, "README.md"), "utf8").matchAll(BLOCK)].map(
      ([, text]) => text!,
    );
    assert.ok(programs.length >= 7, `${programs.length} programs`);
    // Inside of the package, where "onnx-instdisc" means itself.
    const folder = mkdtempSync(join(ROOT, "dist/readme-"));
    try {
      const files = programs.map((text, at) => {
        const file = join(folder, `${at}.mts`);
        writeFileSync(file, text);
        return file;
      });
      const found = ts.getPreEmitDiagnostics(ts.createProgram(files, OPTIONS));
      assert.deepEqual(
        found.map(({ messageText, file, start }) => {
          const line = file && start !== undefined ? file.text.slice(start).split("\n")[0] : "";
          return `${ts.flattenDiagnosticMessageText(messageText, "\n")} at: ${line}`;
        }),
        [],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
