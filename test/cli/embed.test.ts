import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { asFloat32 } from "../../src/ir/rawTensor.js";
import { readModel } from "../../src/models/model.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";
import { runCli } from "./executable.js";
import { writeClassFolders } from "./pictures.js";

describe("onnx-instdisc embed", () => {
  const trained = suiteRun();
  const folder = suiteFolder();
  const embed = (...args: string[]) => runCli(["embed", trained().run, ...args], { cwd: folder() });
  const read = (name: string) => {
    const { tensors, metadata } = readSafetensors(readFileSync(join(folder(), name)), name);
    const ids = Buffer.from(tensors.get("ids")!.bytes).toString().split("\0").slice(0, -1);
    return { ids, vectors: tensors.get("vectors")!, labels: tensors.get("labels"), metadata };
  };

  before(() => writeClassFolders(join(folder(), "pictures"), 40));

  it("writes vectors of a folder's pictures, with ids, labels and what made them", async () => {
    const { code, stdout } = await embed("pictures", "--out", "v.safetensors");
    assert.equal(code, 0);
    assert.equal(stdout, "Wrote v.safetensors: 40 vectors of 8 numbers.\n");
    const { ids, vectors, labels, metadata } = read("v.safetensors");
    assert.deepEqual([vectors.shape, labels?.shape], [[40, 8], [40]]);
    assert.deepEqual(
      new Set(ids),
      new Set(Array.from({ length: 40 }, (_, at) => `class${at % 4}/${at}.png`)),
    );
    assert.equal(metadata["modelSha256"], (await readModel(trained().run)).sha256);
    const norm = Math.hypot(...asFloat32(vectors, "vectors").subarray(0, 8));
    assert.ok(Math.abs(norm - 1) < 1e-5);
  });

  it("gives a picture the same vector alone as in its folder, under the name that the user gave", async () => {
    await embed("pictures", "--out", "all.safetensors");
    const { code } = await embed("./pictures/class1/5.png", "--out", "one.safetensors");
    assert.equal(code, 0);
    const [all, one] = [read("all.safetensors"), read("one.safetensors")];
    assert.deepEqual(one.ids, ["./pictures/class1/5.png"]);
    const row = all.ids.indexOf("class1/5.png");
    const expected = asFloat32(all.vectors, "all").subarray(row * 8, (row + 1) * 8);
    asFloat32(one.vectors, "one").forEach((value, at) => assert.ok(Math.abs(value - expected[at]!) < 1e-6));
  });

  it("tells a broken picture once and leaves it out, and refuses it when data is strict", async () => {
    const broken = join(folder(), "broken");
    mkdirSync(broken);
    for (const name of readdirSync(join(folder(), "pictures/class0")).slice(0, 3))
      copyFileSync(join(folder(), "pictures/class0", name), join(broken, name));
    writeFileSync(join(broken, "torn.png"), "no picture");
    const { code, stderr, stdout } = await embed("broken", "--out", "b.safetensors");
    assert.equal(code, 0);
    assert.equal(stderr.match(/broken picture: .*torn\.png/g)?.length, 1);
    assert.match(stdout, /3 vectors of 8 numbers, 1 picture left out/);
    assert.ok(!read("b.safetensors").ids.includes("torn.png"));
    const strict = await embed("broken", "--out", "c.safetensors", "--strict-data");
    assert.equal(strict.code, 1);
    assert.match(strict.stderr, /torn\.png: found bytes that do not decode/);
    assert.ok(!readdirSync(folder()).includes("c.safetensors"));
  });

  it("keeps the ids of both parts and of several paths apart", async () => {
    const { pictures } = trained();
    const { code, stderr } = await embed(pictures, "pictures", "--out", "two.safetensors");
    assert.equal(code, 0, stderr);
    const { ids } = read("two.safetensors");
    assert.deepEqual([ids.length, new Set(ids).size], [280, 280]);
    assert.ok(ids.includes("pictures/class0/0.png"));
  });

  it("embeds one part alone, and the features before the last layer, and prints JSON", async () => {
    const args = [trained().pictures, "--part", "evaluate", "--output", "pooler_output", "--json"];
    const { code, stdout } = await embed(...args, "--out", "part.npy");
    assert.equal(code, 0);
    const { files, pictures, dim } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([files, pictures, dim], [["part.npy", "part.npy.json"], 40, 32]);
  });

  it("refuses what it cannot do before it begins", async () => {
    assert.match((await embed("pictures")).stderr, /--out is missing, expected a file to write/);
    const { code, stderr } = await embed("pictures", "--out", "v.csv");
    assert.equal(code, 2);
    assert.match(stderr, /v\.csv: ends in \.csv, expected \.npy/);
    const missing = await embed("nowhere", "--out", "v.npy");
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /nowhere: found nothing that can be read/);
  });
});
