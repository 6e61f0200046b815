import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ArtifactError } from "../../src/errors.js";
import { openFile } from "../../src/native/memoryMap.js";
import { suiteFolder } from "../support/temporary.js";

const canMap = process.platform === "linux" || process.platform === "darwin";
const MIB = 2 ** 20;

describe("a file that is read in places", () => {
  const folder = suiteFolder();
  const path = () => join(folder(), "bytes");
  const bytes = Uint8Array.from({ length: 3 * MIB + 5 }, (_, at) => at % 251);
  before(() => writeFileSync(path(), bytes));

  for (const mayMap of [true, false]) {
    const how = mayMap ? "by a map" : "by position";

    it(`gives its bytes ${how}`, async () => {
      const file = await openFile(path(), mayMap);
      assert.deepEqual([file.sizeBytes, file.isMapped], [bytes.length, mayMap && canMap]);
      for (const [offset, length] of [
        [0, 1],
        [4095, 3],
        [MIB, 2 * MIB + 5],
        [bytes.length, 0],
      ] as const) {
        const into = new Uint8Array(length);
        file.read(offset, into);
        assert.ok(Buffer.from(into).equals(bytes.subarray(offset, offset + length)));
      }
      file.close();
    });

    it(`refuses to read ${how} what is not there, and anything once it is closed`, async () => {
      const file = await openFile(path(), mayMap);
      assert.throws(() => file.read(bytes.length - 1, new Uint8Array(2)), /expected at least/);
      assert.throws(() => file.read(-1, new Uint8Array(2)), ArtifactError);
      file.close();
      file.close();
      assert.throws(() => file.read(0, new Uint8Array(1)), /bytes: is closed, expected an open file/);
    });

    it(`keeps its bytes ${how} when its name is gone`, async () => {
      const other = join(folder(), `other-${mayMap}`);
      writeFileSync(other, "still here");
      const file = await openFile(other, mayMap);
      rmSync(other);
      const into = new Uint8Array(10);
      file.read(0, into);
      assert.equal(Buffer.from(into).toString(), "still here");
      file.close();
    });
  }

  it("may be empty", async () => {
    const empty = join(folder(), "empty");
    writeFileSync(empty, "");
    const file = await openFile(empty);
    assert.equal(file.sizeBytes, 0);
    file.read(0, new Uint8Array());
    file.close();
  });

  it("is refused by name where there is none", async () => {
    await assert.rejects(
      openFile(join(folder(), "none")),
      /none: cannot be read \(ENOENT\), expected a readable/,
    );
  });

  it("leaves nothing behind: 2,000 times opened, read and closed", async () => {
    const listed = existsSync("/proc/self/maps"); // on Linux; elsewhere only the memory is looked at
    const into = new Uint8Array(MIB);
    const rounds = async (count: number) => {
      for (let round = 0; round < count; round++) {
        const file = await openFile(path());
        file.read(MIB, into);
        file.close();
      }
    };
    const mapped = () => listed && readFileSync("/proc/self/maps", "utf8").includes(path());
    const handles = () => (listed ? readdirSync("/proc/self/fd").length : 0);
    await rounds(200);
    const before = { handles: handles(), resident: process.memoryUsage.rss() };
    await rounds(2000);
    assert.equal(mapped(), false);
    assert.ok(handles() <= before.handles + 1, `${handles()} handles, ${before.handles} before`);
    const grown = process.memoryUsage.rss() - before.resident;
    // 2,000 maps of a megabyte that was read would be two gigabytes.
    assert.ok(grown < 64 * MIB, `grown by ${grown} bytes`);
  });
});
