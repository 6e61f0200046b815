import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors } from "../../../src/artifact/safetensors.js";
import type { Precision } from "../../../src/artifact/searchIndex.js";
import { ExactIndex, type ExactIndexOptions } from "../../../src/search/folder/exactIndex.js";
import { createIndexFolder, type IndexDraft } from "../../../src/search/folder/store.js";
import { takeRows } from "../../../src/search/vectors.js";
import { suiteFolder } from "../../support/temporary.js";
import { checkBackend, entriesOf, unitVectors } from "../backendRules.js";

/** Makes empty indexes in folders of their own. */
function indexMaker(folder: () => string, precision: Precision, options: ExactIndexOptions = {}) {
  let made = 0;
  return async (dim: number): Promise<ExactIndex> => {
    const path = join(folder(), `${precision}-${made++}`);
    await createIndexFolder(path, { dim, precision, model: null, pictures: [] });
    return ExactIndex.open(path, options);
  };
}

const filesIn = (folder: string) => readdirSync(join(folder, "segments")).sort();

describe("an index folder of float32", () => {
  checkBackend(indexMaker(suiteFolder(), "float32"));
});

describe("an index folder of float16", () => {
  checkBackend(indexMaker(suiteFolder(), "float16"), 2e-3);
});

describe("an index folder of int8", () => {
  checkBackend(indexMaker(suiteFolder(), "int8"), 0.01);
});

describe("an index folder that is scanned by two threads", () => {
  const make = indexMaker(suiteFolder(), "float32", { threads: 2 });

  it("finds what one thread finds", async () => {
    const [dim, count] = [96, 50_000];
    const all = unitVectors(count, dim, 1);
    const index = await make(dim);
    await index.add(entriesOf(all, 0, count));
    const one = await ExactIndex.open(index.folder, { threads: 1 });
    const queries = unitVectors(5, dim, 2);
    assert.deepEqual(await index.search(queries, 20), await one.search(queries, 20));
    await index.delete(["v1"]);
    assert.notEqual((await index.search(takeRows(all, [1]), 1))[0]![0]!.id, "v1");
    await index.close();
    await one.close();
  });
});

describe("an index folder", () => {
  const folder = suiteFolder();
  const make = indexMaker(folder, "float32");
  const dim = 16;
  const all = unitVectors(2000, dim, 1);

  it("is the same when it is opened again", async () => {
    const index = await make(dim);
    await index.add(entriesOf(all, 0, 500));
    await index.add(entriesOf(all, 400, 600));
    await index.delete(["v10", "v450"]);
    await index.close();
    const again = await ExactIndex.open(index.folder);
    assert.deepEqual([...again.ids()], [...index.ids()]);
    assert.equal(again.count, 598);
    const queries = unitVectors(3, dim, 2);
    assert.deepEqual(
      await again.search(queries, 600),
      await (await ExactIndex.open(index.folder)).search(queries, 600),
    );
    assert.deepEqual(await again.vectorOf("v599"), takeRows(all, [599]).data);
  });

  it("shows a change of one process to another at its next search", async () => {
    const writer = await make(dim);
    const other = await ExactIndex.open(writer.folder);
    const first = takeRows(all, [0]);
    assert.deepEqual(await other.search(first, 1), [[]]);
    for (let row = 0; row < 40; row++) {
      await writer.add(entriesOf(all, row, row + 1));
      const found = await other.search(takeRows(all, [row]), 1);
      assert.equal(found[0]![0]!.id, `v${row}`);
    }
    await writer.delete(["v0"]);
    assert.notEqual((await other.search(first, 1))[0]![0]!.id, "v0");
    assert.equal(other.count, 39);
  });

  it("takes changes of two writers in turn", async () => {
    const one = await make(dim);
    const two = await ExactIndex.open(one.folder);
    await Promise.all(
      Array.from({ length: 20 }, (_, at) => (at % 2 ? one : two).add(entriesOf(all, 10 * at, 10 * at + 10))),
    );
    await one.vectorOf("v0");
    assert.equal(one.count, 200);
    assert.deepEqual(new Set(one.ids()), new Set(entriesOf(all, 0, 200).ids));
  });

  it("keeps few files when vectors come one by one, and none that is not listed", async () => {
    const index = await make(dim);
    for (let row = 0; row < 200; row++) await index.add(entriesOf(all, row, row + 1));
    assert.ok(index.index.segments.length <= 14, `${index.index.segments.length} segments`);
    assert.equal(filesIn(index.folder).length, 2 * index.index.segments.length);
    assert.deepEqual([...index.ids()], entriesOf(all, 0, 200).ids);
  });

  it("gives room back when much is deleted or replaced", async () => {
    const index = await make(dim);
    await index.add(entriesOf(all, 0, 1000));
    await index.delete(entriesOf(all, 0, 600).ids);
    assert.deepEqual(
      index.index.segments.map(({ rows }) => rows),
      [400],
    );
    await index.add(entriesOf(all, 600, 1000));
    assert.deepEqual(
      index.index.segments.map(({ rows }) => rows),
      [400],
    );
    await index.delete(entriesOf(all, 0, 1000).ids);
    assert.deepEqual(filesIn(index.folder), []);
  });

  it("answers searches that are under way while it changes", async () => {
    const index = await make(dim);
    await index.add(entriesOf(all, 0, 1000));
    const searches = Array.from({ length: 20 }, () => index.search(unitVectors(10, dim, 3), 10));
    await index.delete(entriesOf(all, 0, 900).ids);
    await index.add(entriesOf(all, 1000, 2000));
    const found = await Promise.all(searches);
    assert.ok(found.flat().every((hits) => hits.length === 10));
  });

  it("can be opened at any moment of another's changes", async () => {
    const writer = await make(dim);
    await writer.add(entriesOf(all, 0, 1));
    let writing = true;
    const write = async () => {
      try {
        for (let row = 1; row < 60; row++) await writer.add(entriesOf(all, row, row + 1));
      } finally {
        writing = false;
      }
    };
    const read = async () => {
      for (let before = 0; writing;) {
        const reader = await ExactIndex.open(writer.folder);
        assert.ok(reader.count >= before);
        before = reader.count;
        assert.equal((await reader.search(takeRows(all, [0]), 1))[0]![0]!.id, "v0");
        await reader.close();
      }
    };
    await Promise.all([write(), read(), read()]);
  });

  it("leaves nothing open: 300 times opened, searched and closed", async () => {
    const listed = existsSync("/proc/self/fd"); // on Linux; elsewhere only that it works
    const index = await make(dim);
    await index.add(entriesOf(all, 0, 500));
    const handles = () => (listed ? readdirSync("/proc/self/fd").length : 0);
    const before = handles();
    for (let round = 0; round < 300; round++) {
      const reader = await ExactIndex.open(index.folder);
      await reader.search(takeRows(all, [round]), 3);
      await reader.close();
    }
    await index.close();
    const maps = listed ? readFileSync("/proc/self/maps", "utf8") : "";
    assert.ok(!maps.includes(index.folder), "still mapped");
    assert.ok(handles() <= before + 1);
  });

  it("refuses a folder that holds something, and one that is no index", async () => {
    const draft: IndexDraft = { dim, precision: "int8", model: null, pictures: [] };
    await assert.rejects(
      createIndexFolder(folder(), draft),
      /is not empty .*, expected a new or empty folder/,
    );
    await assert.rejects(
      ExactIndex.open(folder()),
      /index.json: cannot be read \(ENOENT\), expected an index/,
    );
  });

  it("is closed once and for all", async () => {
    const index = await make(dim);
    await index.add(entriesOf(all, 0, 10));
    await index.close();
    await index.close();
    await assert.rejects(index.search(takeRows(all, [0]), 1), /is closed, expected an open index/);
    await assert.rejects(index.add(entriesOf(all, 0, 1)), /is closed/);
  });
});

describe("an index folder with a graph", () => {
  const folder = suiteFolder();
  const make = indexMaker(folder, "float32");
  const [dim, count] = [32, 3000];
  const all = unitVectors(count, dim, 1);

  /** v0 to v1999 are in the graph, the others are not. */
  async function withGraph(): Promise<ExactIndex> {
    const index = await make(dim);
    await index.add(entriesOf(all, 0, 2000));
    await index.delete(["v7"]);
    await index.createHnsw();
    await index.add(entriesOf(all, 2000, count));
    return index;
  }

  it("finds nearly what a scan finds, in the graph and beside it", async () => {
    const index = await withGraph();
    const exact = await ExactIndex.open(index.folder, { exact: true });
    const queries = unitVectors(50, dim, 2);
    const [found, expected] = [await index.search(queries, 10), await exact.search(queries, 10)];
    const names = (hits: readonly { id: string }[]) => hits.map(({ id }) => id);
    const shared = found.flatMap((hits, at) => names(hits).filter((id) => names(expected[at]!).includes(id)));
    assert.ok(shared.length >= 0.98 * 500, `${shared.length} of 500`);
    assert.equal(index.index.hnsw!.rows, 1999);
  });

  it("finds neither what was deleted nor what was replaced", async () => {
    const index = await withGraph();
    assert.equal(await index.delete(["v5", "v2500"]), 2);
    await index.add({ ids: ["v6"], vectors: takeRows(all, [2500]) });
    const ids = (await index.search(takeRows(all, [5, 7, 6, 2500]), 20)).map((hits) =>
      hits.map(({ id }) => id),
    );
    assert.ok(ids.every((some) => some.every((id) => !["v5", "v7", "v2500"].includes(id))));
    assert.notEqual(ids[2]![0], "v6");
    assert.equal(ids[3]![0], "v6");
    assert.equal(ids[3]!.filter((id) => id === "v6").length, 1);
  });

  it("has the graph built again over all that there is", async () => {
    const index = await withGraph();
    await index.delete(["v5"]);
    await index.createHnsw();
    assert.equal(index.index.hnsw!.rows, count - 2);
    assert.equal(filesIn(index.folder).filter((name) => name.endsWith(".hnsw")).length, 1);
    const again = await ExactIndex.open(index.folder);
    assert.equal((await again.search(takeRows(all, [2999]), 1))[0]![0]!.id, "v2999");
    await assert.rejects(
      (await make(dim)).createHnsw(),
      /holds no vectors, expected some to build a graph of/,
    );
  });
});

describe("the files of an index", () => {
  const folder = suiteFolder();

  it("say what they are in standard safetensors", async () => {
    const index = await indexMaker(folder, "float16")(4);
    await index.add({
      ids: ["ä", "b"],
      vectors: { count: 2, dim: 4, data: Float32Array.of(1, 0, 0, 0, 0, -0.6, 0.8, 0) },
    });
    const read = (name: string) => {
      const path = join(index.folder, "segments", name);
      return readSafetensors(readFileSync(path), path).tensors;
    };
    const codes = read("000001.safetensors");
    assert.deepEqual([...new Int8Array(codes.get("codes")!.bytes)], [127, 0, 0, 0, 0, -95, 127, 0]);
    assert.equal(Buffer.from(codes.get("ids")!.bytes).toString(), "ä\0b\0");
    assert.deepEqual(read("000001.vectors.safetensors").get("vectors")!.shape, [2, 4]);
    assert.equal(read("000001.vectors.safetensors").get("vectors")!.dtype, "float16");
  });
});
