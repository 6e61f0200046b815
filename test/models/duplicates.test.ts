import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { joinSources } from "../../src/data/formats/joined.js";
import { DataError } from "../../src/errors.js";
import { findDuplicates, type Duplicates } from "../../src/models/duplicates.js";
import { embedPictures } from "../../src/models/embedPictures.js";
import { locatePictures } from "../../src/models/locatePictures.js";
import { readModel } from "../../src/models/model.js";
import { openNamed } from "../../src/models/namedPictures.js";
import { proposeByVectors } from "../../src/models/propose.js";
import { plantCopies, writeRealPictures } from "../support/plantedCopies.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";

const COUNT = 240;
/** Every twelfth picture has copies. */
const EVERY = 12;

const idsOf = ({ groups }: Duplicates): string[][] =>
  groups.map((group) => group.map(({ id }) => id).sort()).sort((a, b) => (a[0]! < b[0]! ? -1 : 1));

describe("duplicates", () => {
  const trained = suiteRun();
  const folder = suiteFolder();
  const clean = () => join(folder(), "clean");
  const mixed = () => join(folder(), "mixed");
  const open = async (path: string) => openNamed((await locatePictures([path])).sources);
  const planted: string[][] = [];

  before(async function () {
    this.timeout(300_000);
    await writeRealPictures(clean(), COUNT);
    const paths = await writeRealPictures(mixed(), COUNT);
    for (let at = 0; at < COUNT; at += EVERY) planted.push(await plantCopies(paths[at]!));
    writeFileSync(join(mixed(), "torn.png"), "no picture");
  });

  it("are none where there are none", async () => {
    const { groups, pictures } = await findDuplicates(await open(clean()));
    assert.deepEqual([groups, pictures], [[], COUNT]);
  });

  it("are found whatever became of them, and nothing else is", async () => {
    const found = await findDuplicates(await open(mixed()));
    assert.deepEqual(idsOf(found), planted);
    assert.equal(found.pictures, COUNT + (4 * COUNT) / EVERY);
    assert.deepEqual(
      found.broken.map(({ id }) => id),
      ["torn.png"],
    );
  });

  it("have the largest picture first, which is to be kept, and its file", async () => {
    const { groups } = await findDuplicates(await open(mixed()));
    for (const [first, ...others] of groups) {
      assert.match(first!.id, /large\.jpg$/);
      assert.equal(first!.file, join(mixed(), first!.id));
      assert.ok(others.every(({ width, height }) => width * height <= first!.width * first!.height));
    }
  });

  it("are found by the proposals of a model alone, too", async () => {
    const pictures = await open(mixed());
    const embedded = await embedPictures(await readModel(trained().run), pictures.sources);
    const options = { propose: proposeByVectors(pictures, embedded), proposeByPixels: false };
    const found = idsOf(await findDuplicates(pictures, options));
    // A model of two epochs proposes neither every copy nor all that merely look alike, which copies stand out from.
    const right = found.filter((group) => planted.some((all) => group.every((id) => all.includes(id))));
    assert.ok(right.length >= planted.length / 2, `${right.length} of ${planted.length}`);
    assert.ok(found.length - right.length <= 2, JSON.stringify(found));
  });

  it("are what the caller says they are, where the caller gives a threshold", async () => {
    const exact = await findDuplicates(await open(mixed()), { threshold: 0.9999 });
    const loose = await findDuplicates(await open(clean()), { threshold: 0.5 });
    assert.ok(exact.groups.every((group) => group.length < 5));
    assert.ok(loose.groups.length > 0);
    assert.equal(loose.threshold, 0.5);
  });

  it("tell of broken pictures in their order, whichever is found out first", async () => {
    const pictures = await open(clean());
    const picture = async (row: number) => {
      if (row > 2) return pictures.picture(row);
      await setTimeout(20 * (3 - row));
      throw new DataError("torn");
    };
    const { broken } = await findDuplicates({ ...pictures, size: 12, picture });
    assert.deepEqual(
      broken.map(({ row }) => row),
      [0, 1, 2],
    );
  });

  it("have their files where several sets are one", async () => {
    const { sources } = await locatePictures([clean(), mixed()]);
    const pictures = await openNamed([{ source: joinSources(sources, "both"), prefix: "" }]);
    assert.equal(pictures.file(COUNT - 1), join(clean(), "0239.png"));
    assert.equal(pictures.file(COUNT), join(mixed(), "0000-cropped.png"));
  });

  it("are found where every picture is there twice", async () => {
    const { sources } = await locatePictures([clean()]);
    const doubled = await openNamed(["a/", "b/"].map((prefix) => ({ source: sources[0]!.source, prefix })));
    const { groups } = await findDuplicates(doubled);
    assert.deepEqual(
      groups.map((group) => group.map(({ id }) => id.slice(0, 2))),
      Array.from({ length: COUNT }, () => ["a/", "b/"]),
    );
  });
});
