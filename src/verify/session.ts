/** @file The runners over our own doors: onnxruntime-node on CPU and WebGPU, onnxruntime-web's wasm in this process. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { folderOf, versionOf } from "../doctor/packages.js";
import { absenceWords, probeProvider } from "../doctor/providers.js";
import { openSession as openNode } from "../runtime/node.js";
import { floats, type Session } from "../runtime/session.js";
import { openSession as openWeb } from "../runtime/web.js";
import { inBatches, type ModelFile, type Pixels, type Runner } from "./runner.js";

type Open = (model: Uint8Array, where: string) => Promise<Session>;

function sessionRunner(given: Pick<Runner, "name" | "absence" | "version">, open: Open): Runner {
  return { ...given, encode: (model, pixels) => encode(open, model, pixels) };
}

async function encode(open: Open, { path, embeddingDim: dim }: ModelFile, pixels: Pixels) {
  const session = await open(new Uint8Array(await readFile(path)), path);
  try {
    return await inBatches(pixels, dim, async (input, shape) => {
      const embeddings = floats([shape[0], dim]);
      const feeds = new Map([["pixel_values", floats(shape, input)]]);
      await session.run(feeds, new Map([["image_embeds", embeddings]]));
      return embeddings.data;
    });
  } finally {
    await session.close();
  }
}

const here = () => Promise.resolve(null);
const nodeVersion = () => Promise.resolve(versionOf("onnxruntime-node"));

export const nodeCpu = sessionRunner(
  { name: "onnxruntime-node cpu", absence: here, version: nodeVersion },
  (model, where) => openNode(model, where, { ep: "cpu" }),
);

/** Tried in a process of its own first: a driver may abort. */
export const nodeWebGpu = sessionRunner(
  {
    name: "onnxruntime-node webgpu",
    version: nodeVersion,
    async absence() {
      const { error } = await probeProvider("webgpu");
      return error === undefined ? null : absenceWords(error);
    },
  },
  (model, where) => openNode(model, where, { ep: "webgpu" }),
);

export const webWasm = sessionRunner(
  {
    name: "onnxruntime-web wasm",
    version: () => Promise.resolve(versionOf("onnxruntime-web")),
    absence: () => Promise.resolve(folderOf("onnxruntime-web") === null ? "not installed" : null),
  },
  (model, where) => {
    const assets = pathToFileURL(join(folderOf("onnxruntime-web")!, "dist/"));
    return openWeb(model, where, { ep: "wasm", threads: 1, assets });
  },
);
