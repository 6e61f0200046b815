import assert from "node:assert/strict";
import { join } from "node:path";
import { readRun } from "../../src/report/runRecords.js";
import { judge } from "../../src/report/verdict.js";
import type { MetricRecord } from "../../src/run/records.js";
import { suiteFolder } from "../support/temporary.js";
import { epoch, knn, LEVELS, writeRun } from "./runFolder.js";

describe("judge", () => {
  const folder = suiteFolder();
  let runs = 0;

  async function judged(...metrics: readonly (readonly MetricRecord[])[]) {
    const path = join(folder(), String(runs++));
    writeRun(path, { metrics: metrics.flat() });
    const { answer, tone, reasons } = judge(await readRun(path));
    return { answer, tone, text: reasons.join(" ").replaceAll("\u00a0", " ") };
  }

  it("says yes where accuracy is above raw pixels and the untrained network", async () => {
    const { answer, tone, text } = await judged(LEVELS, epoch(1, knn(0.35)), epoch(2, knn(0.45)));
    assert.deepEqual([answer, tone], ["Yes", "good"]);
    assert.equal(
      text,
      "The 200 nearest training pictures name the right class for 45.0 % of the held-out ones; " +
        "comparing raw pixels does for 40.0 %, the untrained network for 30.0 %, guessing for 10.0 %.",
    );
  });

  it("takes what was measured at the end over the last epoch", async () => {
    const learned: MetricRecord = { kind: "level", name: "learned", knn: knn(0.5) };
    assert.match((await judged(LEVELS, epoch(1, knn(0.45)), [learned])).text, /right class for 50\.0 %/);
  });

  it("says that it has begun between the untrained network and raw pixels", async () => {
    const { answer, tone } = await judged(LEVELS, epoch(1, knn(0.32)), epoch(2, knn(0.38)));
    assert.deepEqual(
      [answer, tone],
      ["It has begun: better than untrained, not yet than raw pixels", "open"],
    );
  });

  it("waits for a second evaluation before it says not yet", async () => {
    assert.equal((await judged(LEVELS, epoch(1, knn(0.3)))).answer, "Too early to say");
    const { answer, tone } = await judged(LEVELS, epoch(1, knn(0.3)), epoch(2, knn(0.305)));
    assert.deepEqual([answer, tone], ["Not yet: no better than the untrained network", "bad"]);
  });

  it("says whether accuracy still rises, has levelled off, or falls", async () => {
    const trend = async (...accuracies: number[]) =>
      (await judged(LEVELS, ...accuracies.map((top1, at) => epoch(at + 1, knn(top1))))).text;
    assert.match(
      await trend(0.41, 0.42, 0.43, 0.44, 0.46),
      /still rising: by 2\.0 points over the last 1 epoch\.$/,
    );
    assert.match(await trend(0.41, 0.42, 0.43, 0.44, 0.441), /levelled off: it moved by 0\.1 points/);
    assert.match(await trend(0.41, 0.42, 0.43, 0.46, 0.43), /has fallen by 3\.0 points/);
  });

  it("warns of a collapse before anything else", async () => {
    const collapsed = { alignment: 0.001, uniformity: -0.01, effectiveRank: 1.02 };
    const { answer, tone, text } = await judged(LEVELS, epoch(1, knn(0.9), collapsed));
    assert.deepEqual([answer, tone], ["No: the embedding has collapsed", "bad"]);
    assert.match(text, /along 1\.02 directions/);
  });

  it("judges by geometry where there are no labels", async () => {
    const good = { alignment: 0.4, uniformity: -3.2, effectiveRank: 60 };
    const found = await judged(epoch(1, [], good), epoch(2, [], good));
    assert.equal(found.answer, "Probably: pictures are told apart, their views are not");
    assert.match(found.text, /lie 0\.400 apart.*over 60\.0 directions.*uniformity of −3\.20/);
    assert.match(found.text, /The loss fell from 9\.85 to 8\.05 over 20 steps\.$/);
    const close = { ...good, uniformity: -0.5 };
    assert.equal((await judged(epoch(1, [], close))).answer, "Too early to say");
    assert.match((await judged(epoch(1, [], close), epoch(2, [], close))).answer, /still lie close together/);
    const apart = { ...good, alignment: 1.6 };
    assert.match((await judged(epoch(1, [], apart), epoch(2, [], apart))).answer, /still lie far apart/);
  });

  it("trusts no falling loss alone, and says when there is nothing", async () => {
    const steps = epoch(1, []).filter(({ kind }) => kind === "step");
    const { answer, text } = await judged(steps);
    assert.equal(answer, "Too early to say");
    assert.match(text, /The loss fell from 9\.90 to 9\.00 over 10 steps\. A falling loss alone/);
    assert.equal((await judged([])).answer, "Nothing has been measured yet");
  });
});
