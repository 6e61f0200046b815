/** @file The browser's entry as its users have it: bundled by a bundler, at work in a browser. */

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { decodePicture } from "../src/data/decode.js";
import { openEncoder } from "../src/models/encoder.js";
import { readModel } from "../src/models/model.js";
import { suiteBrowser, visit } from "./support/browser.js";
import { ROOT } from "./support/sources.js";
import { serveFolders } from "./support/staticServer.js";
import { suiteFolder } from "./support/temporary.js";
import { suiteRun } from "./support/trainedRun.js";

const ENTRY = join(ROOT, "dist/src/web.js");
const PICTURE = "tools/pictures/neighbours.jpg";

/** What a user writes. */
const SCRIPT = `
import { decodePicture, openEncoder } from ${JSON.stringify(ENTRY)};
globalThis.embed = async (form) => {
  const model = new Uint8Array(await (await fetch("encoder.onnx")).arrayBuffer());
  const encoder = await openEncoder(model, form, { ep: "wasm", assets: new URL("ort/", location.href) });
  const picture = await decodePicture(await (await fetch("picture.jpg")).blob(), "picture.jpg");
  return [...(await encoder.embed(picture))];
};
`;

describe("onnx-instdisc/web", () => {
  const folder = suiteFolder();
  const trained = suiteRun();

  it("is bundled for browsers without anything of Node", async () => {
    const { metafile } = await build({
      entryPoints: [ENTRY],
      bundle: true,
      format: "esm",
      platform: "browser",
      metafile: true,
      write: false,
      outdir: folder(),
      logLevel: "silent",
    });
    const outside = Object.values(metafile.outputs).flatMap(({ imports }) =>
      imports.filter((one) => one.external),
    );
    assert.deepEqual(outside, []);
    const files = Object.keys(metafile.inputs);
    assert.deepEqual(
      files.filter((file) => /^node:|onnxruntime-node|sharp/.test(file)),
      [],
    );
  });

  describe("in a browser", () => {
    const browser = suiteBrowser();

    it("embeds a picture with an exported encoder as Node does", async () => {
      const model = await readModel(trained().run);
      const at = join(folder(), "site");
      mkdirSync(join(at, "ort"), { recursive: true });
      const ort = dirname(fileURLToPath(import.meta.resolve("onnxruntime-web/wasm")));
      for (const ending of ["mjs", "wasm"]) {
        const name = `ort-wasm-simd-threaded.${ending}`;
        cpSync(join(ort, name), join(at, "ort", name));
      }
      writeFileSync(join(at, "encoder.onnx"), model.encoder);
      cpSync(join(ROOT, PICTURE), join(at, "picture.jpg"));
      writeFileSync(
        join(at, "index.html"),
        '<!doctype html><link rel="icon" href="data:,"><script type="module" src="script.js"></script>',
      );
      await build({
        stdin: { contents: SCRIPT, resolveDir: ROOT, sourcefile: "script.js" },
        bundle: true,
        format: "esm",
        platform: "browser",
        splitting: true,
        outdir: at,
        entryNames: "script",
        logLevel: "silent",
      });
      const server = await serveFolders({ "/": at });
      const here = await visit(browser(), `${server.origin}/`);
      try {
        await here.page.waitForFunction("globalThis.embed !== undefined");
        const { preprocessing, embeddingDim } = model;
        const found = await here.page.evaluate<number[]>(
          `embed(${JSON.stringify({ preprocessing, embeddingDim })})`,
        );
        const encoder = await openEncoder(model, { threads: 1 });
        const picture = await decodePicture(readFileSync(join(ROOT, PICTURE)), PICTURE);
        const { data } = await encoder.embed([picture]);
        await encoder.close();
        assert.equal(found.length, embeddingDim);
        const cosine = found.reduce((sum, value, place) => sum + value * data[place]!, 0);
        assert.ok(cosine >= 0.9999, `cosine ${cosine}`);
        assert.deepEqual(here.problems, []);
      } finally {
        await here.close();
        await server.close();
      }
    });
  });
});
