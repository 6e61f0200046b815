import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CATALOGUE } from "../../src/data/download/catalogue.js";
import { labelledBank, measureKnn, type LabelledPictures } from "../../src/models/knn.js";
import { readModel } from "../../src/models/model.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";

/** Unit vectors in the plane, by their angles in degrees. */
function pictures(
  angles: readonly number[],
  names: readonly string[],
  classNames: readonly string[],
): LabelledPictures {
  const data = Float32Array.from(
    angles.flatMap((angle) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]),
  );
  const labels = Int32Array.from(names, (name) => classNames.indexOf(name));
  return { vectors: { count: angles.length, dim: 2, data }, labels, classNames };
}

describe("measuring by neighbours", () => {
  const train = pictures([0, 10, 90, 100], ["cat", "cat", "dog", "dog"], ["cat", "dog"]);

  it("compares classes by their names, whatever their numbers in each set", async () => {
    const test = pictures([5, 95, 92], ["cat", "dog", "cow"], ["cow", "dog", "cat"]);
    const { levels, confusion, classNames } = await measureKnn(train, test, { ks: [2, 1], temperature: 0.1 });
    assert.deepEqual(classNames, ["cat", "dog", "cow"]);
    assert.deepEqual(
      levels.map(({ k, top1 }) => [k, top1]),
      [
        [2, 2 / 3],
        [1, 2 / 3],
      ],
    );
    assert.deepEqual([...confusion.counts], [1, 0, 0, 0, 1, 0, 0, 1, 0]);
  });

  it("takes all neighbours where there are fewer than k", async () => {
    const { levels } = await measureKnn(train, train, { ks: [200, 4], temperature: 0.07 });
    assert.deepEqual(levels, [{ k: 4, top1: 1, top5: null }]);
  });

  it("refuses to measure nothing", async () => {
    const none = pictures([], [], ["cat"]);
    const options = { ks: [1], temperature: 0.07 };
    await assert.rejects(measureKnn(train, none, options), /kNN: found 4 and 0 pictures and k = 1, expected/);
    await assert.rejects(measureKnn(none, train, options), /kNN: found 0 and 4 pictures/);
  });
});

describe("the bank of a run on a data set by its name", () => {
  const trained = suiteRun();
  const folder = suiteFolder();

  it("fetches that as it is told to", async () => {
    const [run, cacheFolder] = [join(folder(), "run"), join(folder(), "cache")];
    cpSync(trained().run, run, { recursive: true });
    const config = join(run, "config.resolved.json");
    const settings = JSON.parse(readFileSync(config, "utf8")) as object;
    writeFileSync(config, JSON.stringify({ ...settings, data: "mnist" }));
    cpSync(trained().pictures, join(cacheFolder, "datasets/mnist"), { recursive: true });
    const bytes = new TextEncoder().encode("fetched");
    const told: string[] = [];
    const { labels } = await labelledBank(await readModel(run), {
      cacheFolder,
      catalogue: {
        ...CATALOGUE,
        mnist: {
          folder: null,
          files: [
            {
              name: "notice.md5",
              urls: ["http://localhost/notice"],
              md5: createHash("md5").update(bytes).digest("hex"),
              bytes: bytes.length,
            },
          ],
        },
      },
      fetch: () => Promise.resolve(new Response(bytes)),
      progress: (what, done, total) => told.push(`${what}: ${done} of ${total}`),
    });
    assert.equal(labels.length, 200);
    assert.equal(told.at(-1), "downloading mnist: 7 of 7");
  });
});
