import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { CATALOGUE, DATASET_NAMES, type RemoteDataset } from "../../../src/data/download/catalogue.js";
import {
  defaultCacheFolder,
  resolveDataset,
  resolveTarget,
} from "../../../src/data/download/resolveDataset.js";
import { locateData } from "../../../src/data/locate.js";
import { idxBytes, put, speckle, useTemporaryFolder } from "../fixtures.js";
import { startServer, type TestServer } from "./server.js";

const RECORD = speckle(3073);

/** MNIST's four files, small, and an archive as CIFAR-10's. */
async function makeFiles(): Promise<Record<string, Uint8Array>> {
  const images = (rows: number) => gzipSync(idxBytes([rows, 4, 4], speckle(rows * 16)));
  const labels = (rows: number) => gzipSync(idxBytes([rows], new Uint8Array(rows)));
  const archive = await packTar([
    { header: { name: "cifar-10-batches-bin/data_batch_1.bin", size: RECORD.length }, body: RECORD },
  ]);
  return {
    "train-images-idx3-ubyte.gz": images(6),
    "train-labels-idx1-ubyte.gz": labels(6),
    "t10k-images-idx3-ubyte.gz": images(2),
    "t10k-labels-idx1-ubyte.gz": labels(2),
    "cifar-10-binary.tar.gz": gzipSync(archive),
  };
}

describe("a data set by its name", () => {
  const folder = useTemporaryFolder();
  let server: TestServer;
  let catalogue: Record<keyof typeof CATALOGUE, RemoteDataset>;

  before(async () => {
    const files = await makeFiles();
    server = await startServer(files);
    const local = ({ files: remote, folder: inside }: RemoteDataset): RemoteDataset => ({
      folder: inside,
      files: remote.map(({ name }) => {
        const bytes = files[name] ?? new Uint8Array();
        const md5 = createHash("md5").update(bytes).digest("hex");
        return { name, urls: [server.url(name)], md5, bytes: bytes.length };
      }),
    });
    catalogue = {
      cifar10: local(CATALOGUE.cifar10),
      cifar100: local(CATALOGUE.cifar100),
      mnist: local(CATALOGUE.mnist),
      "fashion-mnist": local(CATALOGUE["fashion-mnist"]),
    };
  });
  beforeEach(() => void server.requests.splice(0));
  after(() => server.close());

  const options = () => ({ cacheFolder: folder(), catalogue });

  it("becomes a folder that locateData knows", async () => {
    const found = await resolveDataset("mnist", options());
    const { train, evaluate } = await locateData(found, { seed: 0 });
    assert.deepEqual([train.rowCount, evaluate?.rowCount], [6, 2]);
  });

  it("becomes the folder inside its archive", async () => {
    const found = await resolveDataset("cifar10", options());
    assert.equal(found, path.join(folder(), "datasets/cifar10/cifar-10-batches-bin"));
    assert.ok(readFileSync(path.join(found, "data_batch_1.bin")).equals(RECORD));
  });

  it("needs no network the second time", async () => {
    const first = [await resolveDataset("mnist", options()), await resolveDataset("cifar10", options())];
    const asked = server.requests.length;
    const second = [await resolveDataset("mnist", options()), await resolveDataset("cifar10", options())];
    assert.deepEqual(second, first);
    assert.equal(server.requests.length, asked);
  });

  it("tells how far the whole is, through all its files", async () => {
    const told: { what: string; done: number; total: number }[] = [];
    await resolveDataset("mnist", {
      ...options(),
      progress: (what, done, total) => told.push({ what, done, total }),
    });
    const done = told.map((one) => one.done);
    assert.deepEqual(
      done,
      [...done].sort((a, b) => a - b),
    );
    assert.equal(done.at(-1), told[0]!.total);
    assert.equal(told[0]!.what, "downloading mnist");
  });

  it("is had once by two who ask at the same time", async () => {
    const [one, other] = await Promise.all([
      resolveDataset("cifar10", options()),
      resolveDataset("cifar10", options()),
    ]);
    assert.equal(one, other);
    assert.deepEqual(readdirSync(path.dirname(one)), ["cifar-10-batches-bin", "cifar-10-binary.tar.gz"]);
  });

  it("is named in the error where its server is gone", async () => {
    const gone = await startServer({});
    const url = gone.url("cifar-100-binary.tar.gz");
    await gone.close();
    const file = { ...CATALOGUE.cifar100.files[0], urls: [url] };
    const missing = { ...catalogue, cifar100: { files: [file], folder: "cifar-100-binary" } };
    await assert.rejects(
      resolveDataset("cifar100", { cacheFolder: folder(), catalogue: missing }),
      /^DataError: cifar100: could not get .*expected a network.*by hand to .*datasets.cifar100.cifar-100-binary/,
    );
  });

  it("is not looked for where a path of that name exists, nor for another name", async () => {
    const mine = await put(folder(), "mnist/a.txt", "mine").then(path.dirname);
    for (const target of [mine, "photos"]) assert.equal(await resolveTarget(target, options()), target);
    const here = process.cwd();
    process.chdir(folder());
    try {
      assert.equal(await resolveTarget("mnist", options()), "mnist");
    } finally {
      process.chdir(here);
    }
    assert.equal(server.requests.length, 0);
    assert.notEqual(await resolveTarget("mnist", options()), "mnist");
  });
});

describe("the catalogue", () => {
  it("has an MD5, a size and addresses for every file", () => {
    for (const name of DATASET_NAMES) {
      for (const { md5, bytes, urls, name: file } of CATALOGUE[name].files) {
        assert.match(md5, /^[0-9a-f]{32}$/);
        assert.ok(bytes > 1000);
        for (const url of urls) assert.ok(new URL(url).pathname.endsWith(file), url);
      }
    }
  });
});

describe("the cache folder", () => {
  it("is INSTDISC_CACHE, else in XDG_CACHE_HOME, else in ~/.cache", () => {
    assert.equal(defaultCacheFolder({ INSTDISC_CACHE: "/a", XDG_CACHE_HOME: "/b" }), path.resolve("/a"));
    assert.equal(defaultCacheFolder({ XDG_CACHE_HOME: "/b" }), path.join("/b", "onnx-instdisc"));
    assert.equal(defaultCacheFolder({ XDG_CACHE_HOME: "b" }), path.join(homedir(), ".cache/onnx-instdisc"));
    assert.equal(defaultCacheFolder({}), path.join(homedir(), ".cache/onnx-instdisc"));
  });
});
