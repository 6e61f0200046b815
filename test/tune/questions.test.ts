import assert from "node:assert/strict";
import { nodeKey } from "../../src/lower/nodeKey.js";
import { candidatesFor } from "../../src/lower/target.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { measureQuestion, loweredQuestion } from "../../src/tune/measure.js";
import { questionsOf } from "../../src/tune/questions.js";
import { smallStep } from "./smallStep.js";

const questions = questionsOf([smallStep], cpu);

describe("the questions of a graph", () => {
  it("are its nodes with several candidates, each kind once, and counted", () => {
    const asked = smallStep.nodes.filter((node) => candidatesFor(node, cpu).length > 1);
    assert.deepEqual(
      questions.map(({ key }) => key).sort(),
      [...new Set(asked.map((node) => nodeKey(node)))].sort(),
    );
    for (const { key, count } of questions)
      assert.equal(count, asked.filter((node) => nodeKey(node) === key).length, key);
    assert.ok(questions.some(({ count }) => count > 1));
  });

  it("are counted over all graphs, and those that most arithmetic hangs on come first", () => {
    const twice = questionsOf([smallStep, smallStep], cpu);
    assert.deepEqual(
      twice.map(({ key, count }) => [key, count]),
      questions.map(({ key, count }) => [key, 2 * count]),
    );
    const work = questions.map(({ flops, count }) => flops * count);
    assert.deepEqual(
      work,
      [...work].sort((a, b) => b - a),
    );
  });

  it("know what a gradient costs: as many products as its convolution", () => {
    const { flops } = questions.find(({ key }) =>
      key.startsWith("ConvWeightGradient float32[8,4,16,16] float32[8,3"),
    )!;
    assert.equal(flops, 2 * 8 * 4 * 16 * 16 * 3 * 3 * 3);
  });

  it("suggest what lowering takes unmeasured", () => {
    for (const { candidates, suggested } of questions) assert.ok(candidates.includes(suggested));
  });
});

describe("a question", () => {
  it("is lowered in the way of each candidate, and the ways differ", () => {
    for (const question of questions) {
      const operators = question.candidates.map((name) =>
        loweredQuestion(question, cpu, name)
          .nodes.map(({ op, attributes }) => `${op} ${JSON.stringify(attributes)}`)
          .join(),
      );
      assert.equal(new Set(operators).size, question.candidates.length, question.key);
    }
  });

  it("is answered with a time for each candidate", async () => {
    const rules = { leastRounds: 1, mostRounds: 1, enoughMs: 0 };
    let now = 0;
    const clock = () => now++;
    const ms = await measureQuestion(questions[0]!, cpu, 1, { rules, clock, deadline: Infinity });
    assert.deepEqual(
      [...ms],
      questions[0]!.candidates.map((name) => [name, 1]),
    );
  });
});
