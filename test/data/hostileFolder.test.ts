/** @file A folder of hostile files is listed, and every row gives a picture or an error that names the file. */

import assert from "node:assert/strict";
import path from "node:path";
import { openDataset } from "../../src/data/dataset.js";
import type { Dataset } from "../../src/data/dataset.js";
import { locateData } from "../../src/data/locate.js";
import type { LocatedData } from "../../src/data/locate.js";
import { DataError } from "../../src/errors.js";
import { fillHostileFolder } from "../support/hostileFolder.js";
import type { HostileFolder } from "../support/hostileFolder.js";
import { suiteFolder } from "../support/temporary.js";

describe("a hostile folder", () => {
  const folder = suiteFolder();
  let made: HostileFolder;
  let found: LocatedData;
  let dataset: Dataset;
  before(async () => {
    made = await fillHostileFolder(folder());
    found = await locateData(folder(), { seed: 0 });
    dataset = await openDataset(structuredClone(found.train));
  });

  const rows = (): number[] => Array.from({ length: dataset.size }, (_, row) => row);

  it("lists what bears a picture's name and is no folder, and nothing else", () => {
    assert.ok(made.good.length + made.broken.length >= 40);
    const ids = rows().map((row) => dataset.id(row));
    assert.deepEqual([...ids].sort(), [...made.good, ...made.broken].sort());
    assert.deepEqual([found.evaluate, found.train.format], [null, "flat"]);
  });

  it("gives the good pictures, however odd, and an error with the path for each other", async () => {
    const broken: string[] = [];
    for (const row of rows()) {
      const id = dataset.id(row);
      try {
        const { width, height, channels, data } = await dataset.picture(row);
        assert.equal(data.length, width * height * channels, id);
      } catch (error) {
        assert.ok(error instanceof DataError, `${id}: ${String(error)}`);
        assert.ok(error.message.startsWith(`${path.join(folder(), id)}: found `), error.message);
        broken.push(id);
      }
    }
    assert.deepEqual(broken.sort(), [...made.broken].sort());
  });

  it("says what is wrong with what is no regular file", async () => {
    const reason = async (name: string): Promise<string> => {
      const row = rows().find((candidate) => dataset.id(candidate) === name)!;
      const error = await dataset.picture(row).then(
        () => assert.fail(`${name} was read`),
        (thrown: Error) => thrown,
      );
      return /: found (.*), expected/.exec(error.message)?.[1] ?? error.message;
    };
    assert.deepEqual(
      await Promise.all(["pipe.jpg", "dangling.jpg", "loop.png", "endless.jpg", "socket.jpg"].map(reason)),
      [
        "a pipe",
        "nothing there",
        "a link that leads back to itself",
        "a device",
        "a socket or a device that is not there",
      ],
    );
    assert.match(await reason("8 GiB.jpg"), /^8589934592 bytes, more than/);
  });

  it("tells of the folder that is named like a picture", () => {
    const reported = found.skipped.map((one) => path.basename(one.path));
    assert.ok(reported.includes("folder.jpg"), reported.join(", "));
  });
});
