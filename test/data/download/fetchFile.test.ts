import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { RemoteFile } from "../../../src/data/download/catalogue.js";
import { fetchFile } from "../../../src/data/download/fetchFile.js";
import { DataError } from "../../../src/errors.js";
import { put, speckle, useTemporaryFolder } from "../fixtures.js";
import { cutAfter, obliging, startServer, type Answer, type TestServer } from "./server.js";

const CONTENT = speckle(300_000);
const MD5 = createHash("md5").update(CONTENT).digest("hex");

describe("fetching a file", () => {
  const folder = useTemporaryFolder();
  const servers: TestServer[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

  const target = () => path.join(folder(), "cache/file.bin");
  const names = () => readdirSync(path.dirname(target()));

  async function serve(answer: Answer = obliging, content = CONTENT): Promise<TestServer> {
    const server = await startServer({ "file.bin": content }, answer);
    servers.push(server);
    return server;
  }

  const remoteAt = (...urls: string[]): RemoteFile => ({
    name: "file.bin",
    urls,
    md5: MD5,
    bytes: CONTENT.length,
  });

  const get = (remote: RemoteFile, progress: (file: RemoteFile, done: number) => void = () => undefined) =>
    fetchFile("some-set", remote, target(), { fetch, progress });

  const checkWhole = () => {
    assert.deepEqual(names(), ["file.bin"]);
    assert.ok(readFileSync(target()).equals(CONTENT), "the bytes of the server");
  };

  it("writes what the server has, and tells how far it is", async () => {
    const server = await serve();
    const done: number[] = [];
    await get(remoteAt(server.url("file.bin")), (_, bytes) => done.push(bytes));
    checkWhole();
    assert.equal(done.at(-1), CONTENT.length);
    assert.deepEqual(
      done,
      [...done].sort((a, b) => a - b),
    );
  });

  it("asks no server when the file is there", async () => {
    const server = await serve();
    const remote = remoteAt(server.url("file.bin"));
    await get(remote);
    await get(remote);
    assert.equal(server.requests.length, 1);
  });

  it("refuses a file of another content that somebody put there", async () => {
    await put(folder(), "cache/file.bin", "something else");
    await assert.rejects(get(remoteAt("http://127.0.0.1:9/file.bin")), (error: Error) => {
      assert.ok(error instanceof DataError);
      assert.match(error.message, /cache\/file\.bin: found MD5 [0-9a-f]{32}, expected [0-9a-f]{32}; delete/);
      return true;
    });
  });

  it("asks for the rest when the connection is cut", async () => {
    const server = await serve((request, response, bytes, attempt) =>
      attempt === 0 ? cutAfter(response, bytes, 100_000) : obliging(request, response, bytes, attempt),
    );
    await get(remoteAt(server.url("file.bin")));
    checkWhole();
    assert.equal(server.requests[0]!.range, undefined);
    assert.match(server.requests[1]!.range!, /^bytes=[1-9]\d*-$/);
    assert.equal(server.requests.length, 2);
  });

  it("goes on at the next start with what an earlier one left", async () => {
    const failing = await serve((_, response, bytes, attempt) =>
      attempt === 0 ? cutAfter(response, bytes, 100_000) : response.writeHead(503).end(),
    );
    await assert.rejects(get(remoteAt(failing.url("file.bin"))), /could not get .*503/);
    assert.equal(names().length, 1, "the part that came");
    assert.match(names()[0]!, /\.part$/);

    const server = await serve();
    await get(remoteAt(server.url("file.bin")));
    checkWhole();
    assert.match(server.requests[0]!.range!, /^bytes=[1-9]\d*-$/);
  });

  it("takes over what a process left that is gone", async () => {
    const gone = 2 ** 22 + 1; // above Linux's largest process id
    await put(folder(), `cache/file.bin.${gone}-0badcafe.part`, CONTENT.subarray(0, 200_000));
    await put(folder(), `cache/file.bin.${gone}-0badbeef.part`, CONTENT.subarray(0, 7));
    const server = await serve();
    await get(remoteAt(server.url("file.bin")));
    checkWhole();
    assert.deepEqual(
      server.requests.map(({ range }) => range),
      ["bytes=200000-"],
    );
  });

  it("leaves alone what another living process writes", async () => {
    const living = `cache/file.bin.${process.ppid}-0badcafe.part`;
    await put(folder(), living, CONTENT.subarray(0, 200_000));
    const server = await serve();
    await get(remoteAt(server.url("file.bin")));
    assert.deepEqual(names(), ["file.bin", path.basename(living)]);
    assert.equal(server.requests[0]!.range, undefined);
  });

  it("starts over with a server that knows no ranges", async () => {
    await put(folder(), `cache/file.bin.${2 ** 22 + 1}-0badcafe.part`, CONTENT.subarray(0, 200_000));
    const server = await serve((_, response, bytes) => response.end(bytes));
    await get(remoteAt(server.url("file.bin")));
    checkWhole();
  });

  it("takes a part that is already whole for what it is", async () => {
    await put(folder(), `cache/file.bin.${2 ** 22 + 1}-0badcafe.part`, CONTENT);
    const server = await serve();
    await get(remoteAt(server.url("file.bin")));
    checkWhole();
    assert.equal(server.requests.length, 1);
  });

  it("throws away what has another MD5", async () => {
    const server = await serve(obliging, speckle(1000).fill(1));
    await assert.rejects(get(remoteAt(server.url("file.bin"))), (error: Error) => {
      assert.ok(error instanceof DataError);
      assert.match(
        error.message,
        /^some-set: found MD5 \w+ in what http.* sent, expected \w+; it was thrown away/,
      );
      return true;
    });
    assert.deepEqual(names(), []);
  });

  it("throws away a part that belonged to another file, and then gets the whole", async () => {
    await put(folder(), `cache/file.bin.${2 ** 22 + 1}-0badcafe.part`, new Uint8Array(1000));
    const server = await serve();
    const remote = remoteAt(server.url("file.bin"));
    await assert.rejects(get(remote), /try again/);
    await get(remote);
    checkWhole();
  });

  it("says where to put the file by hand when the server has none", async () => {
    const server = await serve();
    const url = server.url("other.bin");
    await assert.rejects(get(remoteAt(url)), (error: Error) => {
      assert.ok(error instanceof DataError);
      assert.equal(
        error.message,
        `some-set: could not get ${url} (HTTP 404 Not Found), expected a network that reaches it; ` +
          `download ${url} by hand to ${target()}, or give a folder of pictures`,
      );
      return true;
    });
  });

  it("says the same without any server, naming every address", async () => {
    const server = await startServer({});
    const dead = server.url("file.bin");
    await server.close();
    await assert.rejects(get(remoteAt(dead, `${dead}2`)), (error: Error) => {
      assert.ok(error instanceof DataError);
      assert.match(
        error.message,
        /file\.bin \(ECONNREFUSED\) or .*file\.bin2 \(ECONNREFUSED\), expected a network/,
      );
      return true;
    });
  });

  it("asks the next address where the first fails", async () => {
    const server = await serve();
    await get(remoteAt(server.url("other.bin"), server.url("file.bin")));
    checkWhole();
  });

  it("lets two downloads of one file end well side by side", async () => {
    const server = await serve();
    const remote = remoteAt(server.url("file.bin"));
    await Promise.all([get(remote), get(remote)]);
    checkWhole();
  });

  it("lets two processes do the same", async () => {
    const server = await serve((request, response, bytes, attempt) =>
      setTimeout(() => obliging(request, response, bytes, attempt), 200),
    );
    const module = new URL("../../../src/data/download/fetchFile.js", import.meta.url).href;
    const remote = JSON.stringify(remoteAt(server.url("file.bin")));
    const program =
      `import { fetchFile } from ${JSON.stringify(module)};` +
      `await fetchFile("some-set", ${remote}, ${JSON.stringify(target())}, { fetch, progress() {} });`;
    const start = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
    await Promise.all([start(), start()]);
    checkWhole();
  });

  it("says where there is no room to write", async () => {
    await put(folder(), "cache", "a file where the folder should be");
    await assert.rejects(get(remoteAt("http://127.0.0.1:9/file.bin")), (error: Error) => {
      assert.ok(error instanceof DataError);
      assert.match(
        error.message,
        /file\.bin: found that it cannot be written \((EEXIST|ENOTDIR)\).*INSTDISC_CACHE/,
      );
      return true;
    });
  });
});
