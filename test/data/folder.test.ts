/** @file Picture files: what is decoded to what, and what is refused with which words. */

import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import path from "node:path";
import sharp from "sharp";
import type { Color, Sharp } from "sharp";
import { openDataset } from "../../src/data/dataset.js";
import type { Picture } from "../../src/data/dataset.js";
import { decodePicture } from "../../src/data/decode.js";
import { listFolder } from "../../src/data/files.js";
import { findPictures } from "../../src/data/folder.js";
import type { FolderSource } from "../../src/data/folder.js";
import { plainPng, put, speckle, useTemporaryFolder } from "./fixtures.js";

/** The one pixel value that fills the picture. */
function onlyPixel({ data, channels }: Picture): number[] {
  const pixel = [...data.subarray(0, channels)];
  assert.deepEqual(
    [...data],
    [...data].map((_, at) => pixel[at % channels]),
  );
  return pixel;
}

describe("decodePicture", () => {
  const canvas = (background: Color, channels: 3 | 4 = 3): Sharp =>
    sharp({ create: { width: 3, height: 2, channels, background } });

  for (const format of ["jpeg", "png", "webp", "gif", "tiff", "avif"] as const) {
    it(`reads ${format}`, async () => {
      const picture = await decodePicture(await canvas("#ff8000").toFormat(format).toBuffer(), format);
      assert.deepEqual([picture.width, picture.height, picture.channels], [3, 2, 3]);
      const [red = 0, green = 0, blue = 0] = picture.data;
      assert.ok(Math.abs(red - 255) < 6 && Math.abs(green - 128) < 6 && blue < 6, `${red} ${green} ${blue}`);
    });
  }

  it("keeps a gray picture in one channel, also one saved in colour or with 16 bits", async () => {
    const gray = canvas("#808080");
    for (const bytes of [
      await gray.clone().toColourspace("b-w").png().toBuffer(),
      await gray.clone().png().toBuffer(),
      await gray.clone().toColourspace("grey16").png().toBuffer(),
    ]) {
      const picture = await decodePicture(bytes, "gray");
      assert.equal(picture.channels, 1);
      assert.deepEqual(onlyPixel(picture), [128]);
    }
  });

  it("lays transparency over white", async () => {
    const bytes = await canvas({ r: 255, g: 0, b: 0, alpha: 0.2 }, 4).png().toBuffer();
    assert.deepEqual(onlyPixel(await decodePicture(bytes, "red")), [255, 204, 204]);
  });

  it("turns a picture upright by its EXIF orientation", async () => {
    // Left pixel black, right pixel white; orientation 6: turn a quarter clockwise to show, so black on top.
    const raw = { width: 2, height: 1, channels: 3 } as const;
    const bytes = await sharp(Uint8Array.of(0, 0, 0, 255, 255, 255), { raw })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    const { width, height, data } = await decodePicture(bytes, "sideways");
    assert.deepEqual([width, height, [...data]], [1, 2, [0, 255]]);
  });

  it("converts CMYK to RGB", async () => {
    const picture = await decodePicture(
      await canvas("#ff0000").toColourspace("cmyk").jpeg().toBuffer(),
      "cmyk",
    );
    assert.equal(picture.channels, 3);
    const [red = 0, green = 0] = picture.data;
    assert.ok(red > 200 && green < 60);
  });

  const hostile: [string, () => Promise<Uint8Array> | Uint8Array, RegExp][] = [
    ["an empty file", () => Buffer.alloc(0), /found an empty file/],
    ["the web page a failed download left", () => Buffer.from("\n<!doctype html>"), /text that begins with "<!doctype html>"/],
    ["an error in JSON", () => Buffer.from('{"error":404}'), /text that begins with/],
    ["an SVG drawing", () => Buffer.from("\ufeff<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"), /text that begins with "<svg/],
    ["random bytes", () => speckle(5000), /bytes that do not decode \(Input buffer contains unsupported image format\)/],
    ["a JPEG cut in half", async () => (await sharp(speckle(30_000), { raw: { width: 100, height: 100, channels: 3 } }).jpeg().toBuffer()).subarray(0, 2000), /do not decode \(.*premature end/],
    ["a PNG cut in half", async () => (await sharp(speckle(30_000), { raw: { width: 100, height: 100, channels: 3 } }).png().toBuffer()).subarray(0, 2000), /do not decode/],
    ["a PNG header that claims 65,000 x 65,000 pixels", async () => {
      const bytes = await plainPng("red");
      bytes.writeUInt32BE(65_000, 16);
      bytes.writeUInt32BE(65_000, 20);
      return bytes;
    }, /do not decode/],
  ]; // prettier-ignore
  for (const [what, make, found] of hostile) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(decodePicture(await make(), "holiday.jpg"), (error: Error) => {
        assert.equal(error.name, "DataError");
        assert.match(error.message, found);
        assert.match(
          error.message,
          /^holiday\.jpg: found .* expected a whole picture .*; replace the file or take/,
        );
        return true;
      });
    });
  }
});

describe("a folder of pictures", () => {
  const folder = useTemporaryFolder();
  const find = async (): Promise<FolderSource | null> => findPictures(await listFolder(folder()));

  it("has no labels when it is flat, and ignores what is not named like a picture", async () => {
    for (const name of ["10.png", "2.PNG", "notes.txt", ".DS_Store", "._2.png", "png"]) {
      await put(folder(), name, await plainPng("red"));
    }
    const source = await find();
    assert.deepEqual(source?.files, ["2.PNG", "10.png"]);
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
    assert.deepEqual(source.files, ["cat/2.png", "cat/deep/er/1.png", "dog/1.png"]);
    assert.deepEqual([...(source.labels ?? [])], [0, 0, 1]);
  });

  it("follows links but not in circles", async () => {
    await put(folder(), "cat/1.png", await plainPng("red"));
    await symlink(path.join(folder(), "cat"), path.join(folder(), "cat", "again"));
    await symlink(path.join(folder(), "cat"), path.join(folder(), "kitten"));
    assert.deepEqual((await find())?.files, ["cat/1.png", "kitten/1.png"]);
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
});
