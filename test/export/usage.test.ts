/** @file The programs in a model card, taken out of it and run as they stand. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { EXPORTED, suiteExport } from "../support/exportedRun.js";
import { requirePython } from "../support/python.js";
import { ROOT } from "../support/sources.js";
import { suiteFolder } from "../support/temporary.js";

const run = promisify(execFile);

describe("a program in a model card", () => {
  const exported = suiteExport();
  const root = suiteFolder();

  before(() => {
    symlinkSync(exported().folder, join(root(), EXPORTED));
    symlinkSync(join(ROOT, "node_modules"), join(root(), "node_modules"));
    copyFileSync(join(ROOT, "tools/pictures/neighbours.jpg"), join(root(), "photo.jpg"));
  });

  const programs = (language: string): string[] => {
    const card = readFileSync(join(exported().folder, "README.md"), "utf8");
    return [...card.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(
      ([, code]) => code!,
    );
  };
  const start = async (command: string, file: string, code: string): Promise<string> => {
    writeFileSync(join(root(), file), code);
    const { stdout, stderr } = await run(command, [file], { cwd: root() });
    assert.equal(stderr, "");
    return stdout;
  };

  it("needs ten lines or so", () => {
    for (const code of [...programs("js"), ...programs("python")])
      assert.ok(code.trim().split("\n").length <= 10, code);
  });

  it("embeds a picture with transformers.js", async () => {
    assert.equal(await start(process.execPath, "transformers.mjs", programs("js")[0]!), "8\n");
  });

  it("embeds a picture with ONNX Runtime in Node, from its pixels", async () => {
    assert.equal(await start(process.execPath, "runtime.mjs", programs("js")[1]!), "8\n");
  });

  it("embeds a picture in Python, from its pixels", async function () {
    const python = requirePython(this, "onnxruntime", "numpy", "PIL");
    assert.equal(await start(python, "runtime.py", programs("python")[0]!), "(1, 8)\n");
  });
});
