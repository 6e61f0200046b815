import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atomicWrite, readArtifact, writeArtifact, type ManifestDraft } from "../../src/artifact/node.js";
import { ArtifactError } from "../../src/errors.js";
import { sampleManifest } from "./sampleManifest.js";

const files = new Map([
  ["train_step.onnx", Uint8Array.of(1, 2, 3)],
  ["encoder.onnx", Uint8Array.of(4, 5)],
]);

function draft(): ManifestDraft {
  const { files: _, ...rest } = sampleManifest();
  return rest;
}

describe("an artifact folder", () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "artifact-"));
  });
  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it("gives back what was written into it", async () => {
    const folder = join(root, "new", "build");
    const manifest = await writeArtifact(folder, files, draft());
    assert.deepEqual(await readArtifact(folder), { folder, manifest, files });
    assert.deepEqual(manifest.files["encoder.onnx"], {
      sha256: "2fa1b377bf67309f65e5e7bc9d924345ca648dec4e601a398a9cb497dcba3765",
      sizeBytes: 2,
    });
    assert.deepEqual((await readdir(folder)).sort(), ["encoder.onnx", "manifest.json", "train_step.onnx"]);
  });

  it("holds the same bytes when it is written twice", async () => {
    await writeArtifact(root, files, draft());
    const first = await readFile(join(root, "manifest.json"));
    await writeArtifact(root, files, draft());
    assert.deepEqual(await readFile(join(root, "manifest.json")), first);
  });

  it("may hold files of others", async () => {
    await writeArtifact(root, files, draft());
    await writeFile(join(root, "notes.txt"), "mine");
    assert.deepEqual((await readArtifact(root)).files, files);
  });

  it("without a manifest is refused", async () => {
    await assert.rejects(
      readArtifact(root),
      new ArtifactError(
        `${join(root, "manifest.json")}: cannot be read (ENOENT), expected the manifest of an artifact folder; ` +
          "give the folder that build-graph wrote, or write one with build-graph",
      ),
    );
  });

  it("with a damaged manifest is refused, naming the file", async () => {
    await writeArtifact(root, files, draft());
    const path = join(root, "manifest.json");
    await writeFile(path, (await readFile(path, "utf8")).replace('"seed": 7', '"seed": "7"'));
    await assert.rejects(
      readArtifact(root),
      new ArtifactError(`${path}: seed is "7", expected number; rebuild the folder with build-graph`),
    );
  });

  it("with missing, short and changed files is refused, listing them all", async () => {
    const three = new Map([...files, ["state.safetensors", Uint8Array.of(6, 7, 8)] as const]);
    await writeArtifact(root, three, draft());
    await rm(join(root, "train_step.onnx"));
    await writeFile(join(root, "encoder.onnx"), Uint8Array.of(4));
    await writeFile(join(root, "state.safetensors"), Uint8Array.of(6, 7, 9));
    await assert.rejects(readArtifact(root), (error: unknown) => {
      assert.ok(error instanceof ArtifactError);
      assert.match(error.message, /train_step\.onnx cannot be read \(ENOENT\)/);
      assert.match(error.message, /encoder\.onnx has 1 bytes, the manifest expects 2/);
      assert.match(
        error.message,
        /state\.safetensors has sha256 [0-9a-f]{64}, the manifest expects [0-9a-f]{64}/,
      );
      assert.match(error.message, /; copy the folder again or rebuild it with build-graph$/);
      return true;
    });
  });

  it("that cannot be made is refused", async () => {
    const file = join(root, "file");
    await writeFile(file, "");
    await assert.rejects(
      writeArtifact(join(file, "build"), files, draft()),
      new ArtifactError(
        `${join(file, "build")}: cannot be written (ENOTDIR), expected a writable folder; ` +
          "choose a folder whose path has no file in it",
      ),
    );
  });

  it("stays as it was when one of the files cannot be staged", async () => {
    await writeArtifact(root, files, draft());
    const before = await readArtifact(root);
    const tooLong = "n".repeat(255); // fits as a name, but not with what marks it as temporary
    const more = new Map([["encoder.onnx", Uint8Array.of(9)] as const, [tooLong, Uint8Array.of(1)] as const]);
    await assert.rejects(writeArtifact(root, more, draft()), /cannot be written \(ENAMETOOLONG\)/);
    assert.deepEqual(await readArtifact(root), before);
    assert.equal((await readdir(root)).length, 3);
  });

  it("takes no file that lies in another folder", async () => {
    await assert.rejects(
      writeArtifact(root, new Map([["../encoder.onnx", Uint8Array.of(1)]]), draft()),
      /^ArtifactError: manifest to be written: files has "\.\.\/encoder\.onnx", expected a file name without a folder/,
    );
    assert.deepEqual(await readdir(root), []);
  });

  it("keeps no half-written file when a name is taken by a folder", async () => {
    await mkdir(join(root, "encoder.onnx"));
    await assert.rejects(
      writeArtifact(root, files, draft()),
      new ArtifactError(
        `${join(root, "encoder.onnx")}: cannot be written (EISDIR), expected a writable folder; ` +
          "remove the folder that has the file's name",
      ),
    );
    const left = await readdir(root);
    assert.ok(!left.includes("manifest.json") && !left.some((name) => name.endsWith(".tmp")), left.join());
  });
});

describe("atomicWrite", () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "artifact-"));
  });
  afterEach(async () => {
    await rm(root, { recursive: true, force: true });
  });

  it("replaces a file", async () => {
    const path = join(root, "file");
    await atomicWrite(path, Uint8Array.of(1, 2));
    await atomicWrite(path, Uint8Array.of(3));
    assert.deepEqual([...(await readFile(path))], [3]);
    assert.deepEqual(await readdir(root), ["file"]);
  });

  it("lets a function write the file, and leaves nothing behind of one that fails", async () => {
    const path = join(root, "file");
    await atomicWrite(path, (temporary) => writeFileSync(temporary, "whole"));
    const half = (temporary: string) => {
      writeFileSync(temporary, "ha");
      throw new ArtifactError("no more room");
    };
    await assert.rejects(atomicWrite(path, half), new ArtifactError("no more room"));
    await assert.rejects(
      atomicWrite(path, () => undefined),
      /file: cannot be written \(ENOENT\)/,
    );
    assert.equal(await readFile(path, "utf8"), "whole");
    assert.deepEqual(await readdir(root), ["file"]);
  });

  it("shows a reader the old file or the new one and nothing between", async () => {
    const path = join(root, "file");
    const [zeros, ones] = [new Uint8Array(100_000), new Uint8Array(100_000).fill(1)];
    await atomicWrite(path, zeros);
    let writing = true;
    const writer = (async () => {
      for (let round = 0; round < 20; round++) await atomicWrite(path, round % 2 === 0 ? ones : zeros);
      writing = false;
    })();
    while (writing) {
      const seen = new Uint8Array(await readFile(path));
      assert.equal(seen.length, zeros.length);
      assert.equal(new Set(seen).size, 1);
    }
    await writer;
  });

  it("names the path and the remedy when the folder is missing", async () => {
    const path = join(root, "missing", "file");
    await assert.rejects(
      atomicWrite(path, Uint8Array.of(1)),
      new ArtifactError(
        `${path}: cannot be written (ENOENT), expected a writable folder; make the folder first`,
      ),
    );
  });
});
