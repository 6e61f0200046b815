/** @file transformers.js in a browser, loading what export writes: with the files and settings its users have. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { floats } from "../../src/runtime/session.js";
import { openSession } from "../../src/runtime/node.js";
import { readModel } from "../../src/models/model.js";
import { suiteBrowser, visit, type Visit } from "../support/browser.js";
import { EXPORTED, suiteExport } from "../support/exportedRun.js";
import { ROOT } from "../support/sources.js";
import { serveFolders, type StaticServer } from "../support/staticServer.js";
import { suiteFolder } from "../support/temporary.js";

const PICTURES = 8;
const LEAST_COSINE = 0.999;

/** What a user writes; no dtype, so that config.json decides, as it has to in a browser. */
const SCRIPT = `
import { env, pipeline, Tensor } from "@huggingface/transformers";
env.allowRemoteModels = false;
env.allowLocalModels = true;
env.localModelPath = "/models/";
env.backends.onnx.wasm.wasmPaths = location.origin + "/ort/";
globalThis.embed = async (pixels, dims, options) => {
  const extract = await pipeline("image-feature-extraction", ${JSON.stringify(EXPORTED)}, options);
  const { image_embeds } = await extract.model({ pixel_values: new Tensor("float32", Float32Array.from(pixels), dims) });
  return [...image_embeds.data];
};
`;

type Globals = { embed(pixels: number[], dims: number[], options: object): Promise<number[]> };

describe("transformers.js in a browser", () => {
  const exported = suiteExport();
  const folder = suiteFolder();
  const browser = suiteBrowser();
  let [server, here, side, dim] = [null as StaticServer | null, null as Visit | null, 0, 0];
  let pixels: Float32Array<ArrayBuffer>;
  let expected: Float32Array;

  before(async () => {
    const model = await readModel(exported().run);
    [side, dim] = [model.preprocessing.imageSize, model.embeddingDim];
    pixels = Float32Array.from({ length: PICTURES * 3 * side * side }, (_, at) => Math.sin(at * at * 0.001));
    const session = await openSession(model.encoder, "encoder", { ep: "cpu" });
    const embeds = floats([PICTURES, dim]);
    const input = floats([PICTURES, 3, side, side], pixels);
    await session.run(new Map([["pixel_values", input]]), new Map([["image_embeds", embeds]]));
    await session.close();
    expected = embeds.data;
    const site = join(folder(), "site");
    mkdirSync(site, { recursive: true });
    await build({
      stdin: { contents: SCRIPT, resolveDir: ROOT },
      bundle: true,
      format: "esm",
      platform: "browser",
      outfile: join(site, "main.js"),
      logLevel: "silent",
    });
    writeFileSync(
      join(site, "index.html"),
      '<!doctype html><link rel="icon" href="data:,"><script type="module" src="main.js"></script>',
    );
    const ort = dirname(fileURLToPath(import.meta.resolve("onnxruntime-web/wasm")));
    server = await serveFolders({ "/": site, "/models/": dirname(exported().folder), "/ort/": ort });
    here = await visit(browser(), `${server.origin}/index.html`);
    await here.page.waitForFunction("globalThis.embed !== undefined");
  });
  after(async () => {
    await here?.close();
    await server?.close();
  });

  for (const [name, options] of [
    ["what config.json names", {}],
    ["fp16", { dtype: "fp16" }],
    ["q8", { dtype: "q8" }],
  ] as const) {
    it(`gives Node's vectors, with ${name}`, async () => {
      const given = { pixels: [...pixels], dims: [PICTURES, 3, side, side], options };
      const found = await here!.page.evaluate(
        ({ pixels: values, dims, options: chosen }) =>
          (globalThis as unknown as Globals).embed(values, dims, chosen),
        given,
      );
      assert.equal(found.length, PICTURES * dim);
      for (let row = 0; row < PICTURES; row++) {
        const at = (column: number) => row * dim + column;
        const dot = Array.from({ length: dim }, (_, column) => found[at(column)]! * expected[at(column)]!);
        const cosine = dot.reduce((sum, value) => sum + value, 0);
        assert.ok(cosine >= LEAST_COSINE, `picture ${row}: cosine ${cosine}`);
      }
    });
  }

  it("asks no other server", () => {
    assert.deepEqual(
      here!.problems.filter((problem) => problem.startsWith("request to")),
      [],
    );
  });
});
