import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { readRun } from "../../src/report/runRecords.js";
import { suiteFolder } from "../support/temporary.js";
import { suiteRun } from "../support/trainedRun.js";
import { runCli } from "./executable.js";

interface Measured {
  readonly train: number;
  readonly test: number;
  readonly temperature: number;
  readonly bank: boolean;
  readonly levels: readonly { readonly k: number; readonly top1: number; readonly top5: number | null }[];
  readonly classNames: readonly string[];
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly { readonly pictures: number; readonly right: number }[];
}

describe("onnx-instdisc knn", () => {
  const trained = suiteRun();
  const folder = suiteFolder();
  const knn = (...args: string[]) => runCli(["knn", ...args], { cwd: folder() });
  const measure = async (...args: string[]): Promise<Measured> => {
    const { code, stdout, stderr } = await knn("--model", trained().run, ...args, "--json");
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Measured;
  };

  it("finds what the run itself found, on the run's own pictures", async () => {
    const { run } = trained();
    const { levels, test, train } = await measure();
    assert.deepEqual([train, test], [200, 40]);
    assert.deepEqual(levels, (await readRun(run)).levels.get("learned"));
  });

  it("finds with the bank what the run found after its last epoch", async () => {
    const { levels, bank } = await measure("--bank");
    assert.equal(bank, true);
    assert.deepEqual(levels, (await readRun(trained().run)).evaluations.at(-1)!.knn);
  });

  it("counts every answer once in the confusions, of the first k that was asked for", async () => {
    const { confusion, classNames, perClass, levels } = await measure("--k", "5,1,3", "--temperature", "0.2");
    assert.deepEqual(
      levels.map(({ k }) => k),
      [5, 1, 3],
    );
    assert.equal(
      confusion.flat().reduce((sum, count) => sum + count, 0),
      40,
    );
    assert.deepEqual([confusion.length, confusion[0]!.length], [classNames.length, classNames.length]);
    const right = perClass.reduce((sum, one) => sum + one.right, 0);
    assert.ok(Math.abs(right / 40 - levels[0]!.top1) < 1e-9);
  });

  it("prints a table that people read", async () => {
    const { code, stdout } = await knn("--model", trained().run);
    assert.equal(code, 0);
    assert.match(stdout, /^40 pictures among 200 pictures encoded afresh, τ = /);
    assert.match(stdout, /^ {2}k = 200 +\d+\.\d %/m);
    assert.match(stdout, /a row for each class, a column for each answer/);
    assert.doesNotMatch(stdout, /NaN|undefined/);
  });

  it("takes other pictures, for which no run is needed", async () => {
    const { run, pictures } = trained();
    cpSync(join(run, "exported"), join(folder(), "alone"), { recursive: true });
    const given = ["--train", pictures, "--test", pictures, "--k", "1", "--json"];
    const { code, stdout, stderr } = await knn("--model", "alone", ...given);
    assert.equal(code, 0, stderr);
    const { train, test } = JSON.parse(stdout) as Measured;
    assert.deepEqual([train, test], [200, 40]);
    const without = await knn("--model", "alone");
    assert.equal(without.code, 2);
    assert.match(without.stderr, /alone: is not in a run folder.*; pass --train and --test$/m);
    const bank = await knn("--model", "alone", "--bank");
    assert.equal(bank.code, 2);
    assert.match(
      bank.stderr,
      /alone: is not in a run folder.*; name a run, or leave out --bank and pass --train and --test$/m,
    );
  });

  it("lists all that is wrong with its options", async () => {
    const { code, stderr } = await knn("--k", "0,x", "--temperature", "0", "--bank", "--train", "a");
    assert.equal(code, 2);
    assert.match(
      stderr,
      /--model is missing.*--bank: given with --train.*--k: expected whole.*--temperature: found 0/,
    );
  });
});
