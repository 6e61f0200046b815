/** @file A run that is killed, interrupted and damaged, and ends in the same bytes as one that was left alone. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FILES } from "../../src/build/buildArtifact.js";
import { checkpointFile } from "../../src/run/checkpoint.js";
import { RUN } from "../../src/run/layout.js";
import { findCheckpoint } from "../../src/run/resume.js";
import { drawMoments, finishInterrupted, type Interruption, type Moment } from "../support/interruptedRun.js";
import { writeSmallPictures } from "../support/smallPictures.js";
import { suiteFolder } from "../support/temporary.js";
import { runCli } from "./executable.js";

const STEPS = 60;
/** Of 1,000 pictures: three epochs of 20 steps. */
const ARGS = [
  ...["--data", "pictures", "--arch", "resnet10", "--width", "4", "--image-size", "16", "--batch-size", "50"],
  ...["--embedding-dim", "16", "--epochs", "3", "--checkpoint-every", "4", "--threads", "1"],
];
// Two runs are compared: the form of the noise, which is measured, must not differ between them.
const NCE = [
  ...["--objective", "nce", "--negatives", "64", "--normalizer", "ema"],
  ...["--noise-form", "gather"],
];

describe("a run of the executable", function () {
  this.timeout(600_000);
  const folder = suiteFolder();
  const read = (out: string, ...path: string[]) => readFileSync(join(folder(), out, ...path));

  const run = (out: string, more: readonly string[], moments: readonly Moment[], signal: NodeJS.Signals) =>
    finishInterrupted({ args: [...ARGS, ...more], cwd: folder(), out, signal, moments });

  async function finish(
    out: string,
    more: readonly string[],
    moments: readonly Moment[] = [],
    signal: NodeJS.Signals = "SIGKILL",
  ): Promise<Interruption[]> {
    const { code, stderr, interruptions } = await run(out, more, moments, signal);
    assert.equal(code, 0, stderr);
    return interruptions;
  }

  function assertSame(out: string, reference: string): void {
    const files = [
      [RUN.exported, FILES.state],
      [RUN.exported, FILES.encoder],
      [RUN.metrics],
      [RUN.checkpoints, "step-000000060.safetensors"],
    ];
    for (const path of files)
      assert.ok(read(out, ...path).equals(read(reference, ...path)), `${path.join("/")} of ${out}`);
    for (const part of [".", RUN.checkpoints, RUN.exported]) {
      const left = readdirSync(join(folder(), out, part)).filter((name) => name.endsWith(".tmp"));
      assert.deepEqual(left, [], `half-written files in ${part}`);
    }
  }

  before(async () => {
    writeSmallPictures(join(folder(), "pictures"), 1000);
    await finish("alone", ["--data-workers", "2"]);
  });

  it("ends in the same bytes after SIGKILL at any moment, also while it writes, with 4 data workers", async () => {
    const moments = drawMoments(6, STEPS, 0);
    const interruptions = await finish("killed", ["--data-workers", "4"], moments);
    assert.deepEqual(
      interruptions.map(({ ended }) => ended),
      moments.map(() => "SIGKILL"),
    );
    const caught = interruptions.flatMap(({ unfinished }) => unfinished);
    assert.ok(
      caught.some((file) => file.startsWith(RUN.checkpoints)),
      `killed while it wrote a checkpoint: ${caught.join(", ") || "never"}`,
    );
    assertSame("killed", "alone");
  });

  it("saves and exits with 130 at SIGINT, and ends in the same bytes, with 1 data worker", async () => {
    const moments: Moment[] = [
      { kind: "step", records: 5, ms: 3 },
      { kind: "writing", part: "checkpoints", files: 2 },
    ];
    const interruptions = await finish("interrupted", ["--data-workers", "1"], moments, "SIGINT");
    for (const { ended, stderr, unfinished } of interruptions) {
      assert.equal(ended, 130, stderr);
      assert.match(stderr, /^stopping after this step; press again to stop at once$/m);
      assert.deepEqual(unfinished, []);
    }
    assert.ok(interruptions[1]!.step! > interruptions[0]!.step!, "the second goes on from the first");
    assert.match(interruptions[1]!.stderr, /^goes on after step \d+, from step-\d+\.safetensors$/m);
    assertSame("interrupted", "alone");
  });

  it("has Z in its checkpoints: nce with a moving Z ends in the same bytes", async () => {
    const more = ["--data-workers", "2", ...NCE];
    await finish("nce-alone", more);
    await finish("nce-killed", more, [
      { kind: "step", records: 7, ms: 0 },
      { kind: "writing", part: "checkpoints", files: 3 },
    ]);
    assertSame("nce-killed", "nce-alone");
  });

  it("goes on from the checkpoint before, where the newest is damaged, and says so", async () => {
    const newest = checkpointFile(join(folder(), "killed"), STEPS);
    const bytes = readFileSync(newest);
    bytes[bytes.length - 1000]! ^= 4;
    writeFileSync(newest, bytes);
    const { code, stderr } = await run("killed", ["--data-workers", "2"], [], "SIGKILL");
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /^passed over: \S+step-000000060\.safetensors: has sha256 [0-9a-f]{64}, its header says /m,
    );
    assert.match(stderr, /^goes on after step 56, from step-000000056\.safetensors$/m);
    assertSame("killed", "alone");
  });

  it("that is over has nothing left to do, and ends well", async () => {
    const before = read("alone", RUN.metrics);
    const { code, stderr } = await run("alone", [], [], "SIGKILL");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^nothing is left to do after step 60$/m);
    assert.ok(read("alone", RUN.metrics).equals(before));
  });

  it("refuses to go on from where nothing is saved", async () => {
    const { code, stderr } = await runCli(["train", ...ARGS, "--resume", "nowhere"], { cwd: folder() });
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^--resume nowhere: holds no checkpoint, expected a run folder or a checkpoint file; /,
    );
  });

  it("ends at once at the second SIGINT, with the last checkpoint intact", async () => {
    // A network whose steps take long: the first request is still being served when the second comes.
    const args = [
      "--data",
      "pictures",
      "--width",
      "32",
      "--image-size",
      "32",
      "--batch-size",
      "250",
      "--threads",
      "1",
    ];
    let interrupts = 0;
    const { code, stderr } = await runCli(["train", ...args, "--checkpoint-every", "1", "--out", "twice"], {
      cwd: folder(),
      watch(text, child) {
        if (interrupts === 0 && text.includes("untrained network:")) {
          interrupts = 1;
          setTimeout(() => child.kill("SIGINT"), 1500);
        } else if (interrupts === 1 && text.includes("stopping after this step")) {
          interrupts = 2;
          child.kill("SIGINT");
        }
      },
    });
    assert.equal(interrupts, 2, stderr);
    assert.ok(code === null || code === 130, `ended with ${code}: ${stderr}`);
    assert.match(stderr, /press again to stop at once\n$/, "no word of an abort");
    await findCheckpoint(join(folder(), "twice"));
  });
});
