import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { problem } from "../../src/serve/api/schemas.js";
import { runCli } from "../cli/executable.js";
import { bombPng } from "../support/hostileFolder.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";
import { ask, endServers, metricOf, RawClient, startProcess, until, type ServerProcess } from "./server.js";
import { JPEG, uploadsOf, type Uploads } from "./uploads.js";

const head = (...lines: string[]): string => ["Host: 127.0.0.1", ...lines, "", ""].join("\r\n");

describe("the server among strangers", () => {
  const folder = suiteFolder();
  const trained = suiteRun();
  let given: Uploads;
  const cache = () => join(folder(), "cache");
  const start = (...args: string[]) => startProcess(trained().run, "--cache", cache(), ...args);
  const codeOf = (answer: string): string =>
    problem.parse(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4))).error.code;
  const statusOf = (answer: string): number => Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1]);

  before(async () => {
    given = await uploadsOf(trained().run, 8);
  });

  describe("with small limits", () => {
    let server: ServerProcess;
    const upload = (bytes: Uint8Array<ArrayBuffer>) =>
      fetch(`${server.url}api/embed`, { ...JPEG, body: bytes });
    const stillAnswers = async (): Promise<void> =>
      assert.equal((await upload(given.uploads[0]!.bytes)).status, 200);

    before(async () => {
      server = await start("--max-upload", "0.1", "--max-connections", "12", "--upload-seconds", "1");
    });
    after(endServers);
    afterEach(stillAnswers);

    it("isolates its page, and lets it speak to nobody else", async () => {
      for (const path of ["", "collection/collection.json", "api/health", "nothing"]) {
        const { headers } = await fetch(server.url + path);
        assert.equal(headers.get("Cross-Origin-Opener-Policy"), "same-origin");
        assert.equal(headers.get("Cross-Origin-Embedder-Policy"), "require-corp");
        assert.equal(headers.get("Cross-Origin-Resource-Policy"), "same-origin");
        assert.equal(headers.get("X-Content-Type-Options"), "nosniff");
        assert.equal(headers.get("Access-Control-Allow-Origin"), null);
        const policy = headers.get("Content-Security-Policy")!;
        assert.match(policy, /default-src 'none'/);
        assert.doesNotMatch(policy, /https?:|\*|'unsafe-eval'/);
      }
    });

    it("serves the collection with tags, and pictures as they are asked for", async () => {
      for (const name of [
        "collection.json",
        "vectors.safetensors",
        "encoder.onnx",
        "sprites/0000.jpg",
        "pictures/7",
      ]) {
        const url = `${server.url}collection/${name}`;
        const first = await fetch(url);
        const bytes = await first.arrayBuffer();
        assert.equal(first.status, 200, name);
        assert.ok(bytes.byteLength > 100, name);
        const tag = first.headers.get("ETag")!;
        const again = await fetch(url, { headers: { "If-None-Match": tag } });
        assert.equal(again.status, 304, name);
        assert.equal((await again.arrayBuffer()).byteLength, 0);
        const alone = await fetch(url, { method: "HEAD" });
        assert.deepEqual([alone.status, alone.headers.get("ETag")], [200, tag]);
      }
    });

    it("reads nothing outside of its folders, however the path is written", async () => {
      writeFileSync(join(folder(), "secret.txt"), "the secret");
      const inside = readdirSync(cache())[0]!;
      const climbs = ["..", "%2e%2e", "%2E.", "%252e%252e", "..%2f", "..%5c", "%c0%ae%c0%ae", "....", "..;"];
      const paths = climbs.flatMap((up) => [
        `/collection/${up}/${up}/secret.txt`,
        `/collection/sprites/${up}/${up}/${up}/secret.txt`,
        `/collection/${up}/${inside}/collection.json`,
        `/${up}/${up}/package.json`,
        `/collection/pictures/${up}/1`,
      ]);
      paths.push(
        `/collection/${join(folder(), "secret.txt")}`,
        "//etc/passwd",
        "/collection//etc/passwd",
        "/collection/%00collection.json",
        "/collection/collection.json%00.jpg",
        "/collection/%",
        "/%ff%fe",
        "/collection/..\\..\\secret.txt",
        "/collection/pictures/%30%0a",
      );
      for (const path of paths) {
        const answer = await ask(server.port, `GET ${path} HTTP/1.1\r\n${head("Connection: close")}`);
        // Dots that the address itself resolves may lead to what is served anyway.
        const isServed = /^HTTP\/1.1 503/.test(answer) && codeOf(answer) === "page_not_built";
        assert.ok([400, 404].includes(statusOf(answer)) || isServed, `${path}: ${answer.slice(0, 200)}`);
        assert.doesNotMatch(answer, /the secret|root:|devDependencies/, path);
      }
    });

    it("answers under the names of this machine only", async () => {
      for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"]) {
        const answer = await ask(
          server.port,
          `GET /api/health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
        );
        assert.equal(statusOf(answer), 421, host);
      }
      for (const host of ["localhost", `localhost:${server.port}`, `127.0.0.1:${server.port}`]) {
        const answer = await ask(
          server.port,
          `GET /api/health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
        );
        assert.equal(statusOf(answer), 200, host);
      }
    });

    it("refuses what is no HTTP", async () => {
      for (const request of [
        "hello\r\n\r\n",
        "GET\r\n\r\n",
        `GET / HTTP/1.1\r\nX: ${"a".repeat(20_000)}\r\n\r\n`,
      ]) {
        const answer = await ask(server.port, request);
        assert.ok([400, 431].includes(statusOf(answer)), answer.slice(0, 100));
        assert.equal(codeOf(answer), "bad_request");
      }
    });

    it("refuses uploads that are too large, told in advance or not", async () => {
      const told = head("Content-Type: image/jpeg", "Content-Length: 200000");
      const whole = await ask(server.port, `POST /api/embed HTTP/1.1\r\n${told}${"x".repeat(200_000)}`);
      assert.equal(statusOf(whole), 413);
      const claimed = await ask(
        server.port,
        `POST /api/embed HTTP/1.1\r\n${head("Content-Type: image/jpeg", "Content-Length: 999999999999")}`,
      );
      assert.equal(statusOf(claimed), 413);
      assert.equal(codeOf(claimed), "too_large");
      const client = await RawClient.connect(server.port);
      client.write(
        `POST /api/embed HTTP/1.1\r\n${head("Content-Type: image/jpeg", "Transfer-Encoding: chunked")}`,
      );
      for (let chunk = 0; chunk < 3; chunk++) client.write(`c350\r\n${"x".repeat(50_000)}\r\n`);
      assert.equal(statusOf(await client.answer), 413);
      await until(async () => (await metricOf(server.url, "upload_bytes")) === 0);
    });

    it("refuses a small file that claims to be a huge picture, without room for it", async () => {
      const file = bombPng(20_000); // 400 million pixels
      assert.ok(file.length < 100_000, `${file.length}`);
      const before = await metricOf(server.url, "resident_memory_bytes");
      const response = await upload(file);
      assert.equal(response.status, 422);
      assert.match(await response.text(), /pixel limit/);
      const grown = (await metricOf(server.url, "resident_memory_bytes")) - before;
      assert.ok(grown < 200e6, `${grown} bytes`);
    });

    it("cuts off heads and bodies that come too slowly, and answers others meanwhile", async () => {
      const slow = await Promise.all(Array.from({ length: 6 }, () => RawClient.connect(server.port)));
      slow.forEach((client, at) => {
        client.write("POST /api/embed HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\n");
        if (at % 2 === 0) client.write("Content-Length: 1000\r\n\r\nx");
      });
      const drip = setInterval(() => {
        for (const { socket } of slow) if (socket.writable) socket.write("a");
      }, 100);
      try {
        await stillAnswers();
        for (const { answer } of slow) {
          assert.equal(statusOf(await answer), 408);
          assert.equal(codeOf(await answer), "too_slow");
        }
      } finally {
        clearInterval(drip);
      }
      await until(async () => (await metricOf(server.url, "upload_bytes")) === 0);
    });

    it("has so many connections and no more, and takes new ones when they end", async () => {
      const idle: RawClient[] = [];
      while (idle.length < 12) idle.push(await RawClient.connect(server.port));
      const answer = await ask(server.port, `GET /api/health HTTP/1.1\r\n${head()}`);
      assert.equal(answer, "", "one too many was answered");
      for (const { socket } of idle) socket.destroy();
      await until(async () => (await fetch(`${server.url}api/health`).catch(() => null))?.status === 200);
    });

    it("lets go of uploads and downloads whose clients go", async () => {
      const half = async (): Promise<void> => {
        const client = await RawClient.connect(server.port);
        client.write(
          `POST /api/embed HTTP/1.1\r\n${head("Content-Type: image/jpeg", "Content-Length: 90000")}`,
        );
        client.write("x".repeat(45_000));
        await until(async () => (await metricOf(server.url, "upload_bytes")) > 0);
        client.socket.destroy();
      };
      for (let turn = 0; turn < 4; turn++) await half();
      for (let turn = 0; turn < 4; turn++) {
        const client = await RawClient.connect(server.port);
        client.socket.pause();
        client.write(`GET /collection/encoder.onnx HTTP/1.1\r\n${head()}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        client.socket.destroy();
      }
      await until(async () => (await metricOf(server.url, "upload_bytes")) === 0);
      const abort = new AbortController();
      const unfinished = new ReadableStream({
        start: (controller) => controller.enqueue(given.uploads[1]!.bytes),
      });
      const init = { ...JPEG, body: unfinished, duplex: "half", signal: abort.signal } as const;
      const gone = assert.rejects(fetch(`${server.url}api/embed`, init), { name: "AbortError" });
      await until(async () => (await metricOf(server.url, "upload_bytes")) > 0);
      abort.abort();
      await gone;
      await until(async () => (await metricOf(server.url, "upload_bytes")) === 0);
      await until(async () => (await metricOf(server.url, "connections")) <= 2);
      if (process.platform === "linux") {
        await until(() => {
          const open = readdirSync(`/proc/${server.child.pid}/fd`).length;
          return open < 80;
        });
      }
    });

    it("has told of no defect in all of this", () => {
      assert.doesNotMatch(server.stderr(), /Error|defect/, server.stderr());
    });
  });

  it("refuses what comes when its queue is full, and tells its health meanwhile", async () => {
    const server = await start("--max-waiting", "2");
    try {
      let healthy = 0;
      const { bytes } = given.uploads[0]!;
      const uploads = Array.from({ length: 60 }, () =>
        fetch(`${server.url}api/embed`, { ...JPEG, body: bytes }),
      );
      const health = Array.from({ length: 5 }, async () => {
        if ((await fetch(`${server.url}api/health`)).status === 200) healthy++;
      });
      const answers = await Promise.all(uploads);
      await Promise.all(health);
      assert.equal(healthy, 5);
      const refused = answers.filter(({ status }) => status === 503);
      const fine = answers.filter(({ status }) => status === 200);
      assert.equal(refused.length + fine.length, 60);
      assert.ok(fine.length > 0 && refused.length > 0, `${fine.length} answered, ${refused.length} refused`);
      for (const response of refused) {
        assert.equal(response.headers.get("Retry-After"), "1");
        assert.equal(problem.parse(await response.json()).error.code, "overloaded");
      }
    } finally {
      endServers();
      await server.ended;
    }
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`finishes what is under way on ${signal}, and ends with code 0`, async () => {
      const server = await start();
      const { bytes } = given.uploads[2]!;
      const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(server.port)));
      const request = head("Content-Type: image/jpeg", `Content-Length: ${bytes.length}`);
      for (const client of clients) {
        client.write(`POST /api/embed HTTP/1.1\r\n${request}`);
        client.write(bytes.subarray(0, 100));
      }
      const idle = await RawClient.connect(server.port);
      await until(async () => (await metricOf(server.url, "upload_bytes")) >= 800);
      server.child.kill(signal);
      await until(() => server.stderr().includes("finishing"));
      await assert.rejects(RawClient.connect(server.port), "a new client was accepted");
      for (const client of clients) client.write(bytes.subarray(100));
      for (const client of clients) {
        const answer = await client.answer;
        assert.equal(statusOf(answer), 200, answer);
        assert.match(answer, /^connection: close/im);
      }
      idle.socket.destroy();
      assert.deepEqual(await server.ended, { code: 0, signal: null });
    });
  }

  it("ends at once at the second signal", async () => {
    const server = await start();
    const client = await RawClient.connect(server.port);
    client.write(`POST /api/embed HTTP/1.1\r\n${head("Content-Type: image/jpeg", "Content-Length: 1000")}x`);
    await until(async () => (await metricOf(server.url, "upload_bytes")) > 0);
    server.child.kill("SIGTERM");
    await until(() => server.stderr().includes("finishing"));
    server.child.kill("SIGTERM");
    assert.deepEqual(await server.ended, { code: null, signal: "SIGINT" });
  });

  it("says which port is taken, and what to do", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    const args = ["serve", trained().run, "--cache", cache(), "--port", String(port)];
    const { code, stdout, stderr } = await runCli(args, { cwd: folder() });
    taken.close();
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      new RegExp(`127.0.0.1:${port}: found another program.*--port ${port + 1}.*--port 0`),
    );
  });

  it("refuses options and folders that make no sense", async () => {
    const refused = async (args: string[], expected: number, message: RegExp) => {
      const { code, stderr } = await runCli(["serve", ...args], { cwd: folder() });
      assert.match(stderr, message);
      assert.equal(code, expected);
    };
    await refused(["nowhere"], 1, /nowhere: is not there/);
    await refused([trained().run, "--port", "70000"], 2, /port: found 70000/);
    await refused([trained().run, "--port", "http"], 2, /--port: expected a number/);
    await refused([trained().run, "--max-upload", "0"], 2, /mostUploadBytes: found 0/);
    await refused([trained().run, "--pictures"], 2, /--pictures: found without --static/);
  });
});
