import assert from "node:assert/strict";
import { join } from "node:path";
import { openApiDocument } from "../../src/serve/api/openApi.js";
import { OPERATIONS, type Operation } from "../../src/serve/api/operations.js";
import {
  classifyAnswer,
  embedAnswer,
  healthAnswer,
  problem,
  searchAnswer,
} from "../../src/serve/api/schemas.js";
import { cosine } from "../support/modelFile.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";
import { endServers, metricOf, startProcess, until, type ServerProcess } from "./server.js";
import { JPEG, nearestIds, uploadsOf, type Uploads } from "./uploads.js";

describe("the API", () => {
  const folder = suiteFolder();
  const trained = suiteRun();
  let server: ServerProcess;
  let given: Uploads;
  const at = (path: string) => new URL(path, server.url);
  const answerTo = async (path: string, init?: RequestInit): Promise<unknown> => {
    const response = await fetch(at(path), init);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  };

  before(async () => {
    given = await uploadsOf(trained().run, 40);
    server = await startProcess(trained().run, "--cache", join(folder(), "cache"));
  });
  after(endServers);

  it("embeds an upload as the encoder does, as body or form", async () => {
    const [{ bytes, vector }] = given.uploads as [Uploads["uploads"][0]];
    const form = new FormData();
    form.append("picture", new Blob([bytes], { type: "image/jpeg" }), "picture.jpg");
    for (const init of [
      { ...JPEG, body: bytes },
      { method: "POST", body: form },
    ]) {
      const answer = embedAnswer.parse(await answerTo("api/embed", init));
      assert.equal(answer.model, given.source.model.sha256);
      assert.equal(answer.dim, vector.length);
      assert.ok(cosine(answer.vector, vector) > 0.99999);
    }
  });

  it("finds the neighbours of an upload, of its vector and of an id", async () => {
    const { id, bytes, vector } = given.uploads[3]!;
    const same = (answer: unknown, expected: readonly { id: string; similarity: number }[]) => {
      const { hits } = searchAnswer.parse(answer);
      assert.deepEqual(
        hits.map((hit) => hit.id),
        expected.map((one) => one.id),
      );
      hits.forEach((hit, place) => {
        assert.ok(Math.abs(hit.similarity - expected[place]!.similarity) < 1e-4);
        const row = given.source.ids.indexOf(hit.id);
        assert.deepEqual([hit.row, hit.label], [row, given.source.labels![row]]);
        assert.equal(hit.className, given.source.classNames[hit.label!]);
      });
    };
    const expected = nearestIds(given.source, vector, 5);
    same(await answerTo("api/search?k=5", { ...JPEG, body: bytes }), expected);
    // At any length: only the direction counts.
    const json = (value: unknown) => ({
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(value),
    });
    same(await answerTo("api/search", json({ vector: [...vector].map((v) => 1000 * v), k: 5 })), expected);
    const row = given.source.ids.indexOf(id);
    const own = given.source.vectors.data.subarray(row * 8, (row + 1) * 8);
    const others = nearestIds(given.source, own, 6).filter((one) => one.id !== id);
    same(await answerTo("api/search", json({ id, k: 5 })), others.slice(0, 5));
    same(await answerTo(`api/search?k=5&id=${encodeURIComponent(id)}`), others.slice(0, 5));
  });

  it("finds all there is when asked for more", async () => {
    const count = given.source.ids.length;
    const { hits } = searchAnswer.parse(
      await answerTo(`api/search?k=1000&id=${encodeURIComponent(given.source.ids[0]!)}`),
    );
    assert.equal(hits.length, count - 1);
  });

  it("classifies by the weighted vote of the neighbours", async () => {
    const { bytes } = given.uploads[5]!;
    const { hits, votes, label, className } = classifyAnswer.parse(
      await answerTo("api/classify?k=7&temperature=0.2", { ...JPEG, body: bytes }),
    );
    assert.equal(hits.length, 7);
    const weights = new Map<number, number>();
    for (const hit of hits) {
      weights.set(hit.label!, (weights.get(hit.label!) ?? 0) + Math.exp(hit.similarity / 0.2));
    }
    const all = [...weights.values()].reduce((sum, weight) => sum + weight);
    assert.equal(votes.length, weights.size);
    for (const vote of votes) assert.ok(Math.abs(vote.share - weights.get(vote.label)! / all) < 1e-6);
    assert.equal(label, votes[0]!.label);
    assert.equal(className, given.source.classNames[label]);
    assert.ok(votes.every(({ share }, place) => place === 0 || share <= votes[place - 1]!.share));
  });

  it("gives the same answers to many clients at once as to one", async () => {
    const ask = async (turn: number): Promise<void> => {
      const { id, bytes, vector } = given.uploads[turn % given.uploads.length]!;
      if (turn % 3 === 0) {
        const answer = embedAnswer.parse(await answerTo("api/embed", { ...JPEG, body: bytes }));
        assert.ok(cosine(answer.vector, vector) > 0.99999, id);
      } else if (turn % 3 === 1) {
        const answer = searchAnswer.parse(await answerTo("api/search?k=3", { ...JPEG, body: bytes }));
        const expected = nearestIds(given.source, vector, 3).map((one) => one.similarity);
        assert.equal(answer.hits.length, 3);
        answer.hits.forEach((hit, at) => assert.ok(Math.abs(hit.similarity - expected[at]!) < 1e-4, id));
      } else {
        const answer = searchAnswer.parse(await answerTo(`api/search?k=3&id=${encodeURIComponent(id)}`));
        assert.equal(answer.hits.length, 3);
        assert.ok(answer.hits.every((hit) => hit.id !== id));
      }
    };
    let turn = 0;
    const client = async (): Promise<void> => {
      while (turn < 600) await ask(turn++);
    };
    await Promise.all(Array.from({ length: 48 }, client));
    await until(async () => (await metricOf(server.url, "upload_bytes")) === 0);
  });

  it("tells its health, and counts what it answered", async () => {
    const health = healthAnswer.parse(await answerTo("api/health"));
    assert.equal(health.status, "ok");
    assert.equal(health.pictures, given.source.ids.length);
    const text = await (await fetch(at("api/metrics"))).text();
    assert.match(
      text,
      /^instdisc_http_requests_total\{route="\/api\/embed",method="POST",status="200"\} 2\d\d$/m,
    );
    assert.match(text, /^instdisc_http_request_seconds_bucket\{route="\/api\/embed",le="\+Inf"\} 2\d\d$/m);
    assert.equal(await metricOf(server.url, "http_errors_total"), 0);
    assert.ok((await metricOf(server.url, "resident_memory_bytes")) > 1e7);
  });

  it("describes itself by a document in which every example fits its schema", async () => {
    assert.deepEqual(await answerTo("api/openapi.json"), JSON.parse(JSON.stringify(openApiDocument())));
    const operations: readonly Operation[] = Object.values(OPERATIONS);
    for (const { path, query, queryExample, json, answer } of operations) {
      assert.ok(query.safeParse(queryExample).success, `${path}: query`);
      for (const example of json?.examples ?? []) {
        assert.ok(json!.schema.safeParse(example).success, `${path}: ${JSON.stringify(example)}`);
      }
      if ("schema" in answer) assert.ok(answer.schema.safeParse(answer.example).success, `${path}: answer`);
    }
  });

  it("documents every operation with its problems, and serves each that it documents", async () => {
    const { paths } = openApiDocument() as {
      paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
    };
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, { responses }] of Object.entries(operations)) {
        const { status } = await fetch(at(path.slice(1)), { method: method.toUpperCase() });
        assert.ok(
          String(status) in responses,
          `${method} ${path}: ${status}, ${Object.keys(responses).join()}`,
        );
      }
    }
  });

  it("tells problems as JSON, each with its status and code", async () => {
    const { bytes } = given.uploads[0]!;
    const json = (body: string): RequestInit => ({
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    const dim = given.source.vectors.dim;
    const vector = (one: string) => `{"vector":[${Array.from({ length: dim }, () => one).join(",")}]}`;
    const cases: readonly [path: string, init: RequestInit, status: number, code: string][] = [
      ["api/nothing", {}, 404, "not_found"],
      ["collection/nothing", {}, 404, "not_found"],
      ["collection/pictures/99999", {}, 404, "not_found"],
      ["collection/pictures/-1", {}, 404, "not_found"],
      ["collection/pictures/1e3", {}, 404, "not_found"],
      ["api/search", { method: "DELETE" }, 405, "method_not_allowed"],
      ["api/embed", {}, 405, "method_not_allowed"],
      ["api/health", { method: "POST" }, 405, "method_not_allowed"],
      ["api/search?id=nobody", {}, 404, "unknown_id"],
      ["api/search", json('{"id":"nobody"}'), 404, "unknown_id"],
      ["api/search", {}, 422, "invalid"],
      ["api/search?id=a&id=b", {}, 422, "invalid"],
      ["api/search?id=a&k=0", {}, 422, "invalid"],
      ["api/search?id=a&k=1.5", {}, 422, "invalid"],
      ["api/search?id=a&k=99999999999999999999", {}, 422, "invalid"],
      ["api/search?id=a&k=1001", {}, 422, "invalid"],
      ["api/search?id=a&color=red", {}, 422, "invalid"],
      ["api/search", json("{"), 400, "bad_json"],
      ["api/search", json(""), 400, "bad_json"],
      ["api/search", json(vector("NaN")), 400, "bad_json"],
      ["api/search", json(vector("1e999")), 422, "invalid"],
      ["api/search", json(vector("1e308")), 422, "invalid"],
      ["api/search", json(vector("0")), 422, "invalid"],
      ["api/search", json(vector('"1"')), 422, "invalid"],
      ["api/search", json(vector("null")), 422, "invalid"],
      ["api/search", json('{"vector":[1]}'), 422, "invalid"],
      ["api/search", json('{"vector":{"length":8}}'), 422, "invalid"],
      ["api/search", json('{"id":"a","vector":[1]}'), 422, "invalid"],
      ["api/search", json('{"id":["a"]}'), 422, "invalid"],
      ["api/search", json("[]"), 422, "invalid"],
      ["api/search", json("null"), 422, "invalid"],
      ["api/search", json('{"id":"a","k":"5"}'), 422, "invalid"],
      ["api/search", json('{"id":"a","k":1e9}'), 422, "invalid"],
      ["api/search", json(`{"id":"${"a".repeat(5000)}"}`), 422, "invalid"],
      ["api/search", json("[".repeat(100_000)), 400, "bad_json"],
      ["api/embed", json("{}"), 415, "unsupported_type"],
      ["api/embed", { method: "POST", body: new Uint8Array(3) }, 415, "unsupported_type"],
      ["api/embed", { ...JPEG, body: "" }, 400, "bad_request"],
      ["api/embed", { ...JPEG, body: "no picture" }, 422, "not_a_picture"],
      ["api/embed", { ...JPEG, body: "<svg xmlns='http://www.w3.org/2000/svg'/>" }, 422, "not_a_picture"],
      ["api/embed", { ...JPEG, body: bytes.subarray(0, bytes.length >> 1) }, 422, "not_a_picture"],
      ["api/classify?temperature=0", { ...JPEG, body: bytes }, 422, "invalid"],
      [
        "api/embed",
        { method: "POST", headers: { "Content-Type": "multipart/form-data" }, body: bytes },
        400,
        "bad_multipart",
      ],
      ["api/embed", { method: "POST", body: new FormData() }, 400, "bad_multipart"],
    ];
    for (const [path, init, status, code] of cases) {
      const response = await fetch(at(path), init);
      const shown = `${init.method ?? "GET"} ${path} ${typeof init.body === "string" ? init.body.slice(0, 60) : ""}`;
      const text = await response.text();
      assert.equal(response.status, status, `${shown}: ${text}`);
      const { error } = problem.parse(JSON.parse(text));
      assert.equal(error.code, code, shown);
      assert.ok(error.message.length > 0 && error.message.length < 1000, error.message);
      if (status === 405) assert.ok(response.headers.get("Allow"), shown);
    }
    assert.equal(server.stderr().match(/Error/g), null, server.stderr());
  });
});
