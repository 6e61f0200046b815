import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseTuningCache, type Answer } from "../../src/artifact/tuning.js";
import { TuningCache } from "../../src/tune/cache.js";
import { suiteFolder } from "../support/temporary.js";
import { MACHINE } from "./smallStep.js";

const answer = (choice: string): Answer => ({ choice, among: ["a", "b"], ms: { a: 1, b: 2 }, mode: "fast" });
/** Compiled, this file is dist/test/tune/cache.test.js. */
const WRITER = join(import.meta.dirname, "cacheWriter.js");

describe("the cache of answers", () => {
  const folder = suiteFolder();
  const open = (file: string, machine = MACHINE) => {
    const said: string[] = [];
    return { cache: new TuningCache(machine, (line) => said.push(line), join(folder(), file)), said };
  };

  it("gives back what was remembered, to later openers too", async () => {
    const { cache, said } = open("new/folder/tuning.json");
    assert.deepEqual([...(await cache.answers())], []);
    await cache.remember(new Map([["Conv x", answer("a")]]));
    await cache.remember(new Map([["Conv y", answer("b")]]));
    await cache.remember(new Map([["Conv x", answer("b")]]));
    const known = await open("new/folder/tuning.json").cache.answers();
    assert.deepEqual(
      [...known],
      [
        ["Conv x", answer("b")],
        ["Conv y", answer("b")],
      ],
    );
    assert.deepEqual(said, []);
  });

  it("keeps machines apart: processor, platform, runtime, threads, provider and layout", async () => {
    const others = [
      { processor: "Another" },
      { platform: "darwin arm64" },
      { onnxruntime: "1.30.0" },
      { threads: 2 },
      { provider: "webgpu" as const },
      { blockSize: 16 },
    ];
    await open("machines.json").cache.remember(new Map([["Conv x", answer("a")]]));
    for (const other of others) {
      const { cache } = open("machines.json", { ...MACHINE, ...other });
      assert.deepEqual([...(await cache.answers())], [], JSON.stringify(other));
      await cache.remember(new Map([["Conv x", answer("b")]]));
    }
    assert.equal((await open("machines.json").cache.answers()).get("Conv x")!.choice, "a");
  });

  it("passes over a damaged file, says so, and replaces it", async () => {
    const file = join(folder(), "damaged.json");
    for (const text of ["", '{"format": "onnx-inst', '{"format":"another"}', "[]"]) {
      writeFileSync(file, text);
      const { cache, said } = open("damaged.json");
      assert.deepEqual([...(await cache.answers())], []);
      assert.equal(said.length, 1);
      assert.match(
        said[0]!,
        /^passed over: \S+damaged\.json: .+; what it held is measured again, and it is replaced$/,
      );
      await cache.remember(new Map([["Conv x", answer("a")]]));
      assert.equal((await open("damaged.json").cache.answers()).size, 1);
    }
  });

  it("goes without a place to write, and says so", async () => {
    mkdirSync(join(folder(), "taken.json"));
    const { cache, said } = open("taken.json");
    assert.equal((await cache.answers()).size, 0);
    await cache.remember(new Map([["Conv x", answer("a")]]));
    assert.match(said[0]!, /^passed over: \S+taken\.json: cannot be read \(EISDIR\)$/);
    assert.match(said[1]!, /^not remembered: \S+taken\.json: cannot be written \(EISDIR\)/);
  });

  it("is whole at every moment while several processes write it", async () => {
    const file = join(folder(), "shared.json");
    const writers = ["p", "q", "r"].map(
      (name) =>
        new Promise<number | null>((resolve) =>
          spawn(process.execPath, [WRITER, file, name], { stdio: "inherit" }).on("close", resolve),
        ),
    );
    let [isDone, reads] = [false, 0];
    const ended = Promise.all(writers).finally(() => (isDone = true));
    while (!isDone) {
      const { cache, said } = open("shared.json");
      await cache.answers();
      assert.deepEqual(said, []);
      reads++;
    }
    assert.deepEqual(await ended, [0, 0, 0]);
    assert.ok(reads > 3);
    const { machines } = parseTuningCache(readFileSync(file, "utf8"), file);
    assert.ok(Object.keys(Object.values(machines)[0]!).length >= 20, "the answers of one writer at least");
    assert.deepEqual(
      readdirSync(folder()).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });
});
