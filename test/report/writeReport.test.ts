import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ArtifactError } from "../../src/errors.js";
import { writeReport } from "../../src/report/writeReport.js";
import type { MetricRecord } from "../../src/run/records.js";
import { runCli } from "../cli/executable.js";
import { suiteFolder } from "../support/temporary.js";
import { epoch, knn, LEVELS, writeRun, type RunFiles } from "./runFolder.js";

const EMBEDDING = { alignment: 0.5, uniformity: -3, effectiveRank: 40 };
const WHOLE: RunFiles = {
  metrics: [
    ...LEVELS,
    ...[1, 2, 3].flatMap((number) => epoch(number, knn(0.4 + number / 50, 0.8), EMBEDDING)),
    { kind: "broken", id: "<script>alert(1)</script>.jpg", reason: "is empty" },
  ],
  timings: [10, 20, 30].map((step) => ({
    step,
    seconds: step,
    picturesPerSecond: 300 + step,
    waiting: 0.01,
  })),
  config: { epochs: 5, lr: 0.03, "crop-scale": [0.2, 1] },
  environment: { node: "v20", cpu: { cores: 2 } },
  manifest: {
    recipe: { arch: "resnet18", width: 16, embeddingDim: 128, imageSize: 32 },
    data: { format: "folder", pictures: 50_000, sha256: "00" },
  },
  strips: new Map([1, 2, 3].map((number) => [`${number}.png`, Uint8Array.of(0x89, number)])),
};

describe("writeReport", () => {
  const folder = suiteFolder();

  async function report(name: string, files: RunFiles): Promise<string> {
    writeRun(join(folder(), name), files);
    return readFileSync(await writeReport(join(folder(), name)), "utf8");
  }

  const titles = (page: string) => [...page.matchAll(/<h3>([^<]*)</g)].map(([, title]) => title);
  const count = (page: string, part: string) => page.split(part).length - 1;

  describe("of a whole run", () => {
    let page: string;
    before(async () => {
      page = await report("whole", WHOLE);
    });

    it("answers the question first, and says what was trained on what", () => {
      assert.match(
        page,
        /<h1>whole<\/h1>\n<p>resnet18, width 16, 128 numbers for a picture · 50,000 pictures of 32×32 · 30 steps, 3 of 5 epochs</,
      );
      assert.match(page, /<p class="answer">Yes\.<\/p>/);
    });

    it("draws every curve, each with words for those who do not see it", () => {
      assert.deepEqual(titles(page), [
        "Accuracy on held-out pictures",
        "Right class among the best five",
        "Loss",
        "Learning rate",
        "Alignment",
        "Uniformity",
        "Directions in use",
        "Speed",
        "Waiting for pictures",
      ]);
      assert.equal(count(page, "<svg "), 9);
      assert.equal(count(page, 'role="img" aria-label="'), 9);
    });

    it("sets the levels beside what was learned", () => {
      const row = (name: string) =>
        new RegExp(`>${name}</th>((?:<td>[^<]*</td>)+)`).exec(page)![1]!.replaceAll("\u00a0", " ");
      assert.equal(row("chance"), "<td>10.0 %</td><td>50.0 %</td><td>–</td>");
      assert.equal(row("raw pixels"), "<td>40.0 %</td><td>75.0 %</td><td>20.0 %</td>");
      assert.equal(row("epoch 3, against the bank"), "<td>46.0 %</td><td>80.0 %</td><td>23.0 %</td>");
    });

    it("holds the strips of all epochs, the last one shown", () => {
      const figures = [...page.matchAll(/<figure( class="shown")?>\n<figcaption>After epoch (\d)/g)];
      assert.deepEqual(
        figures.map(([, shown, number]) => [number, shown !== undefined]),
        [
          ["1", false],
          ["2", false],
          ["3", true],
        ],
      );
      assert.match(page, /src="data:image\/png;base64,iQE="/);
    });

    it("lists settings, machine and broken pictures, as text whatever they hold", () => {
      assert.match(page, /<th scope="row">crop-scale<\/th><td>\[0\.2,1\]<\/td>/);
      assert.match(page, /<th scope="row">cpu\.cores<\/th><td>2<\/td>/);
      assert.match(page, /&#60;script&#62;alert\(1\)&#60;\/script&#62;\.jpg/);
      assert.equal(count(page, "<script>"), 1, "our own");
    });

    it("loads nothing from anywhere, and follows the reader's scheme", () => {
      assert.doesNotMatch(page.replaceAll(/xmlns(:xlink)?="[^"]*"/g, ""), /https?:|<link|src="(?!data:)/);
      assert.match(page, /default-src 'none'/);
      assert.match(page, /prefers-color-scheme: dark/);
      assert.match(page, /<noscript><style>\.strips figure \{ display: block/);
    });

    it("is the same page each time, and leaves nothing else behind", async () => {
      assert.equal(readFileSync(await writeReport(join(folder(), "whole")), "utf8"), page);
      assert.deepEqual(
        readdirSync(join(folder(), "whole")).filter((name) => /report|tmp/.test(name)),
        ["report.html"],
      );
    });
  });

  it("is written of metrics alone, with a last line cut short and lines of another kind", async () => {
    const path = join(folder(), "killed");
    mkdirSync(path);
    const step = (own: number): MetricRecord => ({
      kind: "step",
      step: own,
      epoch: 1,
      loss: 5 - own,
      learningRate: 0.1,
    });
    writeFileSync(
      join(path, "metrics.jsonl"),
      [step(1), step(2)].map((one) => `${JSON.stringify(one)}\n`).join(""),
    );
    appendFileSync(
      join(path, "metrics.jsonl"),
      'not json\n{"kind":"moon"}\n{"kind":"step","step":"3"}\n[1]\n\n{"kind":"step","st',
    );
    const page = readFileSync(await writeReport(path), "utf8");
    assert.deepEqual(titles(page), ["Loss", "Learning rate"]);
    assert.match(page, /2 steps, 0 epochs/);
    assert.match(page, />step</, "the axis counts steps until an epoch is complete");
  });

  it("is written before anything has been measured", async () => {
    const page = await report("empty", { metrics: [] });
    assert.match(page, /Nothing has been measured yet\./);
    assert.doesNotMatch(page, /<svg|<table/);
  });

  it("shows what there is without labels", async () => {
    const page = await report("flat", {
      ...WHOLE,
      metrics: [1, 2].flatMap((number) => epoch(number, [], EMBEDDING)),
    });
    assert.match(page, /Probably: pictures are told apart/);
    assert.doesNotMatch(page, /Accuracy on held-out|green/);
    assert.equal(count(page, "data:image/png"), 2);
  });

  it("thins many strips to 24, the first and the last among them", async () => {
    const numbers = Array.from({ length: 60 }, (_, at) => at + 1);
    const page = await report("long", {
      metrics: numbers.flatMap((number) => epoch(number, [], EMBEDDING)),
      strips: new Map(numbers.map((number) => [`${number}.png`, Uint8Array.of(number)])),
    });
    assert.equal(count(page, "data:image/png"), 24);
    const shown = [...page.matchAll(/After epoch (\d+)/g)].map(([, number]) => Number(number));
    assert.deepEqual([shown[0], shown.at(-1)], [1, 60]);
  });

  it("reads strips from their folder alone", async () => {
    writeFileSync(join(folder(), "secret.png"), "secret");
    const metrics = epoch(1, [], EMBEDDING).map((record) =>
      record.kind === "evaluation" ? { ...record, strips: "../secret.png" } : record,
    );
    assert.doesNotMatch(await report("foreign", { metrics }), /data:image/);
  });

  it("refuses a folder that is not of a run", async () => {
    await assert.rejects(writeReport(join(folder(), "nowhere")), {
      name: ArtifactError.name,
      message:
        /nowhere.metrics\.jsonl: cannot be read \(ENOENT\), expected the folder of a run; give the --out of a training$/,
    });
  });
});

describe("onnx-instdisc report", () => {
  const folder = suiteFolder();

  it("writes the page and prints where it is", async () => {
    writeRun(join(folder(), "run"), WHOLE);
    assert.deepEqual(await runCli(["report", "run"], { cwd: folder() }), {
      code: 0,
      stdout: `${join("run", "report.html")}\n`,
      stderr: "",
    });
    const { stdout } = await runCli(["report", "run", "--out", "page.html"], { cwd: folder() });
    assert.equal(stdout, "page.html\n");
    assert.deepEqual(
      readFileSync(join(folder(), "page.html")),
      readFileSync(join(folder(), "run/report.html")),
    );
  });

  it("fails with one line where there is no run", async () => {
    const { code, stderr } = await runCli(["report", "nothing"], { cwd: folder() });
    assert.deepEqual([code, stderr.trimEnd().split("\n").length], [1, 1]);
  });
});
