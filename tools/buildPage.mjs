/**
 * @file Bundles the web page into dist/page/: its scripts, its workers and service worker, and the files of
 * onnxruntime-web that it loads. Plain JavaScript, because it runs before there is a compiler's output.
 *
 *   node tools/buildPage.mjs
 */

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../", import.meta.url));
const ORT = dirname(fileURLToPath(import.meta.resolve("onnxruntime-web/wasm")));
/** What the two builds of src/runtime/web.ts load. */
const ORT_FILES = ["ort-wasm-simd-threaded", "ort-wasm-simd-threaded.asyncify"].flatMap((name) => [
  `${name}.mjs`,
  `${name}.wasm`,
]);
const STATIC_FILES = ["index.html", "style.css"];

const COMMON = {
  bundle: true,
  minify: true,
  sourcemap: true,
  target: "es2022",
  logLevel: "warning",
  // Without it, each build of onnxruntime-web would carry a second copy of the script that ort/ holds.
  conditions: ["onnxruntime-web-use-extern-wasm", "module"],
};

/**
 * @param source folder with main.tsx or main.ts, index.html and style.css
 * @param out folder to be made
 */
export async function buildPage(source = join(root, "src/web"), out = join(root, "dist/page")) {
  const engine = join(root, "src/web/engine");
  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(out, "ort"), { recursive: true });
  await build({
    ...COMMON,
    entryPoints: {
      main: mainOf(source),
      worker: join(engine, "worker.ts"),
      learnWorker: join(root, "src/web/learn/worker/main.ts"),
    },
    outdir: out,
    format: "esm",
    // Scripts find worker and ort/ beside themselves: chunks lie there too.
    splitting: true,
    chunkNames: "[name]-[hash]",
  });
  for (const name of STATIC_FILES) {
    if (existsSync(join(source, name))) cpSync(join(source, name), join(out, name));
  }
  const files = readdirSync(out).filter(
    (name) => statSync(join(out, name)).isFile() && !name.endsWith(".map"),
  );
  for (const name of ORT_FILES) cpSync(join(ORT, name), join(out, "ort", name));
  await build({
    ...COMMON,
    entryPoints: [join(engine, "serviceWorker.ts")],
    outdir: out,
    format: "iife",
    define: { PAGE_FILES: JSON.stringify(files), PAGE_VERSION: JSON.stringify(versionOf(out, files)) },
  });
}

function mainOf(folder) {
  const found = ["main.tsx", "main.ts"].map((name) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${folder}: has no main.tsx, expected the page's first script`);
  return found;
}

function versionOf(folder, files) {
  const hash = createHash("sha256");
  for (const name of [...files].sort()) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  return hash.digest("hex").slice(0, 16);
}

/** Whether no source is younger than the page; false: it was never built. */
function upToDate() {
  const last = join(root, "dist/page/serviceWorker.js");
  if (!existsSync(last)) return false;
  const built = statSync(last).mtimeMs;
  const sources = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return [...sources, join(root, "package-lock.json"), fileURLToPath(import.meta.url)].every(
    (path) => statSync(path).mtimeMs <= built,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !upToDate()) {
  await buildPage();
  process.stderr.write(`built ${relative(process.cwd(), join(root, "dist/page"))}\n`);
}
