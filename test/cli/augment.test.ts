/** @file Contact sheets as a user asks for them. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import sharp from "sharp";
import { main } from "../../src/cli/main.js";
import { suiteFolder } from "../support/temporary.js";

/** 4×4 pixels, red on the left and blue on the right. */
const HALVES = Uint8Array.from({ length: 48 }, (_, at) => {
  const left = Math.floor(at / 3) % 4 < 2;
  return at % 3 === (left ? 0 : 2) ? 255 : 0;
});
const RED = [255, 0, 0];
const BLUE = [0, 0, 255];
const WHITE = [255, 255, 255];

/** Views of 4 pixels are drawn 28 times as large; 4 pixels lie between tiles. */
const VIEW = 4 * 28;
const CELL = VIEW + 4;
const SMALL = ["--image-size", "4"];
/** All of a square picture, unchanged. */
const UNCHANGED = ["--crop-scale", "1", "--flip", "0", "--jitter", "0", "--gray", "0"];

async function augment(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new PassThrough({ encoding: "utf8" }), new PassThrough({ encoding: "utf8" })];
  const io = { stdout, stderr, isTerminal: false, onInterrupt: () => () => undefined };
  const code = await main(["augment", ...args], io);
  const said = (stream: PassThrough): string => (stream.read() as string | null) ?? "";
  return { code, stdout: said(stdout), stderr: said(stderr) };
}

interface Sheet {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue. */
  pixel(x: number, y: number): number[];
  /** A pixel of the tile at a row and column, as a share of its width and height. */
  tile(row: number, column: number, across: number, down: number): number[];
}

async function readSheet(file: string): Promise<Sheet> {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.format, info.channels], ["raw", 3]);
  const pixel = (x: number, y: number): number[] => [
    ...data.subarray(3 * (y * info.width + x), 3 * (y * info.width + x) + 3),
  ];
  const tile: Sheet["tile"] = (row, column, across, down) =>
    pixel(4 + column * CELL + Math.floor(across * VIEW), 4 + row * CELL + Math.floor(down * VIEW));
  return { width: info.width, height: info.height, pixel, tile };
}

describe("onnx-instdisc augment", () => {
  const folder = suiteFolder();
  const at = (name: string): string => join(folder(), name);

  before(async () => {
    const halves = { raw: { width: 4, height: 4, channels: 3 } } as const;
    for (const name of ["halves", "mixed", "broken", "wide"]) mkdirSync(at(name));
    for (const name of ["halves/a", "halves/b", "halves/c", "mixed/b"])
      await sharp(HALVES, halves).toFile(at(`${name}.png`));
    await sharp(HALVES, { raw: { width: 8, height: 2, channels: 3 } }).toFile(at("wide/a.png"));
    for (const name of ["mixed/a", "broken/a", "broken/b"]) writeFileSync(at(`${name}.png`), "no picture");
  });

  it("draws each picture and its views in a row, gaps between and around them", async () => {
    const out = at("plain.png");
    const all = ["--data", at("halves"), "--pictures", "2", "--views", "3", "--out", out];
    const { code, stdout, stderr } = await augment(...all, ...SMALL, ...UNCHANGED);
    assert.deepEqual([code, stderr], [0, ""]);
    const report = `Wrote ${out}: 2 pictures, 3 views of each (epochs 0 to 2) of 4 pixels, each pixel drawn 28×28.`;
    assert.ok(
      stdout.startsWith(`${report}\nViews: crop 1-1 of the area, ratio 0.75-1.333, flip 0, `),
      stdout,
    );
    const sheet = await readSheet(out);
    assert.deepEqual([sheet.width, sheet.height], [4 + 4 * CELL, 4 + 2 * CELL]);
    for (const row of [0, 1]) {
      for (const column of [0, 1, 2, 3]) {
        assert.deepEqual([sheet.tile(row, column, 0, 0), sheet.tile(row, column, 0.49, 0.99)], [RED, RED]);
        assert.deepEqual(
          [sheet.tile(row, column, 0.5, 0), sheet.tile(row, column, 0.99, 0.99)],
          [BLUE, BLUE],
        );
      }
    }
    for (const [x, y] of [
      [0, 0],
      [3, 60],
      [4 + VIEW, 60],
      [60, 4 + VIEW],
      [sheet.width - 1, sheet.height - 1],
    ] as const)
      assert.deepEqual(sheet.pixel(x, y), WHITE);
  });

  it("shows what an option does, beside a picture that stays as it is", async () => {
    const out = at("flipped.png");
    const asked = ["--flip", "1", "--gray", "1", "--pictures", "1", "--views", "1"];
    const unchanged = ["--crop-scale", "1", "--jitter", "0"];
    const { code } = await augment("--data", at("halves"), "--out", out, ...SMALL, ...unchanged, ...asked);
    assert.equal(code, 0);
    const sheet = await readSheet(out);
    assert.deepEqual([sheet.tile(0, 0, 0, 0), sheet.tile(0, 0, 0.99, 0)], [RED, BLUE]);
    // Grays of blue and of red: 0.114 · 255 = 29.07, 0.2989 · 255 = 76.2.
    assert.deepEqual([sheet.tile(0, 1, 0, 0), sheet.tile(0, 1, 0.99, 0)], [[29, 29, 29], [76, 76, 76]]); // prettier-ignore
  });

  it("blurs the views when asked", async () => {
    const out = at("blurred.png");
    const asked = ["--blur", "1", "--pictures", "1", "--views", "8"];
    await augment("--data", at("halves"), "--out", out, ...SMALL, ...UNCHANGED, ...asked);
    const sheet = await readSheet(out);
    // Red reaches over the middle in all views but those of the smallest sigmas.
    const reaching = [1, 2, 3, 4, 5, 6, 7, 8].filter((view) => sheet.tile(0, view, 0.51, 0.5)[0]! > 20);
    assert.ok(reaching.length >= 5, `${reaching.length} of 8`);
    assert.deepEqual(sheet.tile(0, 0, 0.51, 0.5), BLUE);
  });

  it("shows the whole of a picture of another shape", async () => {
    const out = at("wide.png");
    await augment("--data", at("wide"), "--out", out, ...SMALL, "--views", "1");
    const sheet = await readSheet(out);
    assert.deepEqual([sheet.tile(0, 0, 0, 0.37), sheet.tile(0, 0, 0, 0.63)], [WHITE, WHITE]);
    assert.deepEqual([sheet.tile(0, 0, 0, 0.38), sheet.tile(0, 0, 0.99, 0.62)], [RED, BLUE]);
  });

  it("draws the views of one epoch after another, the same ones for the same seed", async () => {
    const draw = async (name: string, ...args: string[]): Promise<Buffer> => {
      const out = at(name);
      const { code } = await augment("--data", at("halves"), "--out", out, "--image-size", "128", ...args);
      assert.equal(code, 0);
      return readFileSync(out);
    };
    const first = await draw("first.png", "--views", "2");
    assert.deepEqual(await draw("again.png", "--views", "2"), first);
    assert.notDeepEqual(await draw("seed.png", "--views", "2", "--seed", "1"), first);
    await draw("second.png", "--views", "1", "--epoch", "1");
    const cut = (name: string, column: number) =>
      sharp(at(name))
        .extract({ left: 4 + 132 * column, top: 4, width: 128, height: 128 })
        .raw()
        .toBuffer();
    assert.deepEqual(await cut("second.png", 1), await cut("first.png", 2));
    assert.notDeepEqual(await cut("second.png", 1), await cut("first.png", 1));
  });

  it("draws the embedded sample without --data", async () => {
    const { code, stdout } = await augment("--out", at("sample.png"), "--pictures", "3", "--views", "2");
    assert.equal(code, 0);
    assert.match(stdout, /3 pictures, 2 views of each \(epochs 0 to 1\) of 28 pixels, each pixel drawn 4×4/);
    const { width, height } = await readSheet(at("sample.png"));
    assert.deepEqual([width, height], [4 + 3 * 116, 4 + 3 * 116]);
  });

  it("leaves broken pictures out and says which", async () => {
    const out = at("mixed.png");
    const asked = ["--data", at("mixed"), "--pictures", "1", "--views", "1", "--out", out];
    const { code, stdout, stderr } = await augment(...asked, ...SMALL, ...UNCHANGED);
    assert.equal(code, 0);
    assert.match(stderr, /^left out: .*a\.png: found bytes that do not decode/);
    assert.match(stdout, /: 1 picture, 1 view of each \(epoch 0\)/);
    assert.deepEqual((await readSheet(out)).tile(0, 1, 0, 0), RED);
  });

  it("replaces a file with --overwrite only", async () => {
    const out = at("taken.png");
    writeFileSync(out, "precious");
    const asked = ["--out", out, "--pictures", "1", "--views", "1"];
    const refused = await augment(...asked);
    assert.deepEqual([refused.code, refused.stdout], [2, ""]);
    assert.ok(refused.stderr.startsWith(`--out ${out}: is there already, expected a new file; `));
    assert.equal(readFileSync(out, "utf8"), "precious");
    assert.equal((await augment(...asked, "--overwrite")).code, 0);
    assert.equal((await readSheet(out)).width, 4 + 2 * 116);
  });

  for (const [title, args, exitCode, says] of [
    ["no --out", [], 2, ["--out is missing, expected a PNG to write"]],
    ["a file of another kind", ["--out", "new.jpg"], 2, ["new.jpg: expected a name that ends in .png"]],
    [
      "numbers of pictures and views that are none, all listed",
      ["--pictures", "0", "--views", "1.5", "--epoch", "-1"],
      2,
      ["pictures: found 0", "views: found 1.5", "epoch: found -1, expected a whole number of at least 0"],
    ],
    [
      "views out of range, all listed",
      ["--crop-scale", "2", "--jitter", "0.7", "--blur", "-1", "--jitter-probability", "3"],
      2,
      [
        "--crop-scale is 2",
        "--jitter is 0.7",
        "--jitter-probability is 3",
        "--blur is -1, expected a number from 0 to 1",
      ],
    ],
    ["words for numbers", ["--flip", "often"], 2, ["--flip: expected a number"]],
    [
      "a sheet too large to look at",
      ["--image-size", "9000"],
      2,
      ["8 views of 9000 pixels, expected at most 100"],
    ],
    ["data that is not there", ["--data", "nowhere"], 1, ["nowhere: found nothing that can be read"]],
    ["a folder that is not there", ["--out", "nowhere/new.png"], 1, ["nowhere/new.png: cannot be written"]],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const out = title === "no --out" || args[0] === "--out" ? [] : ["--out", at("new.png")];
      const { code, stdout, stderr } = await augment(...args, ...out);
      for (const part of says) assert.ok(stderr.includes(part), `"${part}" in: ${stderr}`);
      assert.deepEqual([code, stdout, existsSync(at("new.png"))], [exitCode, "", false], stderr);
    });
  }

  it("refuses a folder of broken pictures", async () => {
    const { code, stderr } = await augment("--data", at("broken"), "--out", at("new.png"));
    assert.equal(code, 1);
    assert.match(stderr, /found no whole picture among 2, expected some to draw; the first: .*a\.png/);
    assert.ok(!existsSync(at("new.png")));
  });
});
