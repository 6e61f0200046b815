/** @file Picture files in folders: what is listed, in which order, and what is said of files that are none. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmod, mkdir, symlink } from "node:fs/promises";
import path from "node:path";
import { openDataset } from "../../../src/data/dataset.js";
import { listFolder } from "../../../src/data/folders.js";
import type { SkippedPath } from "../../../src/data/folders.js";
import { findPictures } from "../../../src/data/formats/folder.js";
import type { FolderSource } from "../../../src/data/formats/folder.js";
import { idsOf, onlyPixel, plainPng, put, useTemporaryFolder } from "../fixtures.js";

describe("a folder of pictures", () => {
  const folder = useTemporaryFolder();
  const find = async (): Promise<FolderSource | null> => findPictures(await listFolder(folder()));

  it("has no labels when it is flat, and ignores what is not named like a picture", async () => {
    for (const name of ["10.png", "2.PNG", "notes.txt", ".DS_Store", "._2.png", "png"]) {
      await put(folder(), name, await plainPng("red"));
    }
    const source = await find();
    assert.ok(source);
    assert.deepEqual(await idsOf(source), ["2.PNG", "10.png"]);
    assert.equal(source.labels, null);
    const dataset = await openDataset(source);
    assert.equal(dataset.label(0), null);
    assert.equal(dataset.id(1), "10.png");
    assert.deepEqual(onlyPixel(await dataset.picture(1)), [255, 0, 0]);
  });

  it("takes class names from sub-folders at any depth and skips those without pictures", async () => {
    for (const name of ["dog/1.png", "cat/deep/er/1.png", "cat/2.png", "empty/readme.txt"]) {
      await put(folder(), name, await plainPng("red"));
    }
    const source = await find();
    assert.deepEqual(source?.classNames, ["cat", "dog"]);
    assert.deepEqual(await idsOf(source), ["cat/2.png", "cat/deep/er/1.png", "dog/1.png"]);
    assert.deepEqual([...(source.labels ?? [])], [0, 0, 1]);
  });

  it("follows links but not in circles", async () => {
    await put(folder(), "cat/1.png", await plainPng("red"));
    await symlink(path.join(folder(), "cat"), path.join(folder(), "cat", "again"));
    await symlink(path.join(folder(), "cat"), path.join(folder(), "kitten"));
    await symlink(folder(), path.join(folder(), "top"));
    await symlink("../..", path.join(folder(), "cat", "further up"));
    assert.deepEqual(await idsOf(await find()), ["cat/1.png", "kitten/1.png"]);
  });

  it("refuses pictures beside class folders", async () => {
    await put(folder(), "stray.png", await plainPng("red"));
    await put(folder(), "cat/1.png", await plainPng("red"));
    await assert.rejects(find(), {
      name: "DataError",
      message: /found 1 pictures \(stray\.png, \.\.\.\) beside folders of pictures \(cat, \.\.\.\)/,
    });
  });

  it("names the path of a file that is no picture, or is gone, when it is read", async () => {
    const broken = await put(folder(), "1.jpg", "<html>");
    await symlink(path.join(folder(), "nowhere"), path.join(folder(), "2.jpg"));
    const source = await find();
    assert.ok(source);
    const dataset = await openDataset(source);
    await assert.rejects(dataset.picture(0), (error: Error) =>
      error.message.startsWith(`${broken}: found text`),
    );
    await assert.rejects(dataset.picture(1), { name: "DataError", message: /2\.jpg: found nothing there/ });
    await assert.rejects(dataset.picture(2), { name: "DataError", message: /found row 2, expected 0 to 1/ });
  });

  it("is identified by the ids in their order, each with a zero byte after it", async () => {
    for (const name of ["10.png", "2.png"]) await put(folder(), name, "");
    const expected = createHash("sha256")
      .update("2.png\0" + "10.png\0")
      .digest("hex");
    assert.equal((await find())?.sha256, expected);
  });

  it("goes on without a sub-folder that cannot be read, and tells of it", async function () {
    if (process.getuid?.() !== 0) {
      console.log("      skipped: gives up and takes back the rights of root, so it needs to be root");
      return this.skip();
    }
    await put(folder(), "cat/1.png", await plainPng("red"));
    const locked = path.join(folder(), "cat", "locked");
    await mkdir(locked);
    await chmod(locked, 0);
    await chmod(folder(), 0o755);
    const skipped: SkippedPath[] = [];
    process.seteuid!(65534); // as nobody: root may read everything
    try {
      const source = await findPictures(await listFolder(folder()), { knownClasses: null, skipped });
      assert.deepEqual(await idsOf(source), ["cat/1.png"]);
    } finally {
      process.seteuid!(0);
    }
    assert.deepEqual(skipped, [{ path: locked, reason: "no permission to read it" }]);
  });

  it("tells of a folder named like a picture that holds none", async () => {
    await put(folder(), "1.png", "");
    await mkdir(path.join(folder(), "2.png"));
    const skipped: SkippedPath[] = [];
    await findPictures(await listFolder(folder()), { knownClasses: null, skipped });
    assert.deepEqual(skipped, [{ path: path.join(folder(), "2.png"), reason: "a folder without pictures" }]);
  });

  it("gives a cached picture again without reading the file", async () => {
    const file = await put(folder(), "1.png", await plainPng("red"));
    const source = await find();
    assert.ok(source);
    const cached = await openDataset(source, 18); // bytes: exactly one picture of 3 x 2 x 3
    const uncached = await openDataset(source, 17);
    await Promise.all([cached.picture(0), uncached.picture(0)]);
    await put(path.dirname(file), "1.png", await plainPng("blue"));
    assert.deepEqual(onlyPixel(await cached.picture(0)), [255, 0, 0]);
    assert.deepEqual(onlyPixel(await uncached.picture(0)), [0, 0, 255]);
  });
});
