import assert from "node:assert/strict";
import type { LearnEvent, SettledSettings } from "../../../../src/web/learn/protocol.js";
import {
  afterAct,
  afterEvent,
  isUnderWay,
  NOTHING_LEARNED,
  shareDone,
  type LearnAct,
  type LearnState,
} from "../../../../src/web/ui/learn/learnState.js";
import { pointsOf } from "../../../../src/web/ui/learn/lossTrace.js";

const SETTINGS: SettledSettings = {
  ...{ epochs: 3, width: 8, imageSize: 32, objective: "softmax", seed: 0 },
  ...{ batchSize: 32, embeddingDim: 128, stepsPerEpoch: 4, steps: 12 },
};

const lossAt = (step: number): number => 5 - step / 10;

const readyAt = (step: number, settings = SETTINGS): LearnEvent => ({
  ...{ kind: "ready", name: "pictures" },
  pictures: 128,
  ids: Array.from({ length: 128 }, (_, row) => `pictures/${row}.png`),
  broken: [{ path: "pictures/torn.png", reason: "does not decode" }],
  ...{ runtime: "wasm", runtimeNote: "this browser finds no GPU", settings },
  losses: Array.from({ length: step }, (_, at) => lossAt(at + 1)),
});

const stepDone = (step: number, loss = lossAt(step)): LearnEvent => ({
  ...{ kind: "step", step, steps: 12, epoch: Math.ceil(step / 4), loss },
  ...{ learningRate: 0.03, picturesPerSecond: 90, secondsLeft: 12 - step },
});

const stepsDone = (from: number, to: number): LearnEvent[] =>
  Array.from({ length: to - from + 1 }, (_, at) => stepDone(from + at));

const epochDone = (epoch: number, rows: readonly number[] = []): LearnEvent => ({
  kind: "epoch",
  epoch,
  loss: epoch === 0 ? null : 5 - epoch / 10,
  strips: [{ row: 1, nearest: [{ row: 7 + epoch, similarity: 0.9 }] }],
  thumbnails: rows.map((row) => ({ row, picture: new Blob([String(row)]) })),
});

const finishedAt = (step: number): LearnEvent => ({
  ...{
    kind: "finished",
    epochs: Math.floor(step / 4),
    step,
    steps: 12,
    loss: 4,
    seconds: 3,
    stopped: step < 12,
  },
});

/** Wishes of the reader and words of the worker, in the order in which they come. */
function after(...all: readonly (LearnEvent | LearnAct["kind"])[]): LearnState {
  return all.reduce<LearnState>(
    (state, one) => (typeof one === "string" ? afterAct(state, { kind: one }) : afterEvent(state, one)),
    NOTHING_LEARNED,
  );
}

const PREPARED = [
  "start",
  { kind: "stage", what: "reading the pictures", done: 40, total: 129 },
  readyAt(0),
  { kind: "stage", what: "filling the bank", done: 128, total: 128 },
  epochDone(0, [1, 7]),
] as const satisfies readonly (LearnEvent | "start")[];

describe("the state of a training on the page", () => {
  it("is of preparing until the first step, and shows the stage", () => {
    const state = after(...PREPARED.slice(0, 2));
    assert.equal(state.phase, "preparing");
    assert.deepEqual(state.stage, PREPARED[1]);
    assert.equal(after(...PREPARED).phase, "preparing");
    const learning = after(...PREPARED, stepDone(1));
    assert.deepEqual([learning.phase, learning.stage], ["learning", null]);
  });

  it("grows the curve by each step and the strips by each epoch, with every thumbnail kept", () => {
    const state = after(...PREPARED, ...stepsDone(1, 4), epochDone(1, [8]), ...stepsDone(5, 6));
    assert.deepEqual(
      pointsOf(state.trace).map(({ step }) => step),
      [1, 2, 3, 4, 5, 6],
    );
    assert.deepEqual(
      state.snapshots.map(({ epoch }) => epoch),
      [0, 1],
    );
    assert.deepEqual([...state.thumbnails.keys()], [1, 7, 8]);
    assert.equal(shareDone(state), 0.5);
  });

  it("waits for the worker to pause: the step in hand still ends, and does not take the wish back", () => {
    const wished = after(...PREPARED, stepDone(1), "pause");
    assert.equal(wished.phase, "pausing");
    const paused = [...PREPARED, stepDone(1), "pause", stepDone(2), { kind: "paused", step: 2 }] as const;
    assert.equal(after(...paused.slice(0, -1)).phase, "pausing");
    assert.equal(after(...paused).phase, "paused");
    assert.equal(after(...paused, { kind: "resumed", step: 2 }).phase, "learning");
  });

  it("pauses nothing that does not learn, and stops nothing that has ended", () => {
    assert.equal(after(...PREPARED, "pause").phase, "preparing");
    assert.equal(after(...PREPARED, ...stepsDone(1, 12), finishedAt(12), "stop").phase, "finished");
    assert.equal(after(...PREPARED, stepDone(1), "stop", stepDone(2)).phase, "ending");
  });

  it("is under way from the start to the end, a pause too", () => {
    const of = (...all: readonly (LearnEvent | LearnAct["kind"])[]): boolean => isUnderWay(after(...all));
    assert.deepEqual(
      [of(), of("start"), of(...PREPARED, stepDone(1), { kind: "paused", step: 1 })],
      [false, true, true],
    );
    assert.equal(of(...PREPARED, stepDone(1), "stop", finishedAt(1)), false);
  });

  it("goes on with its curve, without what came after the checkpoint", () => {
    const failed: LearnEvent = {
      ...{ kind: "failed", of: "start" },
      error: { name: "ProviderError", message: "GPU: was lost", stack: undefined },
    };
    const steps = [...stepsDone(1, 4), epochDone(1), ...stepsDone(5, 8), epochDone(2), stepDone(9)];
    const stopped = after(...PREPARED, ...steps, failed);
    assert.deepEqual([stopped.phase, stopped.error?.name], ["failed", "ProviderError"]);
    const again = after(...PREPARED, ...steps, failed, "goOn", readyAt(4));
    assert.deepEqual([again.phase, again.error, again.step], ["preparing", null, null]);
    assert.equal(pointsOf(again.trace).at(-1)?.step, 4);
    assert.equal(again.snapshots.at(-1)?.epoch, 1);
    assert.equal(shareDone(again), 1 / 3);
  });

  it("learns longer on a longer axis, with all it has seen", () => {
    const ended = [...PREPARED, ...stepsDone(1, 12), finishedAt(12)];
    const longer = after(...ended, "goOn", readyAt(12, { ...SETTINGS, epochs: 6, steps: 24 }), stepDone(13));
    assert.equal(longer.phase, "learning");
    assert.equal(pointsOf(longer.trace).length, 13);
    assert.equal(longer.outcome, null);
    assert.equal(longer.ready?.settings.steps, 24);
  });

  it("has the whole curve of a run that another visit began", () => {
    const state = after("goOn", readyAt(6), epochDone(1), stepDone(7));
    assert.deepEqual(
      pointsOf(state.trace).map(({ loss }) => loss),
      [1, 2, 3, 4, 5, 6, 7].map(lossAt),
    );
    assert.equal(shareDone(after("goOn", readyAt(6))), 0.5);
  });

  it("is back at the choice of pictures when it was broken off before there was a network", () => {
    const nothing: LearnEvent = {
      ...{ kind: "finished", epochs: 0, step: 0, steps: 0, loss: null, seconds: 0, stopped: true },
    };
    assert.deepEqual(after(...PREPARED.slice(0, 2), "stop", nothing), NOTHING_LEARNED);
  });

  it("tells a note once, however often it comes", () => {
    const note: LearnEvent = { kind: "note", text: "not stored" };
    assert.deepEqual(after(...PREPARED, note, stepDone(1), note).notes, ["not stored"]);
  });

  it("forgets everything when it starts with other pictures", () => {
    const ended = [
      ...PREPARED,
      ...stepsDone(1, 12),
      { kind: "note", text: "not stored" },
      finishedAt(12),
    ] as const;
    assert.equal(after(...ended).notes.length, 1);
    assert.deepEqual(after(...ended, "again"), NOTHING_LEARNED);
    assert.deepEqual(after(...ended, "start"), { ...NOTHING_LEARNED, phase: "preparing" });
  });
});
