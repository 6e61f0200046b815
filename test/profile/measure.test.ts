import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { trainStepGraph } from "../../graphs/index.js";
import { encodeModel } from "../../src/codec/encode.js";
import { ProviderError, UsageError } from "../../src/errors.js";
import { GraphBuilder } from "../../src/ops/builder.js";
import { lower } from "../../src/lower/lower.js";
import { cpu } from "../../src/lower/targets/cpu.js";
import { feedsOf, placesFor } from "../../src/profile/feeds.js";
import { measureProfile, measureRuns, type ProfileOptions } from "../../src/profile/measure.js";
import { smallModel } from "./smallModel.js";
import { tinyConfig } from "./tinyConfig.js";

const options = (): ProfileOptions => ({
  ...{ ep: "cpu", threads: 1, steps: 2 },
  signal: new AbortController().signal,
  tell: () => {},
});
/** Records that were not removed. */
const records = () => readdirSync(tmpdir()).filter((name) => name.startsWith("instdisc-trace-"));

describe("a profile", () => {
  it("of a training step has every node that computes, and times of all parts", async () => {
    const graph = lower(trainStepGraph(tinyConfig()), cpu);
    const bytes = encodeModel(graph, { producerVersion: "0" });
    const told: string[] = [];
    const profile = await measureProfile(
      { where: "step", bytes, graph, sizes: { instances: 100 } },
      { ...options(), tell: (what, done, total) => told.push(`${what} ${done}/${total}`) },
    );
    assert.deepEqual(told, ["running 1/3", "running 2/3", "running 3/3"]);
    assert.equal(profile.images, 4);
    for (const ms of [profile.runMs, profile.tracedMs, profile.betweenMs, profile.outsideMs])
      assert.ok(ms > 0);
    const { gflopPerSecond, gbPerSecond } = profile.ceilings;
    assert.ok(gflopPerSecond > 0.1 && gbPerSecond > 0.1 && Number.isFinite(gflopPerSecond * gbPerSecond));
    const convolutions = profile.nodes.filter(({ op, pass }) => op === "Conv" && pass === "forward");
    assert.equal(
      convolutions.length,
      graph.nodes.filter(({ name, op }) => op === "Conv" && !name.startsWith("/grad/")).length,
    );
    const layers = new Set(profile.nodes.map(({ layer }) => layer));
    for (const layer of ["conv1", "layer4.0.conv2", "fc", "objective", "optimizer", "bank update"])
      assert.ok(layers.has(layer), layer);
  });

  it("leaves no record behind, not even where it fails", async () => {
    const before = records();
    const { bytes, graph } = smallModel();
    await measureRuns({ where: "small", bytes, graph, sizes: { batch: 2 } }, options());
    await assert.rejects(measureRuns({ where: "small", bytes, graph, sizes: {} }, options()), UsageError);
    const broken = bytes.subarray(0, bytes.length / 2);
    await assert.rejects(
      measureRuns({ where: "small", bytes: broken, graph, sizes: { batch: 2 } }, options()),
      ProviderError,
    );
    assert.deepEqual(records(), before);
  });

  it("stops between two runs when it is told to", async () => {
    const { bytes, graph } = smallModel();
    const stop = new AbortController();
    const runs: number[] = [];
    const tell = (_: string, done: number) => {
      runs.push(done);
      stop.abort();
    };
    await assert.rejects(
      measureRuns(
        { where: "small", bytes, graph, sizes: { batch: 2 } },
        { ...options(), signal: stop.signal, tell },
      ),
      { name: "AbortError" },
    );
    assert.deepEqual(runs, [1]);
  });
});

describe("numbers to run a model with", () => {
  const declared = (name: string, dtype: string, shape: readonly (number | string)[]) => ({
    name,
    dtype,
    shape,
  });

  it("are the same each time, and none is 0 or near it for long", () => {
    const inputs = [declared("x", "float32", ["batch", 5000])];
    const make = () => feedsOf(inputs, null, { batch: 2 }, "net").get("x")!;
    const { data, shape } = make();
    assert.deepEqual(shape, [2, 5000]);
    assert.deepEqual(data, make().data);
    assert.ok(
      data.every((value) => value >= 0 && value < 1) && data.filter((value) => value > 0.01).length > 9800,
    );
  });

  it("are rows of the bank where the model takes whole numbers", () => {
    const { data } = feedsOf([declared("rows", "int64", [50])], null, { instances: 10 }, "net").get("rows")!;
    assert.ok([...data].every((row) => row >= 0n && row < 10n) && new Set([...data].map(Number)).size === 10);
  });

  it("are, for parameters, those that training starts from", () => {
    const builder = new GraphBuilder("net");
    const weight = builder.parameter("weight", [3], { kind: "constant", value: 7 });
    builder.output("y", builder.op.neg(weight));
    const feeds = feedsOf([declared("weight", "float32", [3])], builder.build(), {}, "net");
    assert.deepEqual([...feeds.get("weight")!.data], [7, 7, 7]);
  });

  it("are refused where a size is not known, naming all of them and the option", () => {
    const inputs = [declared("x", "float32", ["height", "width"]), declared("y", "float32", ["height", 3])];
    assert.throws(
      () => feedsOf(inputs, null, {}, "net.onnx"),
      new UsageError(
        "net.onnx: its inputs have sizes that are not known: height, width; name them, such as with --sizes height=64",
      ),
    );
  });

  it("are refused for a dtype that a session does not take", () => {
    assert.throws(
      () => feedsOf([declared("mask", "bool", [3])], null, {}, "net.onnx"),
      /^ProviderError: net\.onnx: inputs mask \(bool\) cannot be fed, expected float32, int64, uint8; /,
    );
  });

  it("have places for all results, or for none where a size is open", () => {
    const known = [declared("a", "float32", [2]), declared("b", "int64", ["batch"])];
    assert.deepEqual([...placesFor(known, { batch: 3 }).keys()], ["a", "b"]);
    assert.equal(placesFor([...known, declared("c", "float32", ["found"])], { batch: 3 }).size, 0);
  });
});
