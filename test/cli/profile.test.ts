import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Profile } from "../../src/profile/measure.js";
import { suiteFolder } from "../support/temporary.js";
import { runCli, TINY } from "./executable.js";

interface Printed extends Profile {
  readonly model: string;
  readonly threads: number;
  readonly steps: number;
  readonly sizes: Readonly<Record<string, number>>;
  readonly operators: readonly { readonly name: string; readonly ms: number }[];
}

describe("onnx-instdisc profile", () => {
  const folder = suiteFolder();
  const run = (...args: string[]) => runCli(["profile", ...args], { cwd: folder() });
  const profile = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args, "--steps", "2");
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const profiled = async (...args: string[]) => JSON.parse(await profile(...args, "--json")) as Printed;

  before(async () => {
    const built = await runCli(["build-graph", ...TINY, "--out", "run/graph"], { cwd: folder() });
    assert.equal(built.code, 0, built.stderr);
  });

  it("shows times, operators and layers of a step", async () => {
    const text = await profile("run/graph", "--top", "3", "--instances", "1000");
    assert.match(
      text,
      /^run\/graph\/train_step\.onnx, \d+ nodes; ONNX Runtime \S+ on cpu, .*; least times of 2 runs$/m,
    );
    assert.match(text, /^ {2}one run +\d+\.\d\d ms +\d+\.\d images\/s$/m);
    assert.match(text, /^ {2}ceiling: memory, read and written +\d+\.\d GB\/s$/m);
    for (const title of ["By operator", "By layer; passes in ms", "Slowest nodes"])
      assert.match(text, new RegExp(`^${title}$`, "m"));
    assert.match(text, /^ {2}\d+ other operators +\d/m);
    assert.match(text, /^ {2}all +\d+\.\d\d +100\.0 %/m);
    assert.doesNotMatch(text, /NaN|undefined|\[object|Infinity/);
  });

  it("gives all of it as JSON, with the threads and sizes that were asked for", async () => {
    const printed = await profiled("run", "--threads", "1", "--instances", "500");
    const { model, threads, steps, sizes, nodes, operators } = printed;
    assert.deepEqual([model, threads, steps, sizes["instances"]], ["run/graph/train_step.onnx", 1, 2, 500]);
    const rows = nodes.find(({ name }) => name === "/objective/Gemm")!;
    assert.equal(rows.flops, 2 * 16 * 8 * 500); // [16, 8] · [8, 500]
    const sum = (times: readonly { ms: number }[]) => times.reduce((all, { ms }) => all + ms, 0);
    assert.ok(Math.abs(sum(operators) - sum(nodes)) < 1e-6);
  });

  it("runs what a run was tuned to, where there is such a graph", async () => {
    mkdirSync(join(folder(), "run/tuned"));
    copyFileSync(join(folder(), "run/graph/train_step.onnx"), join(folder(), "run/tuned/train_step.onnx"));
    assert.equal((await profiled("run", "--instances", "100")).model, "run/tuned/train_step.onnx");
    assert.equal((await profiled("run", "--graph", "encoder")).model, "run/graph/encoder.onnx");
  });

  it("profiles the encoder for any number of pictures, from the folder or by its file", async () => {
    const [one, other] = [
      await profiled("run", "--graph", "encoder", "--batch", "3"),
      await profiled("run/graph/encoder.onnx", "--batch", "3"),
    ];
    assert.deepEqual([one.images, other.images], [3, 3]);
    assert.equal((await profiled("run/graph", "--graph", "bank-init")).images, 16);
  });

  it("profiles what settings and a preset would build, without writing it", async () => {
    const { code, stdout } = await run(
      "--preset",
      "small",
      "--objective",
      "softmax",
      ...TINY,
      "--steps",
      "1",
    );
    assert.equal(code, 0);
    assert.match(stdout, /^settings of preset small\/train_step\.onnx, \d+ nodes/);
    assert.match(stdout, /^ {2}layer4\.\d|^ {2}objective/m);
  });

  it("profiles a model of another opset, with the sizes that it leaves open", async () => {
    const text = (string: string) => [string.length, ...Buffer.from(string)];
    const field = (tag: number, bytes: readonly number[]) => [tag, bytes.length, ...bytes];
    // IR 7, opset 13 of x float32 [rows, 3] → Relu → y; numbers are protobuf tags.
    const value = (name: string) =>
      field(name === "x" ? 0x5a : 0x62, [
        ...[0x0a, ...text(name)],
        ...field(
          0x12,
          field(0x0a, [
            0x08,
            1,
            ...field(0x12, [...field(0x0a, [0x12, ...text("rows")]), ...field(0x0a, [0x08, 3])]),
          ]),
        ),
      ]);
    const node = field(0x0a, [
      0x0a,
      ...text("x"),
      0x12,
      ...text("y"),
      0x1a,
      ...text("act/Relu"),
      0x22,
      ...text("Relu"),
    ]);
    const graph = field(0x3a, [...node, 0x12, ...text("g"), ...value("x"), ...value("y")]);
    writeFileSync(
      join(folder(), "other.onnx"),
      Uint8Array.from([0x08, 7, ...graph, ...field(0x42, [0x10, 13])]),
    );

    const open = await run("other.onnx");
    assert.equal(open.code, 2);
    assert.match(open.stderr, /its inputs have sizes that are not known: rows; .* --sizes rows=64$/m);
    const { code, stdout, stderr } = await run("other.onnx", "--sizes", "rows=5", "--steps", "1", "--json");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^other\.onnx: is not read in full by this package: /);
    const [relu] = (JSON.parse(stdout) as Printed).nodes;
    assert.deepEqual(
      [relu!.op, relu!.layer, relu!.shapes, relu!.bytes],
      ["Relu", "act", "[5, 3] → [5, 3]", 120],
    );
  });

  it("explains itself with --help", async () => {
    const { code, stdout, stderr } = await run("--help");
    assert.deepEqual([code, stderr], [0, ""]);
    for (const option of ["--graph", "--steps", "--threads", "--top", "--sizes", "--preset", "--json"])
      assert.match(stdout, new RegExp(`^ +${option} `, "m"));
    assert.match(stdout, /onnx-instdisc profile build\/run --graph encoder\s+embedding one picture/);
  });

  for (const [what, args, code, message] of [
    [
      "a path that is not there",
      ["none"],
      1,
      /^none: cannot be read \(ENOENT\), expected a run, an artifact folder/,
    ],
    ["a folder that is no artifact", ["."], 1, /manifest\.json: cannot be read/],
    ["a file that is no model", ["notes.txt"], 2, /^notes\.txt: is neither a folder nor \.onnx; /],
    ["bytes that are no model", ["broken.onnx"], 1, /broken\.onnx: ONNX Runtime does not load the model: /],
    [
      "a graph that there is none of",
      ["run", "--graph", "decoder"],
      2,
      /Choices: "step", "encoder", "bank-init"/,
    ],
    [
      "a graph's name for a file",
      ["run/graph/encoder.onnx", "--graph", "step"],
      2,
      /^--graph step: given with a model file/,
    ],
    [
      "settings with a folder",
      ["run", "--width", "8"],
      2,
      /^run: given together with --width, expected one or the other/,
    ],
    [
      "no runs",
      ["run", "--steps", "0"],
      2,
      /^profile: --steps is 0, expected a whole number from 1 to 100; /,
    ],
    [
      "half a line",
      ["run", "--top", "0.5"],
      2,
      /^profile: --top is 0\.5, expected a whole number of at least 1; /,
    ],
    ["sizes without a number", ["run", "--sizes", "a=b"], 2, /^--sizes: has "a=b", expected name=number/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      writeFileSync(join(folder(), "notes.txt"), "no model");
      writeFileSync(join(folder(), "broken.onnx"), "no model");
      const outcome = await run(...args);
      assert.deepEqual([outcome.code, outcome.stdout], [code, ""]);
      assert.match(outcome.stderr.split("\n").find((line) => message.test(line)) ?? outcome.stderr, message);
    });
  }

  it("ends with 130 when it is interrupted", async () => {
    let stopped = false;
    // What settings build by default is large enough that 100 runs outlast the wait for the first line of progress.
    const { code, stdout, stderr } = await runCli(["profile", "--steps", "100"], {
      cwd: folder(),
      watch: (text, child) => {
        if (stopped || !text.includes("running")) return;
        stopped = true;
        child.kill("SIGINT");
      },
    });
    assert.deepEqual([code, stdout], [130, ""]);
    assert.match(stderr, /stopped\n$/);
  });
});
