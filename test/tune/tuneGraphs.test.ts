import assert from "node:assert/strict";
import { join } from "node:path";
import type { TuneMode } from "../../src/artifact/tuneMode.js";
import { encodeModel } from "../../src/codec/encode.js";
import type { Graph } from "../../src/ir/graph.js";
import { lower } from "../../src/lower/lower.js";
import type { Choices } from "../../src/lower/target.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { TuningCache } from "../../src/tune/cache.js";
import { questionsOf, type Question } from "../../src/tune/questions.js";
import { BUDGET_MS, tuneGraphs } from "../../src/tune/tuneGraphs.js";
import { suiteFolder } from "../support/temporary.js";
import { MACHINE, smallStep } from "./smallStep.js";

const MACHINE_TARGET = { machine: MACHINE, target: cpu };
const questions = questionsOf([smallStep], cpu);
const other = ({ candidates, suggested }: Question) => candidates.find((name) => name !== suggested)!;

describe("tuning", () => {
  const folder = suiteFolder();

  /** With a clock that only measuring moves; every measurement finds the candidate that shapes do not suggest. */
  async function tune(file: string, mode: TuneMode, costMs: number) {
    const asked: Question[] = [];
    const rounds: number[] = [];
    const progress: (readonly [number, number])[] = [];
    let now = 0;
    const tuned = await tuneGraphs([smallStep], MACHINE_TARGET, {
      mode,
      cache: new TuningCache(MACHINE, (line) => assert.fail(line), join(folder(), file)),
      progress: (done, total) => progress.push([done, total]),
      clock: () => now,
      measure(question, _target, threads, { rules }) {
        assert.equal(threads, MACHINE.threads);
        now += costMs;
        asked.push(question);
        rounds.push(rules.leastRounds);
        return Promise.resolve(
          new Map(question.candidates.map((name) => [name, name === question.suggested ? 2 : 1])),
        );
      },
    });
    return { ...tuned, asked, rounds, progress };
  }

  it("asks nothing and chooses nothing when it is off", async () => {
    const { choices, asked } = await tune("off.json", "off", 1);
    assert.deepEqual([choices.size, asked.length], [0, 0]);
  });

  it("asks the questions that matter most until its time is over, and leaves the rest to the shapes", async () => {
    const cost = BUDGET_MS.fast / 2.5;
    const { choices, asked, progress, measured, left } = await tune("fast.json", "fast", cost);
    assert.deepEqual([measured, left], [3, questions.length - 3]);
    assert.deepEqual(asked, questions.slice(0, 3));
    questions.forEach((question, at) =>
      assert.equal(choices.get(question.key), at < 3 ? other(question) : question.suggested),
    );
    assert.deepEqual(progress[1], [1, questions.length]);
  });

  it("gives the same choices again, without asking: also of what it had no time for", async () => {
    const before = await tune("same.json", "fast", BUDGET_MS.fast / 2.5);
    const { choices, asked, progress } = await tune("same.json", "fast", 1);
    assert.deepEqual([asked, progress], [[], []]);
    assert.deepEqual(choices, before.choices);
  });

  it("asks everything when it is to be full, once, and fast takes it from there", async () => {
    await tune("full.json", "fast", BUDGET_MS.fast);
    const { choices, asked } = await tune("full.json", "full", 1);
    assert.deepEqual(asked, questions);
    for (const mode of ["full", "fast"] as const) {
      const again = await tune("full.json", mode, 1);
      assert.deepEqual([again.asked, again.choices], [[], choices], mode);
    }
  });

  it("asks the last questions briefly where full would take too long", async () => {
    const { asked, rounds } = await tune("long.json", "full", BUDGET_MS.full / 1.5);
    assert.deepEqual(asked, questions);
    assert.ok(rounds[0]! > rounds[2]!);
    assert.deepEqual(rounds.slice(0, 2), [rounds[0], rounds[0]]);
    assert.equal(new Set(rounds.slice(2)).size, 1);
  });

  it("asks again where the ways are not those that were open before", async () => {
    const cache = new TuningCache(MACHINE, assert.fail, join(folder(), "ways.json"));
    const [first, second, third] = questions as [Question, Question, Question];
    const old = { ms: {}, mode: "full" } as const;
    await cache.remember(
      new Map([
        [first.key, { ...old, choice: "gone", among: first.candidates }],
        [second.key, { ...old, choice: second.suggested, among: [...second.candidates, "gone"] }],
        [third.key, { ...old, choice: other(third), among: [...third.candidates].reverse() }],
      ]),
    );
    const { asked, choices } = await tune("ways.json", "fast", 1);
    assert.deepEqual(asked, [first, second, ...questions.slice(3)]);
    assert.equal(choices.get(third.key), other(third));
  });

  it("measures for real, and lowering then does as it is told", async () => {
    const cache = new TuningCache(MACHINE, assert.fail, join(folder(), "real.json"));
    const { choices } = await tuneGraphs([smallStep], MACHINE_TARGET, {
      mode: "fast",
      cache,
      progress: () => undefined,
    });
    assert.deepEqual(
      [...choices.keys()],
      questions.map(({ key }) => key),
    );
    const answers = await cache.answers();
    assert.ok(questions.every(({ key }) => answers.get(key)!.choice === choices.get(key)));
    const bytes = (graph: Graph, given?: Choices) =>
      Buffer.from(encodeModel(lower(graph, cpu, given), { producerVersion: "0" }));
    assert.ok(bytes(smallStep, choices).equals(bytes(smallStep, choices)));
    const contrary: Choices = new Map(questions.map((question) => [question.key, other(question)]));
    assert.ok(!bytes(smallStep, contrary).equals(bytes(smallStep)));
  });
});
