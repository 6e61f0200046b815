import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseCollection } from "../../src/artifact/collection.js";
import { readArtifact, writeArtifact } from "../../src/artifact/node.js";
import { readSafetensors, writeSafetensors } from "../../src/artifact/safetensors.js";
import { FILES } from "../../src/build/buildArtifact.js";
import { asFloat32 } from "../../src/ir/rawTensor.js";
import { fillIndex } from "../../src/models/fillIndex.js";
import { locatePictures } from "../../src/models/locatePictures.js";
import { readModel } from "../../src/models/model.js";
import { RUN } from "../../src/run/layout.js";
import { ExactIndex } from "../../src/search/folder/exactIndex.js";
import { createIndexFolder } from "../../src/search/folder/store.js";
import { searchAnswer } from "../../src/serve/api/schemas.js";
import { readSource } from "../../src/serve/collection/source.js";
import { startServer, type RunningServer } from "../../src/serve/startServer.js";
import { writeStatic } from "../../src/serve/writeStatic.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";
import { metricOf, RawClient, until } from "./server.js";

type Triple = [number, number, number];

/** Turns every vector of a run's bank around, as another training might. */
async function turnBank(exported: string): Promise<void> {
  const { manifest, files } = await readArtifact(exported);
  const state = readSafetensors(files.get(FILES.state)!, FILES.state);
  const bank = state.tensors.get("bank")!;
  const bytes = new Uint8Array(asFloat32(bank, "bank").map((value) => -value).buffer);
  const tensors = new Map([...state.tensors, ["bank", { ...bank, bytes }]]);
  await writeArtifact(
    exported,
    new Map([...files, [FILES.state, writeSafetensors({ ...state, tensors })]]),
    manifest,
  );
}

describe("a server in one's own process", () => {
  const folder = suiteFolder();
  const trained = suiteRun();
  const at = (...names: string[]) => join(folder(), ...names);
  const start = (options: Partial<Parameters<typeof startServer>[0]> = {}): Promise<RunningServer> =>
    startServer({ path: trained().run, port: 0, cache: at("cache"), page: at("page"), ...options });

  before(() => {
    mkdirSync(at("page", "chunks"), { recursive: true });
    writeFileSync(at("page", "index.html"), "<!doctype html><title>page</title>");
    writeFileSync(at("page", "main.js"), "export {};");
    writeFileSync(at("page", "chunks", "ort.wasm"), "\0asm");
    writeFileSync(at("page", ".hidden"), "hidden");
  });

  it("serves the page with the right types", async () => {
    const server = await start();
    try {
      const types = { "": "text/html", "main.js": "text/javascript", "chunks/ort.wasm": "application/wasm" };
      for (const [name, type] of Object.entries(types)) {
        const response = await fetch(server.url + name);
        assert.equal(response.status, 200, name);
        assert.ok(response.headers.get("Content-Type")!.startsWith(type), name);
        assert.equal(
          (await response.arrayBuffer()).byteLength,
          Number(response.headers.get("Content-Length")),
        );
      }
      assert.equal((await fetch(`${server.url}.hidden`)).status, 404);
      assert.ok(server.hasPage && server.pictures === 200);
    } finally {
      await server.close();
    }
  });

  it("says of the page that it was not built", async () => {
    const server = await start({ page: at("nothing") });
    try {
      const response = await fetch(server.url);
      assert.equal(response.status, 503);
      assert.match(await response.text(), /page_not_built.*npm run build/);
      assert.equal(server.hasPage, false);
    } finally {
      await server.close();
    }
  });

  it("waits for what is under way only so long when it is closed, and may be closed twice", async () => {
    const server = await start({ drainSeconds: 0.3 });
    const client = await RawClient.connect(Number(new URL(server.url).port));
    client.write("POST /api/embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n");
    client.write("Content-Length: 1000\r\n\r\nx");
    await until(async () => (await metricOf(server.url, "upload_bytes")) > 0);
    await Promise.all([server.close(), server.close()]);
    assert.equal(await client.answer, "");
    await assert.rejects(fetch(server.url));
  });

  it("uses a collection again that is there, and makes another once the run is another", async () => {
    const run = at("run");
    cpSync(trained().run, run, { recursive: true });
    const serve = async () => {
      const told = new Set<string>();
      const server = await startServer({ path: run, port: 0, tell: (what) => told.add(what) });
      await server.close();
      return { made: told.has("thumbnails"), names: readdirSync(join(run, "page")) };
    };
    const first = await serve();
    assert.ok(first.made);
    assert.deepEqual(await serve(), { ...first, made: false });
    await turnBank(join(run, RUN.exported));
    const second = await serve();
    assert.ok(second.made);
    assert.equal(second.names.length, 1);
    assert.notDeepEqual(second.names, first.names);
  });

  it("serves an index on disk as it serves a run", async () => {
    const model = await readModel(trained().run);
    const folder = at("index");
    const { pictures: path } = trained();
    const { imageSize, resize, mean, std } = model.preprocessing;
    const preprocessing = { imageSize, resize, mean: [...mean] as Triple, std: [...std] as Triple };
    const reference = { path: model.where, sha256: model.sha256, preprocessing };
    await createIndexFolder(folder, {
      dim: 8,
      precision: "float32",
      model: reference,
      pictures: [{ kind: "data", path, format: null, part: "all", prefix: "" }],
    });
    const index = await ExactIndex.open(folder);
    await fillIndex(index, model, (await locatePictures([path])).sources);
    await index.close();
    const server = await startServer({ path: folder, port: 0 });
    try {
      assert.equal(server.pictures, 240);
      const [id] = (await readSource(folder)).ids;
      const response = await fetch(`${server.url}api/search?k=3&id=${encodeURIComponent(id!)}`);
      const { hits } = searchAnswer.parse(await response.json());
      assert.equal(hits.length, 3);
      assert.ok(hits.every((hit) => hit.id !== id && hit.className !== null));
      const picture = await fetch(new URL(hits[0]!.picture, server.url));
      assert.equal(picture.headers.get("Content-Type"), "image/jpeg");
      assert.ok((await picture.arrayBuffer()).byteLength > 100);
    } finally {
      await server.close();
    }
  });

  it("reads an index as it was, whatever another process changes meanwhile", async () => {
    const [folder, changed] = [at("index"), at("changed")];
    cpSync(folder, changed, { recursive: true });
    const other = await ExactIndex.open(changed);
    const all = [...other.ids()];
    await other.delete([all[0]!]);
    await other.close();
    const ids = Object.getOwnPropertyDescriptor(ExactIndex.prototype, "ids")!;
    const told: string[] = [];
    Object.defineProperty(ExactIndex.prototype, "ids", {
      ...ids,
      *value(this: ExactIndex) {
        yield* all;
        cpSync(join(changed, "segments"), join(folder, "segments"), { recursive: true, force: false });
        cpSync(join(changed, "index.json"), join(folder, "index.json"));
      },
    });
    try {
      const source = await readSource(folder, (what, done, total) => told.push(`${what} ${done}/${total}`));
      assert.deepEqual(source.ids, all);
      assert.equal(source.vectors.data.length, all.length * source.vectors.dim);
    } finally {
      Object.defineProperty(ExactIndex.prototype, "ids", ids);
    }
    assert.ok(told.includes("vectors 240/240"), told.join(", "));
    assert.deepEqual((await readSource(folder)).ids, all.slice(1));
  });

  it("writes the page as files that need no server", async () => {
    const out = at("site");
    const options = { path: trained().run, out, page: at("page") };
    assert.equal(await writeStatic({ ...options, originals: true }), 200);
    const where = join(out, "collection", "collection.json");
    const description = parseCollection(readFileSync(where, "utf8"), where);
    assert.ok(description.originals);
    assert.equal(readdirSync(join(out, "collection", "pictures")).length, 200);
    assert.ok(readdirSync(out).includes("index.html"));
    await assert.rejects(writeStatic({ ...options, originals: false }), /site: has files in it/);
    const unbuilt = writeStatic({ ...options, out: at("other"), page: at("nothing"), originals: false });
    await assert.rejects(unbuilt, /has no index.html.*npm run build/);
  });
});
