import assert from "node:assert/strict";
import { appendFileSync, cpSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openIndex } from "../../src/models/openIndex.js";
import { lockFolder } from "../../src/search/folder/lock.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";
import { runCli, type Outcome } from "./executable.js";

describe("onnx-instdisc index", () => {
  const trained = suiteRun();
  const folder = suiteFolder();
  const index = (...args: string[]): Promise<Outcome> => runCli(["index", ...args], { cwd: folder() });

  async function succeeds(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await index(...args);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  async function fails(code: number, message: RegExp, ...args: string[]): Promise<void> {
    const outcome = await index(...args);
    assert.equal(outcome.code, code, outcome.stdout);
    assert.match(outcome.stderr, message);
    assert.equal(outcome.stdout, "");
  }

  it("makes an index of what a run learned from, and prints what comes next", async () => {
    const stdout = await succeeds("create", "first", "--model", trained().run);
    const printed =
      /^Added 200 vectors to first, which holds 200 now\.\nNext: npx onnx-instdisc (search .*)\n$/;
    assert.match(stdout, printed);
    const next = await runCli(printed.exec(stdout)![1]!.split(" "), { cwd: folder() });
    assert.equal(next.code, 0, next.stderr);
    const { backend, pictures } = await openIndex(join(folder(), "first"));
    const [id] = backend.ids();
    assert.equal(pictures!.rowOf(id!), 0);
    assert.equal(pictures!.dataset.size, 200);
    await backend.close();
  });

  it("takes a run's bank as it is", async () => {
    await succeeds("create", "bank", "--model", trained().run, "--from-bank");
    const [bank, run] = [await openIndex(join(folder(), "bank")), await openIndex(trained().run)];
    assert.deepEqual([...bank.backend.ids()], [...run.backend.ids()]);
    const [id] = run.backend.ids();
    assert.deepEqual(await bank.backend.vectorOf(id!), await run.backend.vectorOf(id!));
    await bank.backend.close();
  });

  it("tells in JSON what has become lasting, batch by batch", async () => {
    const { run, pictures } = trained();
    const args = [
      "--model",
      run,
      "--data",
      pictures,
      "--commit-every",
      "100",
      "--json",
      "--precision",
      "int8",
    ];
    const lines = (await succeeds("create", "batches", ...args, "--hnsw")).trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as unknown),
      [
        { added: 100 },
        { added: 200 },
        { added: 240 },
        { added: 240, skipped: 0, broken: 0, vectors: 240 },
        { graph: 240 },
      ],
    );
    assert.ok(!readdirSync(join(folder(), "batches/segments")).some((name) => name.includes("vectors")));
  });

  it("adds, deletes, shows and checks", async () => {
    const { run, pictures } = trained();
    await succeeds("create", "changing", "--model", run, "--data", pictures);
    assert.match(
      await succeeds("add", "changing", pictures, "--missing"),
      /Added 0 vectors .*; 240 pictures known/,
    );
    const { backend } = await openIndex(join(folder(), "changing"), { pictures: false });
    const [first, second] = backend.ids();
    await backend.close();
    const deleted = await succeeds("delete", "changing", first!, second!, "nobody", "--json");
    assert.deepEqual(JSON.parse(deleted), { deleted: 2, missing: 1, vectors: 238 });
    assert.match(await succeeds("hnsw", "changing"), /Built a graph over 238 vectors of changing/);
    assert.match(
      await succeeds("info", "changing", "--check"),
      /changing: all files are whole\n {2}vectors +238 of 8/,
    );
    const info = JSON.parse(await succeeds("info", "changing", "--json")) as Record<string, unknown>;
    assert.deepEqual([info["vectors"], info["deleted"], info["precision"]], [238, 0, "float32"]);
    assert.match(await succeeds("add", "changing", pictures, "--missing"), /Added 2 vectors/);
  });

  it("adds and deletes without reading the graph, which info and its check do read", async () => {
    const { run, pictures } = trained();
    await succeeds("create", "damaged", "--model", run, "--data", pictures, "--hnsw");
    const { backend } = await openIndex(join(folder(), "damaged"), { pictures: false });
    const [first] = backend.ids();
    await backend.close();
    const segments = join(folder(), "damaged/segments");
    appendFileSync(
      join(
        segments,
        readdirSync(segments).find((name) => name.endsWith(".hnsw"))!,
      ),
      "more",
    );
    assert.match(await succeeds("delete", "damaged", first!), /Deleted 1 vector of damaged; 239 left/);
    assert.match(await succeeds("add", "damaged", pictures, "--missing"), /Added 1 vector to damaged/);
    const fault = /\.hnsw: has sha256 .*, index\.json expects .*; build the graph again/;
    await fails(1, fault, "info", "damaged");
    await fails(1, fault, "info", "damaged", "--check");
    assert.match(await succeeds("hnsw", "damaged"), /Built a graph over 240 vectors/);
    await succeeds("info", "damaged", "--check");
  });

  it("says which writer it waits for", async () => {
    await succeeds("create", "busy", "--model", trained().run, "--from-bank");
    const release = await lockFolder(join(folder(), "busy"));
    const { code, stderr } = await runCli(["index", "delete", "busy", "nobody"], {
      cwd: folder(),
      watch: release,
    });
    assert.equal(code, 0);
    assert.match(
      stderr,
      new RegExp(`^busy: waiting for process ${process.pid} of \\w+, which is writing\n$`),
    );
  });

  it("refuses what makes no sense, before it writes anything", async () => {
    const { run, pictures } = trained();
    await fails(2, /Name what to do with the index/);
    await fails(2, /--model is missing, expected what makes the vectors/, "create", "none");
    const bank = ["create", "none", "--model", run, "--from-bank"];
    await fails(2, /--from-bank and --data: a bank has its own pictures/, ...bank, "--data", pictures);
    await fails(2, /--part all: a bank holds what the run learned from/, ...bank, "--part", "all");
    const alone = join(folder(), "alone");
    cpSync(join(run, "exported"), alone, { recursive: true });
    await fails(
      2,
      /alone: is not in a run folder.*; name some with --data/,
      "create",
      "none",
      "--model",
      alone,
    );
    await fails(
      2,
      /alone: is not in a run folder.*; name a run, or pictures with --data instead of --from-bank/,
      ...["create", "none", "--model", alone, "--from-bank"],
    );
    const graph = join(run, "graph/encoder.onnx");
    await fails(
      1,
      /none: found nothing that can be read/,
      "create",
      "none",
      "--model",
      graph,
      "--data",
      "none",
    );
    await fails(
      2,
      /--commit-every 0: expected a whole number from 1/,
      "add",
      "none",
      "x",
      "--commit-every",
      "0",
    );
    await fails(1, /index\.json: cannot be read \(ENOENT\), expected an index folder/, "info", "none");
    await fails(2, /is not empty/, "create", run, "--model", run);
    assert.equal(existsSync(join(folder(), "none")), false);
  });
});
