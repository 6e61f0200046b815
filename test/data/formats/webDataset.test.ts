/** @file Tar files of pictures: made by another library, indexed by our walk over their headers. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { openDataset } from "../../../src/data/dataset.js";
import { locateData } from "../../../src/data/locate.js";
import type { LocatedData } from "../../../src/data/locate.js";
import { idsOf, labelsOf, onlyPixel, plainPng, put, useTemporaryFolder } from "../fixtures.js";

type Members = readonly (readonly [name: string, content: Uint8Array | string])[];

async function tar(members: Members): Promise<Buffer> {
  const entries = members.map(([name, content]) => {
    const body = Buffer.from(content);
    return { header: { name, size: body.length, type: "file" as const }, body };
  });
  return Buffer.from(await packTar(entries));
}

describe("WebDataset's tar files", () => {
  const folder = useTemporaryFolder();
  const locate = (name = ""): Promise<LocatedData> => locateData(path.join(folder(), name), { seed: 1 });
  let red: Buffer;
  let blue: Buffer;
  before(async () => {
    [red, blue] = [await plainPng("#ff0000"), await plainPng("#0000ff")];
  });

  it("groups members by the name up to the first dot, and reads pictures by their place", async () => {
    const members: Members = [
      ["a/0001.cls", "1"],
      ["a/0001.png", red],
      ["a/0001.seg.png", blue],
      ["a/0002.PNG", blue],
      ["a/0002.json", '{"label": 0, "caption": "x"}'],
      ["a/0003.txt", "no picture"],
    ];
    await put(folder(), "one.tar", await tar(members));
    const { train } = await locateData(path.join(folder(), "one.tar"), { seed: 1, format: "webdataset" });
    assert.ok(train.kind === "picked");
    assert.deepEqual(await idsOf(train.whole), ["one.tar/a/0001.png", "one.tar/a/0002.PNG"]);
    assert.deepEqual(await labelsOf(train.whole), [1, 0]);
    const dataset = await openDataset(structuredClone(train.whole));
    assert.deepEqual(onlyPixel(await dataset.picture(1)), [0, 0, 255]);
    assert.deepEqual(onlyPixel(await dataset.picture(0)), [255, 0, 0]);
  });

  it("tells parts apart by the archives' names, and numbers the labels of both alike", async () => {
    await put(
      folder(),
      "x-train-000.tar",
      await tar([
        ["1.png", red],
        ["1.cls", "dog"],
      ]),
    );
    await put(
      folder(),
      "x-train-001.tar",
      await tar([
        ["1.png", red],
        ["1.cls", "cat"],
      ]),
    );
    await put(
      folder(),
      "x-val-000.tar",
      await tar([
        ["9.png", red],
        ["9.cls", "dog"],
      ]),
    );
    await put(
      folder(),
      "x-test-000.tar",
      await tar([
        ["9.png", red],
        ["9.cls", "cat"],
      ]),
    );
    const { train, evaluate } = await locate();
    assert.deepEqual(train.classNames, ["cat", "dog"]);
    assert.deepEqual(await idsOf(train), ["x-train-000.tar/1.png", "x-train-001.tar/1.png"]);
    assert.deepEqual([await labelsOf(train), await labelsOf(evaluate)], [[1, 0], [1]]);
  });

  it("reads names longer than a header holds, and leaves out hidden files", async () => {
    const long = `${"folder name/".repeat(30)}\u65e5\u672c.png`; // more than 255 bytes: a pax record
    await put(
      folder(),
      "a.tar",
      await tar([
        ["._1.png", blue],
        [long, red],
      ]),
    );
    const { train } = await locate();
    assert.deepEqual(await idsOf(train), [`a.tar/${long}`]);
    assert.deepEqual(onlyPixel(await (await openDataset(train)).picture(0)), [255, 0, 0]);
  });

  it("is identified by names and sizes of the pictures", async () => {
    const hash = async (...members: Members): Promise<string> => {
      await put(folder(), "a.tar", await tar(members));
      return (await locate()).train.sha256;
    };
    const first = await hash(["1.png", red]);
    assert.equal(await hash(["0.txt", "what is no picture"], ["1.png", red]), first);
    assert.notEqual(await hash(["1.png", Buffer.concat([red, red])]), first);
    assert.notEqual(await hash(["2.png", red]), first);
  });

  it("keeps what lies before the damage of an archive, and tells of the rest", async () => {
    const whole = await tar([
      ["1.png", red],
      ["2.png", red],
    ]);
    const file = await put(folder(), "a.tar", whole.subarray(0, 512 * 3 + 20)); // within the second picture
    const { train, skipped } = await locate();
    assert.deepEqual(await idsOf(train), ["a.tar/1.png"]);
    assert.equal(skipped[0]?.path, file);
    assert.match(skipped[0].reason, /too few for 2\.png .*; the rest of it$/);
  });

  it("names archive and member of a picture that is none", async () => {
    const file = await put(folder(), "a.tar", await tar([["1.png", "<html>"]]));
    const dataset = await openDataset((await locate()).train);
    await assert.rejects(dataset.picture(0), (error: Error) =>
      error.message.startsWith(`${file}/1.png: found text`),
    );
  });

  it("refuses a compressed archive and what is no archive", async () => {
    const file = await put(folder(), "a.tar", gzipSync(await tar([["1.png", red]])));
    assert.ok((await readFile(file)).length > 0);
    await assert.rejects(locate(), {
      name: "DataError",
      message: /a\.tar: found .*, expected a whole tar file, not compressed; unpack/,
    });
  });

  it("refuses pictures of which only some have labels", async () => {
    await put(
      folder(),
      "a.tar",
      await tar([
        ["1.png", red],
        ["1.cls", "1"],
        ["2.png", red],
      ]),
    );
    await assert.rejects(locate(), {
      name: "DataError",
      message: /found 1 of 2 pictures without a label, expected one for each or none at all/,
    });
  });
});
