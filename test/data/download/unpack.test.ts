import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { packTar, type TarEntry } from "modern-tar";
import { unpackFolder } from "../../../src/data/download/unpack.js";
import { DataError } from "../../../src/errors.js";
import { put, speckle, useTemporaryFolder } from "../fixtures.js";

const file = (name: string, content: Uint8Array | string): TarEntry => ({
  header: { name, size: content.length },
  body: content,
});
const GOOD = [
  { header: { name: "set/", size: 0, type: "directory" as const } },
  file("set/data.bin", speckle(100_000)),
  file("set/meta/names.txt", "cat\ndog\n"),
];

describe("unpacking an archive", () => {
  const folder = useTemporaryFolder();
  const target = () => path.join(folder(), "cache", "set");
  const names = () => readdirSync(path.join(folder(), "cache"));

  async function archive(entries: readonly TarEntry[]): Promise<string> {
    return put(folder(), "cache/set.tar.gz", gzipSync(await packTar(entries)));
  }

  async function checkRefusal(entries: readonly TarEntry[], message: RegExp): Promise<void> {
    const made = await archive(entries);
    await assert.rejects(unpackFolder(made, "set", target()), (error: Error) => {
      assert.ok(error instanceof DataError, String(error));
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(names(), ["set.tar.gz"], "nothing is left");
    assert.ok(!existsSync(path.join(folder(), "evil.txt")), "nothing was written outside");
  }

  it("gives the folder inside it, and nothing else", async () => {
    await unpackFolder(await archive([...GOOD, file("readme.txt", "beside")]), "set", target());
    assert.deepEqual(names(), ["set", "set.tar.gz"]);
    assert.ok(readFileSync(path.join(target(), "data.bin")).equals(speckle(100_000)));
    assert.equal(readFileSync(path.join(target(), "meta/names.txt"), "utf8"), "cat\ndog\n");
  });

  it("lets two at once end well", async () => {
    const made = await archive(GOOD);
    await Promise.all([unpackFolder(made, "set", target()), unpackFolder(made, "set", target())]);
    assert.deepEqual(names(), ["set", "set.tar.gz"]);
    assert.equal(readFileSync(path.join(target(), "data.bin")).length, 100_000);
  });

  it("refuses a path that leads out", () =>
    checkRefusal([...GOOD, file("set/../../../evil.txt", "x")], /leads out/));

  it("refuses an absolute path", () =>
    checkRefusal([...GOOD, file("/evil.txt", "x")], /"\/evil\.txt", which leads out/));

  it("refuses a link, through which a later file could be written elsewhere", () =>
    checkRefusal(
      [{ header: { name: "set", size: 0, type: "symlink", linkname: ".." } }, file("set/evil.txt", "x")],
      /found set, a symlink/,
    ));

  it("refuses an archive without the folder", () =>
    checkRefusal([file("other/a.bin", "x")], /found no folder set\//));

  it("refuses an archive that is cut off", async () => {
    const whole = gzipSync(await packTar(GOOD));
    const made = await put(folder(), "cache/set.tar.gz", whole.subarray(0, whole.length / 2));
    await assert.rejects(unpackFolder(made, "set", target()), /set\.tar\.gz: found a damaged archive/);
    assert.deepEqual(names(), ["set.tar.gz"]);
  });

  it("refuses what is no archive", async () => {
    const made = await put(folder(), "cache/set.tar.gz", "<html>not found</html>");
    await assert.rejects(unpackFolder(made, "set", target()), /damaged archive \(incorrect header check\)/);
  });
});
