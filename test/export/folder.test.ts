import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ArtifactError, UsageError } from "../../src/errors.js";
import { checkFolder, replaceFolder } from "../../src/export/folder.js";
import { suiteFolder } from "../support/temporary.js";

/** Compiled, this file is dist/test/export/folder.test.js. */
const MODULE = pathToFileURL(join(import.meta.dirname, "../../src/export/folder.js")).href;
const KILLS = 20;

const isOurs = (name: string): boolean => /^(onnx\/model_\w+\.onnx|README\.md)$/.test(name);
const files = (letter: string, ...names: string[]): Map<string, Uint8Array> =>
  new Map(names.map((name) => [name, Buffer.alloc(50_000, letter)]));

/** All files below a folder with the first letter of each. */
function contents(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    entries
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8").slice(0, 1)]),
  );
}

describe("an exported folder", () => {
  const root = suiteFolder();
  const fresh = (name: string, ...present: string[]): string => {
    const folder = join(root(), name, "encoder");
    for (const file of present) {
      mkdirSync(join(folder, file, ".."), { recursive: true });
      writeFileSync(join(folder, file), "user");
    }
    return folder;
  };

  it("is made with its parents", async () => {
    const folder = fresh("new");
    assert.equal(await checkFolder(folder, false, isOurs), folder);
    await replaceFolder(folder, files("A", "README.md", "onnx/model_a.onnx"), isOurs);
    assert.deepEqual(contents(folder), { "README.md": "A", "onnx/model_a.onnx": "A" });
    assert.deepEqual(readdirSync(join(folder, "..")), ["encoder"]);
  });

  it("is refused where files lie, unless overwriting is asked for", async () => {
    const folder = fresh("full", "notes.txt");
    await assert.rejects(checkFolder(folder, false, isOurs), (error: Error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /^--out .*encoder: is not empty \(1 found\), expected .*--overwrite/);
      return true;
    });
    assert.equal(await checkFolder(folder, true, isOurs), folder);
  });

  it("loses what an earlier export wrote, and keeps what is the user's", async () => {
    const folder = fresh(
      "mixed",
      ".git/config",
      "notes.txt",
      "onnx/mine.onnx",
      "onnx/model_old.onnx",
      "README.md",
    );
    await replaceFolder(folder, files("A", "README.md", "onnx/model_a.onnx"), isOurs);
    assert.deepEqual(contents(folder), {
      ".git/config": "u",
      "README.md": "A",
      "notes.txt": "u",
      "onnx/mine.onnx": "u",
      "onnx/model_a.onnx": "A",
    });
  });

  it("is replaced where a link leads, and the link stays", async () => {
    const folder = fresh("linked", "README.md");
    const link = join(root(), "linked", "link");
    symlinkSync(folder, link);
    const found = await checkFolder(link, true, isOurs);
    await replaceFolder(found, files("A", "README.md"), isOurs);
    assert.deepEqual(contents(link), { "README.md": "A" });
    assert.equal(found, folder);
  });

  it("is never the current folder, nor one above it", async () => {
    for (const out of [".", "..", "/"]) {
      await assert.rejects(checkFolder(out, true, isOurs), /is the current folder or one above it/);
    }
  });

  it("stays as it was where the new one cannot be written", async () => {
    const folder = fresh("failing", "README.md", "notes.txt");
    const broken = new Map([
      ["README.md", Buffer.from("A")],
      ["README.md/below", Buffer.from("A")],
    ]);
    await assert.rejects(replaceFolder(folder, broken, isOurs), ArtifactError);
    assert.deepEqual(contents(folder), { "README.md": "u", "notes.txt": "u" });
    assert.deepEqual(readdirSync(join(folder, "..")), ["encoder"]);
  });

  it("comes back when the process was killed between the two renames", async () => {
    const folder = fresh("between", "README.md", "notes.txt");
    renameSync(folder, join(folder, "../.encoder.0123456789ab.old"));
    mkdirSync(join(folder, "../.encoder.0123456789ab.tmp"));
    await checkFolder(folder, true, isOurs);
    assert.deepEqual(contents(folder), { "README.md": "u", "notes.txt": "u" });
    assert.deepEqual(readdirSync(join(folder, "..")), ["encoder"]);
  });

  it(`is whole, old or new, after each of ${KILLS} kills in the middle of exports`, async () => {
    const folder = fresh("killed", "notes.txt");
    const program = `
      import { replaceFolder } from ${JSON.stringify(MODULE)};
      const isOurs = (name) => name !== "notes.txt";
      process.stdout.write("ready");
      for (let round = 0; ; round++) {
        const bytes = Buffer.alloc(50_000, round % 2 ? "A" : "B");
        const files = new Map(["a", "b", "onnx/c", "onnx/d"].map((name) => [name, bytes]));
        await replaceFolder(${JSON.stringify(folder)}, files, isOurs);
      }`;
    const seen = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(child.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, 3 + 4 * kill));
      child.kill("SIGKILL");
      await once(child, "exit");
      if (!existsSync(folder)) await checkFolder(folder, true, (name) => name !== "notes.txt");
      const { "notes.txt": notes, ...ours } = contents(folder);
      const letters = new Set(Object.values(ours));
      assert.ok([0, 4].includes(Object.keys(ours).length) && letters.size <= 1, JSON.stringify(ours));
      await checkFolder(folder, true, (name) => name !== "notes.txt");
      assert.equal(contents(folder)["notes.txt"], "u", `kill ${kill}: ${notes ?? "carried over later"}`);
      seen.add([...letters].join());
    }
    assert.ok(seen.has("A") || seen.has("B"), "no export was ever finished");
    assert.deepEqual(readdirSync(join(folder, "..")), ["encoder"]);
  });
});
