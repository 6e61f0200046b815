import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { buildArtifact } from "../../src/build/buildArtifact.js";
import { DEFAULT_RECIPE } from "../../src/build/recipe.js";
import { writeArtifact } from "../../src/artifact/node.js";
import { decodeModel } from "../../src/codec/decode.js";
import { UsageError } from "../../src/errors.js";
import { replaceSection } from "../../src/export/cardSections.js";
import { RUNTIMES } from "../../src/export/card.js";
import { exportEncoder } from "../../src/export/exportEncoder.js";
import { readModel } from "../../src/models/model.js";
import { suiteExport } from "../support/exportedRun.js";
import { suiteFolder } from "../support/temporary.js";

interface FrontMatter {
  readonly license: string;
  readonly library_name: string;
  readonly pipeline_tag: string;
  readonly "model-index": readonly {
    readonly results: readonly {
      readonly metrics: readonly { readonly name: string; readonly value: number }[];
    }[];
  }[];
}

const cardOf = (folder: string): string => readFileSync(join(folder, "README.md"), "utf8");
const jsonOf = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
const hash = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

describe("exportEncoder", () => {
  const exported = suiteExport();
  const root = suiteFolder();

  it("writes a folder that is read as the model that it came from", async () => {
    const { run, folder } = exported();
    const [from, to] = [await readModel(run), await readModel(folder)];
    assert.deepEqual(to.preprocessing, from.preprocessing);
    assert.deepEqual([to.embeddingDim, to.temperature], [from.embeddingDim, from.temperature]);
    assert.deepEqual([to.run, to.artifact, to.where], [null, null, folder]);
  });

  it("measures how little each number format moves the vectors", () => {
    const drifts = exported().summary.files.flatMap(({ name, drift }) => (drift ? [{ name, ...drift }] : []));
    assert.deepEqual(
      drifts.map(({ name }) => name),
      ["onnx/model.onnx", "onnx/model_fp16.onnx", "onnx/model_quantized.onnx", "model_image.onnx"],
    );
    const [full, half, quantized, image] = drifts;
    assert.deepEqual([full!.pictures, full!.sameNearest, full!.sameClass], [40, 1, 1]);
    assert.ok(full!.cosineMin > 0.999999, `fp32: ${full!.cosineMin}`);
    assert.ok(half!.cosineMin > 0.999 && half!.cosineMean >= half!.cosineMin, `fp16: ${half!.cosineMin}`);
    assert.ok(
      quantized!.cosineMin > 0.99 && quantized!.cosineMin < full!.cosineMin,
      `${quantized!.cosineMin}`,
    );
    assert.ok(image!.cosineMin > 0.9999, `raw pixels: ${image!.cosineMin}`);
    assert.ok(quantized!.sameClass! > 0.5 && quantized!.sameClass! <= 1);
  });

  it("names author, licence and data in every model file", () => {
    for (const name of ["onnx/model.onnx", "onnx/model_fp16.onnx", "onnx/model_quantized.onnx"]) {
      const { metadata } = decodeModel(readFileSync(join(exported().folder, name)), name);
      assert.deepEqual([metadata["model_author"], metadata["model_license"]], ["A. Nonymous", "mit"], name);
      assert.match(metadata["data_sha256"]!, /^[0-9a-f]{64}$/);
    }
  });

  it("describes the network as Hugging Face does", () => {
    const config = jsonOf(join(exported().folder, "config.json"));
    assert.deepEqual(
      [config["model_type"], config["architectures"], config["layer_type"]],
      ["resnet", ["ResNetModel"], "basic"],
    );
    assert.deepEqual(config["depths"], [2, 2, 2, 2]);
    assert.deepEqual(config["hidden_sizes"], [4, 8, 16, 32]);
    assert.deepEqual(config["transformers.js_config"], { dtype: "fp32" });
  });

  it("writes a card with what the hub and a person look for", () => {
    const card = cardOf(exported().folder);
    const [, yaml, body] = card.split("---\n", 3);
    const front = parse(yaml!) as FrontMatter;
    assert.deepEqual(
      [front.license, front.library_name, front.pipeline_tag],
      ["mit", "transformers.js", "image-feature-extraction"],
    );
    const [first] = front["model-index"][0]!.results[0]!.metrics;
    const learned = /^\| learned \| ([\d.]+)/m.exec(body === undefined ? "" : card)![1];
    assert.equal(first!.name, "kNN@200 top-1");
    assert.equal(first!.value.toFixed(1), learned);
    for (const row of [
      "chance",
      "raw pixels",
      "untrained network",
      "seed",
      "machine",
      "hash of the pictures",
    ]) {
      assert.match(card, new RegExp(`^\\| ${row} \\| .*[0-9]`, "m"), row);
    }
    assert.match(card, /!\[Curves of the training\]\(curves\.svg\)/);
    assert.doesNotMatch(card, /undefined|NaN|\[object|null/);
  });

  it("keeps the paths of the maker's machine out of the folder", () => {
    const { folder, run } = exported();
    const text = ["README.md", "config.json"].map((name) => readFileSync(join(folder, name), "utf8")).join();
    assert.ok(!text.includes(join(run, "..")), "the card names a folder of this machine");
  });

  it("leaves a place for the table of runtimes", () => {
    const card = replaceSection(cardOf(exported().folder), RUNTIMES, "| wasm | 1.0 |");
    assert.match(card, /^## Runtimes\n\n<!--.*-->\n\| wasm \| 1\.0 \|\n<!--/m);
  });

  it("writes the same bytes again, and only the formats asked for", async () => {
    const { run, folder } = exported();
    const out = join(root(), "again");
    const told: string[] = [];
    await exportEncoder({
      model: run,
      out,
      license: "mit",
      author: "A. Nonymous",
      precisions: ["int8", "fp32"],
      stage: (what) => (done, total) => told.push(`${what} ${done}/${total}`),
    });
    const making = [0, 1, 2, 3].map((done) => `making the model files ${done}/3`);
    assert.deepEqual(told.slice(0, 4), making);
    const same = [
      "onnx/model.onnx",
      "onnx/model_quantized.onnx",
      "model_image.onnx",
      "curves.svg",
      "config.json",
    ];
    for (const name of same) {
      assert.equal(hash(join(out, name)), hash(join(folder, name)), name);
    }
    assert.equal(existsSync(join(out, "onnx/model_fp16.onnx")), false);
  });

  it("takes an artifact that no run has touched, and says what is not known", async () => {
    const artifact = join(root(), "graph");
    const [mean, std] = [[0.5, 0.5, 0.5] as const, [0.25, 0.25, 0.25] as const];
    const recipe = {
      ...DEFAULT_RECIPE,
      arch: "alexnet",
      stem: null,
      width: 2,
      imageSize: 64,
      embeddingDim: 8,
    };
    const built = buildArtifact({ recipe, seed: 3, preprocessing: { imageSize: 64, resize: 72, mean, std } });
    await writeArtifact(artifact, built.files, built.manifest);
    const { out, comparison } = await exportEncoder({ model: artifact });
    assert.equal(out, join(root(), "encoder"));
    assert.match(comparison.missing!, /is not from a run/);
    const card = cardOf(out);
    assert.match(card, /^Not known: what was exported has no records of a run\.$/m);
    assert.match(card, /^\| seed \| 3 \|$/m);
    assert.doesNotMatch(card, /model-index|curves\.svg|undefined|null/);
    assert.equal(jsonOf(join(out, "config.json"))["model_type"], "custom");
  });

  it("says so where the pictures of the run are gone, and exports all the same", async () => {
    const run = join(root(), "moved");
    cpSync(exported().run, run, { recursive: true });
    const config = join(run, "config.resolved.json");
    writeFileSync(config, readFileSync(config, "utf8").replace(/("data": )"[^"]*"/, '$1"/nowhere/pictures"'));
    const { files, comparison } = await exportEncoder({ model: run, out: join(root(), "unmeasured") });
    assert.match(comparison.missing!, /the pictures of the run cannot be read/);
    assert.ok(files.every(({ drift }) => drift === null));
    assert.match(
      cardOf(join(root(), "unmeasured")),
      /was not measured: the pictures of the run cannot be read/,
    );
  });

  it("has names that Markdown and YAML would read as their own under control", async () => {
    const out = join(root(), "odd");
    const name = 'a: "b" | <script> # *c*\n---';
    await exportEncoder({ model: exported().run, out, name, author: "x|y", precisions: ["fp32"] });
    const card = cardOf(out);
    const [, yaml, ...body] = card.split(/^---$/m);
    assert.doesNotMatch(body.join("---"), /<script>/);
    assert.equal((parse(yaml!) as { "model-index": { name: string }[] })["model-index"][0]!.name, name);
  });

  it("refuses to replace the run itself, and to export what is exported", async () => {
    const { run, folder } = exported();
    for (const out of [run, join(run, "..")]) {
      await assert.rejects(exportEncoder({ model: run, out, overwrite: true }), (error: Error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, /holds the model .* itself, expected another folder/);
        return true;
      });
    }
    await assert.rejects(
      exportEncoder({ model: folder, out: join(root(), "twice") }),
      /is an exported folder already/,
    );
  });

  it("refuses number formats that it does not know, and a list without fp32", async () => {
    const model = exported().run;
    await assert.rejects(
      exportEncoder({ model, precisions: ["fp32", "q4"] }),
      /--dtype has "q4", expected some of/,
    );
    await assert.rejects(
      exportEncoder({ model, precisions: ["fp16"] }),
      /--dtype has no fp32, expected it among fp16/,
    );
  });
});
