import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodePicture, loadSharp } from "../../../src/data/decode.js";
import { suiteBrowser, visit, type Visit } from "../../support/browser.js";
import { buildEnginePage, EngineHarness } from "../../support/enginePage.js";
import { serveFolders, type StaticServer } from "../../support/staticServer.js";
import { suiteFolder } from "../../support/temporary.js";

const [WIDTH, HEIGHT] = [120, 80];

/** Slopes and waves, with or without transparency. */
function raster(channels: 3 | 4): Uint8Array {
  return Uint8Array.from({ length: WIDTH * HEIGHT * channels }, (_, at) => {
    const pixel = Math.floor(at / channels);
    const [x, y] = [pixel % WIDTH, Math.floor(pixel / WIDTH)];
    return [x * 2, y * 3, 128 + 100 * Math.sin(x / 9) * Math.cos(y / 7), pixel * 7][at % channels]! % 256;
  });
}

/** One picture in all kinds of files. */
async function writeFiles(folder: string): Promise<string[]> {
  const sharp = await loadSharp();
  const picture = (channels: 3 | 4 = 3) =>
    sharp(raster(channels), { raw: { width: WIDTH, height: HEIGHT, channels } });
  const files = {
    "plain.png": picture().png(),
    "fullColour.jpg": picture().jpeg({ chromaSubsampling: "4:4:4" }),
    "halvedColour.jpg": picture().jpeg({ chromaSubsampling: "4:2:0" }),
    "progressive.jpg": picture().jpeg({ progressive: true }),
    "gray.jpg": picture().grayscale().jpeg(),
    "turned.jpg": picture().withMetadata({ orientation: 6 }).jpeg(),
    "wideGamut.jpg": picture().withIccProfile("p3").jpeg(),
    "transparent.png": picture(4).png(),
    "transparent.webp": picture(4).webp({ lossless: true }),
    "palette.png": picture().png({ palette: true }),
    "sixteenBits.png": picture().toColourspace("rgb16").png(),
    "lossy.webp": picture().webp(),
    "frame.gif": picture().gif(),
    "frame.avif": picture().avif({ lossless: true }),
  };
  for (const [name, file] of Object.entries(files)) writeFileSync(join(folder, name), await file.toBuffer());
  return Object.keys(files);
}

describe("pictures decoded by the browser", () => {
  const folder = suiteFolder();
  const browser = suiteBrowser();
  let server: StaticServer;
  let here: Visit;
  let names: string[];
  before(async () => {
    const [page, pictures] = [join(folder(), "page"), join(folder(), "pictures")];
    mkdirSync(pictures);
    names = await writeFiles(pictures);
    await buildEnginePage(page);
    server = await serveFolders({ "/page/": page, "/pictures/": pictures });
    here = await visit(browser(), `${server.origin}/page/`);
  });
  after(async () => {
    await here?.close();
    await server?.close();
  });

  it("have Node's pixels, within 1 of 255", async () => {
    const harness = new EngineHarness(here.page);
    for (const name of names) {
      const expected = await decodePicture(readFileSync(join(folder(), "pictures", name)), name);
      const found = await harness.pixels(`${server.origin}/pictures/${name}`);
      assert.deepEqual([found.width, found.height], [expected.width, expected.height], name);
      const repeated = 3 / expected.channels;
      const farthest = found.data.reduce(
        (most, value, at) => Math.max(most, Math.abs(value - expected.data[Math.floor(at / repeated)]!)),
        0,
      );
      assert.ok(farthest <= 1, `${name} differs by ${farthest}`);
    }
    assert.deepEqual(here.problems, []);
  });
});
