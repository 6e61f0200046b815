import assert from "node:assert/strict";
import { UsageError } from "../../../src/errors.js";
import { ambiguousRows } from "../../../src/web/engine/ambiguous.js";
import { Labelling } from "../../../src/web/engine/labelling.js";
import { Predictor, type SimilaritiesOf } from "../../../src/web/engine/predict.js";

/** Rows at these angles on the unit circle, in degrees. */
function circle(...degrees: number[]): SimilaritiesOf {
  return (row) =>
    Promise.resolve(
      Float32Array.from(degrees, (angle) => Math.cos(((angle - degrees[row]!) * Math.PI) / 180)),
    );
}

const VOTE = { k: 5, temperature: 0.1 };

describe("labelling", () => {
  it("gives rows a class, another, and none again, each a step that can be taken back", () => {
    const labelling = new Labelling(5);
    labelling.addClass("cat");
    labelling.addClass(" dog ");
    labelling.label([0, 2], "cat");
    labelling.label([2], "dog");
    labelling.label([0], null);
    assert.deepEqual([...labelling.examples], [[2, "dog"]]);
    labelling.undo();
    labelling.undo();
    assert.deepEqual([...labelling.examples], [[0, "cat"], [2, "cat"]]); // prettier-ignore
    labelling.redo();
    assert.deepEqual([...labelling.examples], [[0, "cat"], [2, "dog"]]); // prettier-ignore
    labelling.label([4], "cat");
    assert.deepEqual([labelling.canUndo, labelling.canRedo, labelling.redo()], [true, false, false]);
    while (labelling.undo());
    assert.deepEqual([labelling.classes, labelling.canUndo, labelling.canRedo], [[], false, true]);
  });

  it("makes no step of what changes nothing", () => {
    const labelling = new Labelling(2);
    labelling.addClass("cat");
    labelling.label([1], "cat");
    labelling.label([1], "cat");
    labelling.label([0], null);
    labelling.renameClass("cat", " cat");
    labelling.undo();
    assert.deepEqual([labelling.examples.size, labelling.classes], [0, ["cat"]]);
  });

  it("renames a class with its examples, and removes it with them", () => {
    const labelling = new Labelling(3);
    for (const name of ["cat", "dog"]) labelling.addClass(name);
    labelling.label([0], "cat");
    labelling.label([1], "dog");
    labelling.renameClass("cat", "tiger");
    assert.deepEqual([labelling.classes, labelling.examples.get(0)], [["tiger", "dog"], "tiger"]);
    labelling.removeClass("dog");
    assert.deepEqual([labelling.classes, [...labelling.examples]], [["tiger"], [[0, "tiger"]]]);
    labelling.undo();
    assert.equal(labelling.examples.get(1), "dog");
  });

  it("takes tens of thousands of examples in one step, in their order, the last of a row", function () {
    this.timeout(2000);
    const rows = 40_000;
    const labelling = new Labelling(rows);
    const all = Array.from({ length: rows }, (_, row) => [rows - 1 - row, "cat"] as const);
    labelling.replace(["cat", "dog"], [...all, [7, "dog"], [8, "cat"]]);
    const expected = [...all.filter(([row]) => row !== 7), [7, "dog"]];
    assert.deepEqual([...labelling.examples], expected);
    labelling.undo();
    assert.deepEqual([labelling.classes, labelling.examples.size, labelling.canUndo], [[], 0, false]);
  });

  it("starts from here once it forgets its steps", () => {
    const labelling = new Labelling(2);
    labelling.replace(["cat"], [[0, "cat"]]);
    labelling.label([1], "cat");
    labelling.undo();
    labelling.forgetSteps();
    assert.deepEqual([labelling.canUndo, labelling.canRedo, labelling.undo()], [false, false, false]);
    assert.deepEqual([...labelling.examples], [[0, "cat"]]);
  });

  it("takes back as many steps as it says, however many were made", () => {
    const labelling = new Labelling(1);
    labelling.addClass("cat");
    for (let turn = 0; turn < 1500; turn++) labelling.label([0], turn % 2 === 0 ? "cat" : null);
    while (labelling.canUndo) assert.ok(labelling.undo());
    assert.ok(labelling.canRedo);
  });

  it("refuses names that are empty, taken or unknown, and rows that are not there", () => {
    const labelling = new Labelling(2);
    labelling.addClass("cat");
    const refused = (attempt: () => void, message: RegExp) =>
      assert.throws(attempt, (error) => error instanceof UsageError && message.test(error.message));
    refused(() => labelling.addClass("  "), /found an empty name/);
    refused(() => labelling.addClass("cat"), /found cat, which is there already/);
    refused(() => labelling.label([0], "dog"), /found class dog, expected one of cat/);
    refused(() => labelling.label([0, 2, -1], "cat"), /found rows 2, -1, expected 0 to 1/);
    refused(() => labelling.replace(["dog"], [[0, "cat"]]), /found class cat, expected one of dog/);
    refused(() => labelling.replace(["dog"], [[0, "dog"], [2, "dog"]]), /found rows 2, expected 0 to 1/); // prettier-ignore
    assert.deepEqual([labelling.classes, labelling.examples.size], [["cat"], 0]);
  });
});

describe("predictions", () => {
  it("are shares of the votes exp(similarity / τ) of the nearest examples", async () => {
    const labelling = new Labelling(3);
    for (const name of ["a", "b"]) labelling.addClass(name);
    labelling.label([0], "a");
    labelling.label([2], "b");
    const predictor = new Predictor(circle(0, 30, 90), VOTE);
    const { classOf, probability, margin, nearest } = await predictor.predict(labelling);
    const [a, b] = [Math.exp(Math.cos(Math.PI / 6) / 0.1), Math.exp(Math.cos(Math.PI / 3) / 0.1)];
    assert.deepEqual([...classOf], [0, 0, 1]);
    assert.ok(Math.abs(probability[1]! - a / (a + b)) < 1e-6, `${probability[1]}`);
    assert.ok(Math.abs(margin[1]! - (a - b) / (a + b)) < 1e-6, `${margin[1]}`);
    assert.ok(Math.abs(nearest[1]! - Math.cos(Math.PI / 6)) < 1e-6);
    assert.deepEqual([probability[0], margin[2]], [1, 1]);
  });

  it("count no more than k examples, and none before there is one", async () => {
    const labelling = new Labelling(5);
    for (const name of ["a", "b"]) labelling.addClass(name);
    const predictor = new Predictor(circle(0, 10, 60, 61, 62), { k: 1, temperature: 1 });
    assert.deepEqual([...(await predictor.predict(labelling)).classOf], [-1, -1, -1, -1, -1]);
    labelling.label([0], "a");
    labelling.label([2, 3, 4], "b");
    // Three of b outvote one of a at this temperature, but only the nearest votes.
    const { classOf, probability } = await predictor.predict(labelling);
    assert.deepEqual([classOf[1], probability[1]], [0, 1]);
  });

  it("ask for an example's similarities once, as long as it is one", async () => {
    const asked: number[] = [];
    const similaritiesOf = circle(0, 10, 20);
    const predictor = new Predictor((row) => (asked.push(row), similaritiesOf(row)), VOTE);
    const labelling = new Labelling(3);
    labelling.addClass("a");
    labelling.label([0], "a");
    await predictor.predict(labelling);
    labelling.label([2], "a");
    await predictor.predict(labelling);
    labelling.label([0], null);
    await predictor.predict(labelling);
    labelling.undo();
    await predictor.predict(labelling);
    assert.deepEqual(asked, [0, 2, 0]);
  });
});

describe("the most ambiguous rows", () => {
  it("lie between the classes, are unlike each other, and are not examples", async () => {
    // Examples at 0 and 90; ties at 45 (three of one kind) and at -135 (the other way round).
    const degrees = [0, 90, 45, 45.1, 44.9, -135, 10, 80];
    const labelling = new Labelling(degrees.length);
    for (const name of ["a", "b"]) labelling.addClass(name);
    labelling.label([0], "a");
    labelling.label([1], "b");
    const similaritiesOf = circle(...degrees);
    const predictions = await new Predictor(similaritiesOf, VOTE).predict(labelling);
    const rows = await ambiguousRows(labelling, predictions, 2, similaritiesOf);
    assert.equal(rows.length, 2);
    assert.ok(rows.includes(5), rows.join());
    assert.ok(
      [2, 3, 4].some((row) => rows.includes(row)),
      rows.join(),
    );
    const all = await ambiguousRows(labelling, predictions, 99, similaritiesOf);
    assert.deepEqual([...all].sort(), [2, 3, 4, 5, 6, 7]);
  });

  it("are those unlike all examples while there is one class", async () => {
    const labelling = new Labelling(4);
    labelling.addClass("a");
    labelling.label([0], "a");
    const similaritiesOf = circle(0, 5, 170, 40);
    const predictions = await new Predictor(similaritiesOf, VOTE).predict(labelling);
    assert.deepEqual(await ambiguousRows(labelling, predictions, 1, similaritiesOf), [2]);
  });
});
