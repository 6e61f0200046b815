/** @file The house's floors, proved from the imports of every source file. */

import assert from "node:assert/strict";
import { importsOf, sourcesIn, type Import } from "./support/sources.js";

/**
 * Each file lives in the first room whose pattern it matches, and may import from rooms of lower floors, or from its
 * own. Rooms on one floor do not see each other.
 */
const HOUSE: readonly { readonly floor: number; readonly room: string; readonly files: RegExp }[] = [
  { floor: 14, room: "entry", files: /^src\/(index|web)\.ts$/ },
  { floor: 13, room: "cli", files: /^src\/cli\// },
  // Builds, trains and packs as the command line does; the page itself only talks to it.
  { floor: 13, room: "page that learns", files: /^src\/web\/learn\/worker\// },
  { floor: 12, room: "serve", files: /^src\/serve\// },
  { floor: 12, room: "verify", files: /^src\/verify\// },
  { floor: 11, room: "export", files: /^src\/export\// },
  { floor: 10, room: "models", files: /^src\/models\// },
  { floor: 9, room: "config", files: /^src\/config\// },
  { floor: 8, room: "doctor", files: /^src\/doctor\// },
  { floor: 8, room: "train", files: /^src\/train\// },
  { floor: 7, room: "profile", files: /^src\/profile\// },
  { floor: 7, room: "tune", files: /^src\/tune\// },
  { floor: 7, room: "evaluate", files: /^src\/evaluate\// },
  { floor: 6, room: "build", files: /^src\/build\// },
  { floor: 5, room: "report", files: /^src\/report\// },
  { floor: 5, room: "web page", files: /^src\/web\// },
  { floor: 5, room: "graphs", files: /^graphs\// },
  { floor: 4, room: "run folders", files: /^src\/run\// },
  // The build side makes graphs and the run side runs them; neither imports the other.
  { floor: 4, room: "lower", files: /^src\/lower\// },
  { floor: 4, room: "grad", files: /^src\/grad\// },
  { floor: 4, room: "runtime", files: /^src\/runtime\// },
  { floor: 4, room: "data", files: /^src\/data\// },
  { floor: 4, room: "knn", files: /^src\/knn\// },
  { floor: 4, room: "search", files: /^src\/search\// },
  { floor: 3, room: "ops", files: /^src\/ops\// },
  { floor: 3, room: "codec", files: /^src\/codec\// },
  { floor: 3, room: "folders on disk", files: /^src\/artifact\/node\.ts$/ },
  {
    floor: 2,
    room: "artifact",
    files:
      /^src\/artifact\/(manifest|collection|searchIndex|schema|numbers|objectiveSchema|optimizerSchema|safetensors|stateDict|tuneMode|tuning|ortTraining\/.*)\.ts$/,
  },
  { floor: 2, room: "random", files: /^src\/random\// },
  { floor: 1, room: "simd", files: /^src\/simd\// },
  { floor: 1, room: "native", files: /^src\/native\// },
  { floor: 1, room: "ir", files: /^src\/ir\// },
  { floor: 0, room: "ground", files: /^src\/(errors|version)\.ts$/ },
];

const BUILD_SIDE = ["ops", "grad", "lower", "graphs", "build"];
const RUN_SIDE = ["runtime", "data", "knn"];

/** The only files that may import a foreign library. */
const DOORS: Readonly<Record<string, RegExp>> = {
  "onnxruntime-node": /^src\/runtime\/node\.ts$/,
  "onnxruntime-web/wasm": /^src\/runtime\/web\.ts$/,
  "onnxruntime-web/webgpu": /^src\/runtime\/web\.ts$/,
  "onnx-proto": /^src\/codec\/protobuf\.ts$/,
  "protobufjs/minimal.js": /^src\/codec\/protobuf\.ts$/,
  flatbuffers: /^src\/artifact\/ortTraining\/flatbuffers\.ts$/,
  long: /^src\/codec\/protobuf\.ts$/,
  sharp: /^src\/data\/(decode|encode)\.ts$/,
  hyparquet: /^src\/data\/formats\/parquetFile\.ts$/,
  "hyparquet-compressors": /^src\/data\/formats\/parquetFile\.ts$/,
  koffi: /^src\/native\/memoryMap\.ts$/,
  zod: /^src\/(artifact|models|web|serve\/api)\//,
  yaml: /^src\/(config\/file|export\/frontMatter)\.ts$/,
  "hyparquet-writer": /^src\/models\/parquetVectors\.ts$/,
  hono: /^src\/serve\/http\/door\.ts$/,
  "@hono/node-server": /^src\/serve\/http\/door\.ts$/,
  usearch: /^src\/search\/hnsw\.ts$/,
  vega: /^src\/report\/chart\.ts$/,
  "vega-lite": /^src\/report\/chart\.ts$/,
  yargs: /^src\/cli\//,
  "modern-tar": /^src\/data\/download\/unpack\.ts$/,
  preact: /^src\/web\/(main\.tsx|ui\/)/,
  "preact/hooks": /^src\/web\/ui\//,
  "umap-js": /^src\/serve\/collection\/umap\.ts$/,
  "cli-progress": /^src\/cli\/progress\.ts$/,
};

/** Where Node's own modules may be imported: elsewhere, a browser must be able to follow. */
const ON_NODE =
  /^src\/(.*\/node\.ts|data\/.*|run\/.*|evaluate\/.*|report\/.*|config\/.*|train\/.*|tune\/.*|cli\/.*|build\/.*|models\/.*|doctor\/.*|export\/.*|serve\/.*|verify\/.*|native\/.*|search\/folder\/.*|search\/(threads|threadsWorker|hnsw|hnswFile)\.ts)$/;

const FILES = [...sourcesIn("src"), ...sourcesIn("graphs")];
const IMPORTS = FILES.flatMap(importsOf);
const OWN = IMPORTS.filter(({ to }) => /^(src|graphs)\//.test(to));
const FOREIGN = IMPORTS.filter(({ to }) => !/^(src|graphs)\//.test(to));

const roomOf = (file: string) => HOUSE.find(({ files }) => files.test(file));
const show = ({ from, to }: Import): string => `${from} imports ${to}`;

/** Files that a file needs when it runs, itself included. */
function reachable(file: string): Set<string> {
  const reached = new Set([file]);
  for (const from of reached) {
    for (const { to, typeOnly } of IMPORTS.filter((one) => one.from === from)) if (!typeOnly) reached.add(to);
  }
  return reached;
}

describe("the floors", () => {
  it("have a room for every file", () => {
    assert.deepEqual(
      FILES.filter((file) => roomOf(file) === undefined),
      [],
    );
  });

  it("have no empty room", () => {
    const used = new Set(FILES.map((file) => roomOf(file)?.room));
    assert.deepEqual(
      HOUSE.filter(({ room }) => !used.has(room)),
      [],
    );
  });

  it("are the ends of imports that point down, or stay in their room", () => {
    const wrong = OWN.filter(({ from, to }) => {
      const [upper, lower] = [roomOf(from)!, roomOf(to)!];
      return upper.room !== lower.room && upper.floor <= lower.floor;
    });
    assert.deepEqual(wrong.map(show), []);
  });

  it("keep the build side and the run side apart", () => {
    const crosses = ({ from, to }: Import) => {
      const [here, there] = [roomOf(from)!.room, roomOf(to)!.room];
      return (
        (BUILD_SIDE.includes(here) && RUN_SIDE.includes(there)) ||
        (RUN_SIDE.includes(here) && BUILD_SIDE.includes(there))
      );
    };
    assert.deepEqual(OWN.filter(crosses).map(show), []);
  });

  it("lead to files that exist", () => {
    assert.deepEqual(OWN.filter(({ to }) => !FILES.includes(to)).map(show), []);
  });
});

describe("foreign libraries", () => {
  it("have one door each", () => {
    const wrong = FOREIGN.filter(({ from, to }) => !to.startsWith("node:") && !DOORS[to]?.test(from));
    assert.deepEqual(wrong.map(show), []);
  });

  it("are all in use: a door without visitors is closed", () => {
    assert.deepEqual(
      Object.keys(DOORS).filter((library) => !FOREIGN.some(({ to }) => to === library)),
      [],
    );
  });

  it("of Node stay where there is Node", () => {
    const wrong = FOREIGN.filter(({ from, to }) => to.startsWith("node:") && !ON_NODE.test(from));
    assert.deepEqual(wrong.map(show), []);
  });
});

describe("the browser's entry", () => {
  const reached = [...reachable("src/web.ts")];

  it("reaches nothing of Node", () => {
    const foreign = reached.filter((file) => !file.startsWith("src/"));
    assert.deepEqual(
      foreign.sort(),
      ["onnxruntime-web/wasm", "onnxruntime-web/webgpu", "zod"],
      "libraries that it needs when it runs",
    );
  });

  it("reaches no operator, gradient, lowering or network", () => {
    const wrong = reached.filter((file) => BUILD_SIDE.includes(roomOf(file)?.room ?? ""));
    assert.deepEqual(wrong, []);
  });
});

describe("the worker that learns in a page", () => {
  it("reaches nothing of Node", () => {
    const foreign = [...reachable("src/web/learn/worker/main.ts")].filter(
      (file) => !/^(src|graphs)\//.test(file),
    );
    assert.deepEqual(foreign.sort(), [
      "long",
      "onnx-proto",
      "onnxruntime-web/wasm",
      "onnxruntime-web/webgpu",
      "protobufjs/minimal.js",
      "umap-js",
      "zod",
    ]);
  });
});
