import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodePng } from "../../src/data/encode.js";
import { embedPictures } from "../../src/models/embedPictures.js";
import { fillIndex } from "../../src/models/fillIndex.js";
import { readModel } from "../../src/models/model.js";
import { modelOfIndex, openIndex } from "../../src/models/openIndex.js";
import { locateSet, prefixSet, setsOfPaths } from "../../src/models/pictureSets.js";
import { ExactIndex } from "../../src/search/folder/exactIndex.js";
import { createIndexFolder } from "../../src/search/folder/store.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";

/** Pictures of one colour each, a.png, b.png, ... */
async function writePictures(folder: string, names: readonly string[], blue: number): Promise<string> {
  mkdirSync(folder, { recursive: true });
  for (const [at, name] of names.entries()) {
    const pixel = [40 * at, 255 - 40 * at, blue];
    const data = Uint8Array.from({ length: 3 * 20 * 20 }, (_, place) => pixel[place % 3]!);
    writeFileSync(join(folder, name), await encodePng({ width: 20, height: 20, data }));
  }
  return folder;
}

describe("an index folder of pictures", () => {
  const trained = suiteRun();
  const folder = suiteFolder();
  const names = ["a.png", "b.png", "c.png"];

  /** An index of the pictures of these paths, each set under its prefix. */
  async function makeIndex(name: string, paths: readonly (readonly string[])[]): Promise<string> {
    const path = join(folder(), name);
    const model = await readModel(trained().run);
    const { sha256, preprocessing, embeddingDim: dim } = model;
    const reference = { path: trained().run, sha256, preprocessing };
    await createIndexFolder(path, { dim, precision: "float32", model: reference, pictures: [] });
    const index = await ExactIndex.open(path);
    for (const some of paths) await addPaths(index, some);
    await index.close();
    return path;
  }

  async function addPaths(index: ExactIndex, paths: readonly string[]): Promise<number> {
    const model = await readModel(trained().run);
    let added = 0;
    for (const { set, files } of await setsOfPaths(paths)) {
      const noted = await index.addPictures((known) => prefixSet(known, set));
      const { sources } = await locateSet(noted, files ?? []);
      ({ added } = await fillIndex(index, model, sources, { commitEvery: 2 }));
    }
    return added;
  }

  it("finds each set's pictures again under its ids", async () => {
    const [one, two] = [join(folder(), "one"), join(folder(), "two")];
    await writePictures(one, names, 0);
    await writePictures(two, names, 200);
    const path = await makeIndex("two-sets", [[one], [two]]);
    const { backend, pictures, model } = await openIndex(path);
    assert.deepEqual([...backend.ids()], [...names, ...names.map((name) => `two/${name}`)]);
    for (const id of backend.ids()) {
      const { data } = await pictures!.dataset.picture(pictures!.rowOf(id)!);
      assert.equal(data[2], id.startsWith("two/") ? 200 : 0);
    }
    assert.equal(pictures!.rowOf("nobody"), null);
    assert.equal(model!.path, trained().run);
    assert.equal((await modelOfIndex(await openIndex(path), "")).sha256, model!.sha256);
    await backend.close();
  });

  it("has the vectors that embedding gives", async () => {
    const one = await writePictures(join(folder(), "same"), names, 30);
    const path = await makeIndex("same-vectors", [[one]]);
    const { backend, pictures } = await openIndex(path);
    const { ids, vectors } = await embedPictures(await readModel(trained().run), pictures!.source);
    for (const [row, id] of ids.entries()) {
      const found = (await backend.vectorOf(id))!;
      const wanted = vectors.data.subarray(row * vectors.dim, (row + 1) * vectors.dim);
      assert.ok(wanted.every((value, at) => Math.abs(value - found[at]!) < 1e-5));
    }
    await backend.close();
  });

  it("keeps single files beside sets, and leaves out what cannot be read", async () => {
    const [set, loose] = [join(folder(), "set"), join(folder(), "loose")];
    await writePictures(set, names, 10);
    await writePictures(loose, ["x.png"], 90);
    writeFileSync(join(set, "broken.png"), "not a picture");
    const path = await makeIndex("mixed", [[set], [join(loose, "x.png")]]);
    const { backend, pictures } = await openIndex(path);
    const ids = [...backend.ids()];
    assert.equal(ids.length, 4);
    assert.deepEqual(ids.slice(0, 3), names);
    const { data } = await pictures!.dataset.picture(pictures!.rowOf(ids[3]!)!);
    assert.equal(data[2], 90);
    await backend.close();
  });

  it("adds only what is missing where that is asked for", async () => {
    const set = await writePictures(join(folder(), "growing"), names, 10);
    const index = await ExactIndex.open(await makeIndex("growing-index", [[set]]));
    await writePictures(set, [...names, "d.png"], 10);
    const [named] = await setsOfPaths([set]);
    const noted = prefixSet(index.index.pictures, named!.set);
    const { sources } = await locateSet(noted, []);
    const filled = await fillIndex(index, await readModel(trained().run), sources, { onlyMissing: true });
    assert.deepEqual(filled, { added: 1, skipped: 3, broken: 0 });
    assert.deepEqual([...index.ids()], [...names, "d.png"]);
    await index.close();
  });

  it("refuses vectors of another model", async () => {
    const set = await writePictures(join(folder(), "other"), names, 10);
    const path = await makeIndex("other-index", [[set]]);
    const index = await ExactIndex.open(path);
    const model = { ...(await readModel(trained().run)), sha256: "0".repeat(64) };
    await assert.rejects(fillIndex(index, model, []), /has an encoder with sha256 000.*cannot be compared/);
    await index.close();
  });

  it("opens without its pictures when they are gone, and says why", async () => {
    const set = await writePictures(join(folder(), "leaving"), names, 10);
    const path = await makeIndex("left", [[set]]);
    renameSync(set, `${set}-elsewhere`);
    const { backend, pictures, withoutPictures } = await openIndex(path);
    assert.equal(pictures, null);
    assert.match(withoutPictures!, /leaving: found nothing that can be read/);
    assert.equal(backend.count, 3);
    await backend.close();
  });

  it("can be moved", async () => {
    const set = await writePictures(join(folder(), "staying"), names, 10);
    const path = await makeIndex("moving", [[set]]);
    cpSync(path, `${path}-copy`, { recursive: true });
    const { backend, pictures } = await openIndex(`${path}-copy`);
    assert.equal(pictures!.dataset.size, readdirSync(set).length);
    await backend.close();
  });
});
