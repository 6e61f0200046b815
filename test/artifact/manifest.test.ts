import assert from "node:assert/strict";
import { parseManifest, printManifest } from "../../src/artifact/manifest.js";
import { ArtifactError } from "../../src/errors.js";
import { sampleManifest } from "./sampleManifest.js";

const REMEDY = "; rebuild the folder with build-graph";

type Json = { [key: string]: Json };

/** The manifest as JSON with `value` at the end of each path; undefined removes what is there. */
function changed(...changes: readonly [path: string[], value: unknown][]): string {
  const manifest = structuredClone(sampleManifest());
  for (const [path, value] of changes) {
    const holder = path.slice(0, -1).reduce((inner, key) => inner[key]!, manifest as unknown as Json);
    holder[path.at(-1)!] = value as Json;
  }
  return JSON.stringify(manifest);
}

function assertRefused(json: string, message: string): void {
  assert.throws(
    () => parseManifest(json, "build/manifest.json"),
    new ArtifactError(`build/manifest.json: ${message}`),
  );
}

describe("a manifest", () => {
  it("is the same after it was printed and parsed", () => {
    assert.deepEqual(parseManifest(printManifest(sampleManifest()), "manifest.json"), sampleManifest());
  });

  it("prints the same text whatever the order of its keys and files", () => {
    const { files, format, ...rest } = sampleManifest();
    const turned = { ...rest, files: Object.fromEntries(Object.entries(files).reverse()), format };
    assert.equal(printManifest(turned), printManifest(sampleManifest()));
  });

  it("of before there was accumulation or a record of the data is read as without either", () => {
    const older = changed([["recipe", "accumulation"], undefined], [["data"], undefined]);
    const { recipe, data } = parseManifest(older, "manifest.json");
    assert.deepEqual([recipe.accumulation, data], [1, null]);
  });

  it("prints one tensor a line", () => {
    const lines = printManifest(sampleManifest()).split("\n");
    assert.ok(
      lines.includes(
        '    { "name": "bank", "dtype": "float32", "shape": ["instances", 128], "role": "bank", "next": "bank.next" },',
      ),
      lines.join("\n"),
    );
    assert.equal(lines.at(-1), "");
  });

  it("prints text that holds what looks like JSON", () => {
    const odd = changed([["tensors", "0", "name"], '"a": [1,2], {b}']);
    const manifest = parseManifest(odd, "manifest.json");
    assert.deepEqual(parseManifest(printManifest(manifest), "manifest.json"), manifest);
  });

  it("is not printed when it is not valid", () => {
    const manifest = { ...sampleManifest(), opset: 0 };
    assert.throws(
      () => printManifest(manifest),
      new ArtifactError(`manifest to be written: opset is 0, expected number to be >=1${REMEDY}`),
    );
  });

  it("is refused when it is not JSON, or not an object", () => {
    assert.throws(
      () => parseManifest(printManifest(sampleManifest()).slice(0, 100), "manifest.json"),
      /^ArtifactError: manifest\.json: is not JSON \(.*\); rebuild the folder with build-graph$/,
    );
    assertRefused("null", `the whole is null, expected object${REMEDY}`);
    assertRefused("7", `the whole is 7, expected object${REMEDY}`);
  });

  it("is refused with every fault: where, what was found, what was expected", () => {
    const json = changed(
      [["seed"], -1],
      [["recipe", "batchSize"], "x"],
      [["recipe", "width"], 1.5],
      [["recipe", "optimizer", "name"], "adam"],
      [["recipe", "objective"], undefined],
      [
        ["preprocessing", "mean"],
        [1, 2],
      ],
      [["tensors", "1", "dtype"], "float8"],
      [["tensors", "2", "shape", "1"], null],
      [["tensors", "2", "colour"], "red"],
      [["files", "encoder.onnx", "sha256"], "abc"],
      [["extra"], 1],
    );
    assertRefused(
      json,
      "seed is -1, expected number to be >=0; " +
        "recipe.width is 1.5, expected a whole number; " +
        'recipe.batchSize is "x", expected number; ' +
        "recipe.objective is missing, expected object; " +
        'recipe.optimizer.name is "adam", expected one of "sgd"|"adamw"|"lars"; ' +
        "preprocessing.mean is [1,2], expected array to have >=3 items; " +
        'tensors[1].dtype is "float8", expected one of "float32"|"float64"|"float16"|"bfloat16"|"int64"|"int32"|"int8"|"uint8"|"bool"; ' +
        "tensors[2].shape[1] is null, expected a size or the name of a dimension; " +
        'tensors[2] has "colour", expected no such key; ' +
        'files.encoder.onnx.sha256 is "abc", expected 64 hexadecimal digits; ' +
        `the whole has "extra", expected no such key${REMEDY}`,
    );
  });

  it("is refused when a tensor stands twice", () => {
    const json = changed([["tensors", "3"], sampleManifest().tensors[1]]);
    assertRefused(json, `tensors has bank more than once, expected each name once${REMEDY}`);
  });

  it("is refused when it points out of its folder", () => {
    for (const name of ["../encoder.onnx", "/etc/passwd", "a/b", "..", ".hidden", ""]) {
      const json = changed([["files", name], sampleManifest().files["encoder.onnx"]]);
      assertRefused(
        json,
        `files has ${JSON.stringify(name)}, expected a file name without a folder${REMEDY}`,
      );
    }
  });

  it("of another version says which versions are known", () => {
    const json = changed([["formatVersion"], 2], [["somethingNew"], true]);
    assertRefused(
      json,
      `formatVersion is 2, expected one that is known here: 1; update onnx-instdisc or rebuild the folder with build-graph`,
    );
  });

  it("of another program is refused for its format", () => {
    const json = changed([["format"], "other"]);
    assertRefused(json, `format is "other", expected "onnx-instdisc"${REMEDY}`);
  });
});
