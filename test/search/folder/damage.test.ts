import assert from "node:assert/strict";
import { appendFileSync, cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ArtifactError } from "../../../src/errors.js";
import { ExactIndex } from "../../../src/search/folder/exactIndex.js";
import { createIndexFolder } from "../../../src/search/folder/store.js";
import { suiteFolder } from "../../support/temporary.js";
import { entriesOf, unitVectors } from "../backendRules.js";

const DIM = 8;

describe("a damaged index", () => {
  const folder = suiteFolder();
  const vectors = unitVectors(300, DIM, 1);
  let copies = 0;

  before(async () => {
    await createIndexFolder(join(folder(), "whole"), {
      dim: DIM,
      precision: "float32",
      model: null,
      pictures: [],
    });
    const index = await ExactIndex.open(join(folder(), "whole"));
    await index.add(entriesOf(vectors, 0, 200));
    await index.createHnsw();
    await index.delete(["v3"]);
    await index.add(entriesOf(vectors, 200, 300));
    await index.close();
  });

  /** A copy to be damaged. */
  function copied(): string {
    const copy = join(folder(), `copy-${copies++}`);
    cpSync(join(folder(), "whole"), copy, { recursive: true });
    return copy;
  }

  function flip(path: string, at: number, bits = 0x40): void {
    const bytes = readFileSync(path);
    const place = at < 0 ? bytes.length + at : at;
    bytes[place] = bytes[place]! ^ bits;
    writeFileSync(path, bytes);
  }

  async function refused(use: Promise<unknown>, message: RegExp): Promise<void> {
    await assert.rejects(use, (error: Error) => {
      assert.ok(error instanceof ArtifactError, error.stack);
      assert.match(error.message, message);
      return true;
    });
  }

  const OPENED = [
    "000001.safetensors",
    "000002.hnsw",
    "000001.deleted-000003.safetensors",
    "000004.safetensors",
  ];

  for (const name of OPENED) {
    it(`is refused when it is opened: a flipped bit of ${name}`, async () => {
      const index = copied();
      flip(join(index, "segments", name), -2);
      await refused(ExactIndex.open(index), new RegExp(`${name}: has sha256 .*, index.json expects`));
    });
  }

  for (const name of [...OPENED, "000004.vectors.safetensors"]) {
    it(`is refused when it is opened: ${name} cut short, too long, or missing`, async () => {
      const [short, long, missing] = [copied(), copied(), copied()];
      const path = (index: string) => join(index, "segments", name);
      truncateSync(path(short), 60);
      appendFileSync(path(long), "more");
      rmSync(path(missing));
      const said = name.endsWith("hnsw") ? "has sha256 " : "has \\d+ bytes, index.json expects \\d+";
      await refused(ExactIndex.open(short), new RegExp(`${name}: ${said}`));
      await refused(ExactIndex.open(long), new RegExp(`${name}: ${said}`));
      await refused(ExactIndex.open(missing), new RegExp(`${name}: cannot be read \\(ENOENT\\)`));
    });
  }

  it("is found out by a check: any bit of the exact rows", async () => {
    const index = copied();
    flip(join(index, "segments/000004.vectors.safetensors"), -4, 1);
    const opened = await ExactIndex.open(index);
    await refused(opened.check(), /000004\.vectors\.safetensors: has sha256/);
    await opened.close();
  });

  it("is found out by the search that reads it: an exact row that is no longer what its code says", async () => {
    const index = copied();
    flip(join(index, "segments/000004.vectors.safetensors"), -1);
    const opened = await ExactIndex.open(index, { exact: true });
    await refused(
      opened.vectorOf("v299"),
      /000004\.vectors\.safetensors: row 99 holds .* where its code says/,
    );
    assert.ok(await opened.vectorOf("v298"));
    await opened.close();
  });

  it("is found whole by a check that tells every file", async () => {
    const index = await ExactIndex.open(join(folder(), "whole"), { exact: true });
    const told: string[] = [];
    await index.check((done, total) => told.push(`${done}/${total}`));
    // Codes and exact rows of two segments, and the graph.
    assert.deepEqual(told, ["0/5", "1/5", "2/5", "3/5", "4/5", "5/5"]);
    await index.close();
  });

  it("is found out by a check that opened it without the graph: any bit of that", async () => {
    const index = copied();
    flip(join(index, "segments/000002.hnsw"), 1000, 1);
    const opened = await ExactIndex.open(index, { exact: true });
    await refused(
      opened.check(),
      /000002\.hnsw: has sha256 .*; build the graph again with onnx-instdisc index hnsw/,
    );
    await opened.close();
  });

  it("opens without its graph, which can be built again", async () => {
    const index = copied();
    flip(join(index, "segments/000002.hnsw"), 1000);
    await refused(ExactIndex.open(index), /build the graph again with onnx-instdisc index hnsw/);
    const opened = await ExactIndex.open(index, { exact: true });
    await opened.createHnsw();
    await opened.check();
    await opened.close();
    await (await ExactIndex.open(index)).close();
  });

  it("is refused when index.json is no longer one", async () => {
    for (const [from, to, message] of [
      [
        '"precision": "float32"',
        '"precision": "float8"',
        /index\.json: precision is "float8", expected one of/,
      ],
      ['"dim": 8', '"dim": 9', /000001\.safetensors: tensor codes is U8 \[200, 8\], expected U8 \[200, 9\]/],
      ["{", "", /index\.json: is not JSON/],
      ["onnx-instdisc index", "a cake", /index\.json: format is "a cake"/],
      ['"rows": 200', '"rows": 201', /expected .*201/],
      ['"000001.safetensors"', '"../../x.safetensors"', /expected the name of a file of a segment/],
    ] as const) {
      const index = copied();
      const path = join(index, "index.json");
      const text = readFileSync(path, "utf8");
      assert.ok(text.includes(from), from);
      writeFileSync(path, text.replace(from, to));
      await refused(ExactIndex.open(index), message);
    }
  });

  it("keeps answering for those who opened it before, and says so when it has changed for the worse", async () => {
    const index = copied();
    const opened = await ExactIndex.open(index);
    assert.equal((await opened.search(unitVectors(1, DIM, 2), 3))[0]!.length, 3);
    rmSync(join(index, "index.json"));
    await refused(opened.search(unitVectors(1, DIM, 2), 3), /index\.json: cannot be read \(ENOENT\)/);
    await opened.close();
  });
});
