/**
 * @file Makes a fresh clone ready: installs the locked packages, compiles, and bundles the web page. Run before
 * `npm start` and `npm test`; does nothing where nothing changed. Plain JavaScript, because it runs before there is a
 * compiler.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const LOCK = `${root}package-lock.json`;
const STAMP = `${root}node_modules/.onnx-instdisc-lock`;

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(
    `Node.js is ${process.versions.node}, expected 20.19 or newer; install a newer one from your package manager`,
  );
}

const lock = createHash("sha256").update(readFileSync(LOCK)).digest("hex");
const installed = existsSync(STAMP) ? readFileSync(STAMP, "utf8") : "";
if (installed !== lock) {
  say("installing packages");
  // onnxruntime-node would download CUDA libraries; the README says how to get them.
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { ONNXRUNTIME_NODE_INSTALL: "skip" });
  mkdirSync(`${root}node_modules`, { recursive: true });
  writeFileSync(STAMP, lock);
}
// Both are incremental: with nothing changed they only look.
run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "--project", root]);
run(process.execPath, [`${root}tools/buildPage.mjs`]);

function run(command, args, env = {}) {
  const shell = process.platform === "win32" && command === "npm";
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell,
    env: { ...process.env, ...env },
  });
  if (result.error) fail(`${command}: ${result.error.message}; is it installed?`);
  if (result.status !== 0)
    fail(`${command} ${args[0]}: ended with ${result.status ?? result.signal}; its message stands above`);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text) {
  say(`setUp: ${text}`);
  process.exit(1);
}
