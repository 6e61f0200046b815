import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { COLLECTION, parseCollection, type Collection } from "../../../src/artifact/collection.js";
import { readSafetensors } from "../../../src/artifact/safetensors.js";
import { decodePicture } from "../../../src/data/decode.js";
import { fitPicture } from "../../../src/data/encode.js";
import { DataError } from "../../../src/errors.js";
import { asFloat32, unpackTensor, type RawTensor } from "../../../src/ir/rawTensor.js";
import { cachedCollection } from "../../../src/serve/collection/cached.js";
import { readSource, type CollectionSource } from "../../../src/serve/collection/source.js";
import { createIndexFolder } from "../../../src/search/folder/store.js";
import { COLUMNS, TILE } from "../../../src/serve/collection/packCollection.js";
import { writeCollection } from "../../../src/serve/collection/writeCollection.js";
import { suiteFolder } from "../../support/temporary.js";
import { suiteRun } from "../../support/trainedRun.js";

/** Among the rows, one that cannot be read: its thumbnail and vector must be left out. */
const BROKEN = 7;

describe("a collection", () => {
  const folder = suiteFolder();
  const trained = suiteRun();
  let source: CollectionSource;
  let description: Collection;
  let tensors: ReadonlyMap<string, RawTensor>;
  const told: string[] = [];
  const kept = (): number[] => source.ids.flatMap((_, row) => (row === BROKEN ? [] : row));

  before(async () => {
    const whole = await readSource(trained().run);
    const picture = (id: string) =>
      id === whole.ids[BROKEN] ? Promise.reject(new DataError("a torn file")) : whole.picture(id);
    source = { ...whole, picture };
    const at = join(folder(), "collection");
    await writeCollection(source, at, {
      originals: true,
      tell: (what, done) => told.push(`${what} ${done}`),
    });
    const where = join(at, COLLECTION.description);
    description = parseCollection(readFileSync(where, "utf8"), where);
    const file = join(at, COLLECTION.vectors);
    ({ tensors } = readSafetensors(readFileSync(file), file));
  });

  it("is not made of an index that does not name its model, for which serve has no option", async () => {
    const index = join(folder(), "nameless");
    const set = { kind: "data", path: trained().pictures, format: null, part: "all", prefix: "" } as const;
    await createIndexFolder(index, { dim: 8, precision: "float32", model: null, pictures: [set] });
    await assert.rejects(
      readSource(index),
      /nameless: does not say what made its vectors.*; write the index again with onnx-instdisc index create$/,
    );
  });

  it("describes the pictures that can be read", () => {
    assert.equal(description.pictures, source.ids.length - 1);
    assert.equal(description.classNames.length, 10);
    assert.equal(description.embeddingDim, 8);
    assert.deepEqual(description.preprocessing, source.model.preprocessing);
    assert.ok(description.originals && description.map);
    assert.ok(told.includes(`thumbnails ${source.ids.length}`), told.join(", "));
  });

  it("holds codes within the told distance of the vectors, with labels and ids in the same order", () => {
    const codes = tensors.get("codes")!;
    const scales = asFloat32(tensors.get("scales")!, "scales");
    const labels = unpackTensor(tensors.get("labels")!, "labels").data;
    const ids = new TextDecoder().decode(tensors.get("ids")!.bytes).split("\0").slice(0, -1);
    assert.deepEqual(codes.shape, [description.pictures, 8]);
    assert.deepEqual(
      ids,
      kept().map((row) => source.ids[row]),
    );
    assert.deepEqual(
      Array.from(labels),
      kept().map((row) => source.labels![row]),
    );
    const signed = new Int8Array(codes.bytes.buffer, codes.bytes.byteOffset, codes.bytes.byteLength);
    let largest = 0;
    kept().forEach((row, at) => {
      const squares = Array.from({ length: 8 }, (_, column) => {
        const stands = scales[at]! * signed[at * 8 + column]!;
        return (source.vectors.data[row * 8 + column]! - stands) ** 2;
      });
      largest = Math.max(largest, Math.sqrt(squares.reduce((sum, square) => sum + square)));
    });
    assert.ok(largest > 0 && largest <= description.error * (1 + 1e-6), `${largest}, ${description.error}`);
  });

  it("draws every thumbnail at its place", async () => {
    const { sprites } = description;
    assert.deepEqual(sprites, { tile: TILE, columns: COLUMNS, perSheet: 256, sheets: 1 });
    const path = join(folder(), "collection", COLLECTION.sprites, "0000.jpg");
    const sheet = await decodePicture(readFileSync(path), path);
    for (const at of [0, BROKEN, 100]) {
      const row = kept()[at]!;
      const tile = await fitPicture(await source.picture(source.ids[row]!), TILE, [255, 255, 255]);
      const [left, top] = [(at % COLUMNS) * TILE, Math.floor(at / COLUMNS) * TILE];
      let difference = 0;
      for (let pixel = 0; pixel < TILE * TILE; pixel++) {
        const [x, y] = [left + (pixel % TILE), top + Math.floor(pixel / TILE)];
        const drawn = sheet.data[(y * sheet.width + x) * sheet.channels]!;
        difference += Math.abs(drawn - tile.data[3 * pixel]!);
      }
      assert.ok(difference / TILE ** 2 < 16, `thumbnail ${at} differs by ${difference / TILE ** 2}`);
    }
  });

  it("places every picture in the square, at several places, the same each time", async () => {
    const map = asFloat32(tensors.get("map")!, "map");
    assert.equal(map.length, 2 * description.pictures);
    assert.ok(map.every((value) => value >= -1 && value <= 1));
    assert.equal(Math.max(...map), 1);
    assert.ok(new Set(map).size > description.pictures);
    const again = join(folder(), "again");
    await writeCollection(source, again, {});
    const read = (name: string) => readFileSync(join(folder(), name, COLLECTION.vectors));
    assert.ok(read("again").equals(read("collection")));
  });

  it("is made once, and again when the vectors are others", async () => {
    const root = join(folder(), "cache");
    const first = await cachedCollection(source, root, () => {});
    const file = join(first.folder, COLLECTION.vectors);
    const made = statSync(file).mtimeMs;
    assert.deepEqual(await cachedCollection(source, root, () => assert.fail("made again")), first);
    assert.equal(statSync(file).mtimeMs, made);
    const left = join(root, ".0123456789ab.tmp"); // by a process that was killed two days ago
    mkdirSync(left);
    utimesSync(left, Date.now() / 1000 - 172_800, Date.now() / 1000 - 172_800);
    const trainedOn = await cachedCollection({ ...source, sha256: "other" }, root, () => {});
    assert.notEqual(trainedOn.folder, first.folder);
    assert.ok(!existsSync(first.folder), "the old one is still there");
    assert.equal(readdirSync(root).length, 1);
  });

  it("leaves nothing behind when it cannot be made", async () => {
    const root = join(folder(), "failing");
    const gone = { ...source, picture: () => Promise.reject(new DataError("gone")) };
    await assert.rejects(
      cachedCollection(gone, root, () => {}),
      /found no picture that can be read/,
    );
    assert.deepEqual(readdirSync(root), []);
    writeFileSync(join(folder(), "file"), "");
    await assert.rejects(
      cachedCollection(source, join(folder(), "file"), () => {}),
      /file.*cannot be written/,
    );
  });
});
