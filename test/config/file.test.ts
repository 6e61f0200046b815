import assert from "node:assert/strict";
import { join } from "node:path";
import { parseConfig, readConfig } from "../../src/config/file.js";
import { nearest } from "../../src/config/read.js";
import { suiteFolder } from "../support/temporary.js";

const refused = (text: string, where: string, message: string | RegExp) =>
  assert.throws(() => parseConfig(text, where), { name: "UsageError", message });

describe("a config file", () => {
  const folder = suiteFolder();

  it("is JSON or YAML with the names of options as keys", () => {
    const expected = {
      lr: 0.1,
      "crop-scale": [0.3, 1],
      milestones: [120, 160],
      nesterov: true,
      preset: "cifar10",
    };
    const json =
      '{ "$schema": "x", "lr": 0.1, "crop-scale": 0.3, "milestones": [120, 160], "nesterov": true, "preset": "cifar10" }';
    const yaml =
      "lr: 1e-1\ncrop-scale: [0.3, 1]\nmilestones:\n  - 120\n  - 160\nnesterov: true\npreset: cifar10\n";
    assert.deepEqual(parseConfig(json, "run.json"), expected);
    assert.deepEqual(parseConfig(yaml, "run.yaml"), expected);
    assert.deepEqual(parseConfig(yaml, "RUN.YML"), expected);
    assert.deepEqual(parseConfig("{}", "run.json"), {});
  });

  it("is refused with everything that is wrong with it", () => {
    refused(
      '{ "epocs": 3, "batchSize": 64, "lr": "fast", "flip": 1.5, "nesterov": "yes", "schedule": "linear", "mean": [1, 2] }',
      "run.json",
      "run.json: epocs is no setting, did you mean epochs?; batchSize is no setting, did you mean batch-size?; " +
        'lr is "fast", expected a number above 0; flip is 1.5, expected a number from 0 to 1; ' +
        'nesterov is "yes", expected true or false; schedule is "linear", expected one of cosine, step, constant; ' +
        "mean is [1,2], expected three numbers; correct the file",
    );
  });

  it("is refused where a list falls, is empty or has numbers out of range", () => {
    refused(
      '{ "milestones": [160, 120], "crop-scale": [0.5, 0.2], "crop-ratio": 1, "std": [1, 1, 0] }',
      "run.json",
      /^run\.json: milestones is \[160,120\], .*; crop-scale is \[0\.5,0\.2\], .*; crop-ratio is 1, .*; std is \[1,1,0\], .*; correct the file$/,
    );
    refused(
      '{ "milestones": [] }',
      "run.json",
      /milestones is \[\], expected whole numbers of at least 1, rising/,
    );
    refused('{ "lr": null }', "run.json", /lr is null, expected a number above 0/);
  });

  it("knows nothing of what every object inherits", () => {
    refused(
      '{ "__proto__": { "lr": 1 }, "constructor": 1 }',
      "run.json",
      /__proto__ is no setting.*constructor is no setting/,
    );
    refused("toString: 1", "run.yaml", /toString is no setting/);
  });

  it("is refused when it is not what its name says", () => {
    refused("{", "run.json", /^run\.json: is not JSON \(.*\); correct the file$/);
    refused("lr: [1", "run.yaml", /^run\.yaml: is not YAML \(.*line 1.*\); correct the file$/);
    refused("lr: 1\nlr: 2\n", "run.yaml", /is not YAML \(Map keys must be unique/);
    refused(
      "[1]",
      "run.json",
      /^run\.json: is no mapping, expected settings by name, such as "lr": 0\.03; correct the file$/,
    );
    refused("", "run.yaml", /^run\.yaml: is empty/);
    refused("lr = 1", "run.toml", /^run\.toml: ends in "\.toml", expected \.json, \.yaml or \.yml/);
  });

  it("is refused when it is not there", async () => {
    const path = join(folder(), "none.json");
    await assert.rejects(readConfig(path), {
      name: "UsageError",
      message: `--config ${path}: cannot be read (ENOENT), expected a .json or .yaml file of settings; correct the path`,
    });
  });

  it("has the nearest known name suggested for any other", () => {
    for (const [given, meant] of [
      ["learning_rate_warmup_steps", "warmup-steps"],
      ["weightdecay", "weight-decay"],
      ["seeds", "seed"],
      ["imageSize", "image-size"],
      ["temprature", "temperature"],
    ] as const)
      assert.equal(nearest(given), meant, given);
  });
});
