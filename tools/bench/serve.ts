/**
 * @file Does the server hold under load? Many clients that search and upload, for a while.
 *
 *     node dist/tools/bench/serve.js RUN [--seconds 60] [--connections 64] [--url http://…]
 *
 * Starts `serve RUN` (or asks the server at --url) and sends, from each connection in turn: a search by upload, a search
 * by id, an upload to embed, a search by id. Uploads are pictures of the run as JPEG. Writes what it sees to stderr every
 * few seconds, and JSON to stdout. Exits with 1 when a request fails.
 */

import { spawn, type ChildProcess } from "node:child_process";
import { parseArgs } from "node:util";
import autocannon from "autocannon";
import { bytes } from "../../src/cli/format.js";
import { encodeSmaller } from "../../src/data/encode.js";
import { readSource } from "../../src/serve/collection/source.js";
import { BIN } from "../child.js";
import { MACHINE, VERSIONS } from "./machine.js";

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    connections: { type: "string", default: "64" },
    url: { type: "string" },
  },
});
const [run] = positionals;
if (run === undefined) throw new Error("bench/serve: found no run, expected the folder of one; name it");

/** Different pictures that are sent. */
const UPLOADS = 64;
const WATCH_MS = 5000;
const PROBE_MS = 250;

interface Server {
  readonly url: string;
  readonly child: ChildProcess | null;
}

async function start(): Promise<Server> {
  if (given.url !== undefined) return { url: given.url, child: null };
  const child = spawn(process.execPath, [BIN, "serve", run!, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (some: string) => {
      text += some;
      const found = / at (http:\S+) until/.exec(text);
      if (found) resolve(found[1]!);
    });
    child.once("close", (code) => reject(new Error(`serve ended with ${code}`)));
  });
  return { url, child };
}

/** A value of /api/metrics without labels. */
async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}api/metrics`)).text();
  return Number(new RegExp(`^instdisc_${name} (\\S+)$`, "m").exec(text)?.[1]);
}

async function requestsOf(folder: string): Promise<autocannon.Request[]> {
  const source = await readSource(folder);
  const requests: autocannon.Request[] = [];
  for (const id of source.ids.slice(0, UPLOADS)) {
    const body = Buffer.from(await encodeSmaller(await source.picture(id), 512));
    const headers = { "Content-Type": "image/jpeg" };
    const byId = { method: "GET", path: `/api/search?k=10&id=${encodeURIComponent(id)}` } as const;
    requests.push({ method: "POST", path: "/api/search?k=10", headers, body }, byId);
    requests.push({ method: "POST", path: "/api/embed", headers, body }, byId);
  }
  return requests;
}

const requests = await requestsOf(run);
const { url, child } = await start();
const memory: number[] = [];
/** Time in which the loop answers what needs no thread: under load, it must stay free. */
const health: number[] = [];

/** Asks the server now and then how it is. @returns what ends it */
function watch(): () => void {
  const began = performance.now();
  const resident = setInterval(() => {
    void metric(url, "resident_memory_bytes").then((size) => {
      memory.push(size);
      const seconds = Math.round((performance.now() - began) / 1000);
      process.stderr.write(`${seconds} s of ${given.seconds} s: resident ${bytes(size)}\n`);
    });
  }, WATCH_MS);
  const probe = setInterval(() => {
    const asked = performance.now();
    void fetch(`${url}api/health`).then(async (response) => {
      await response.arrayBuffer();
      health.push(performance.now() - asked);
    });
  }, PROBE_MS);
  return () => {
    clearInterval(resident);
    clearInterval(probe);
  };
}

async function load(): Promise<autocannon.Result> {
  const stop = watch();
  try {
    const [connections, duration] = [Number(given.connections), Number(given.seconds)];
    return await autocannon({ url, connections, duration, requests });
  } finally {
    stop();
    child?.kill("SIGTERM");
  }
}

const result = await load();
health.sort((a, b) => a - b);
const failed = result.errors + result.timeouts + result.non2xx;
const report = {
  what: "mixed search and upload over HTTP on the loopback",
  machine: MACHINE,
  versions: VERSIONS,
  connections: result.connections,
  seconds: result.duration,
  requests: result.requests.total,
  requestsPerSecond: result.requests.average,
  latencyMs: {
    median: result.latency.p50,
    p97_5: result.latency.p97_5,
    p99: result.latency.p99,
    most: result.latency.max,
  },
  healthMs: { median: health[health.length >> 1], p99: health[Math.floor(0.99 * health.length)] },
  errors: result.errors,
  timeouts: result.timeouts,
  otherThan2xx: result.non2xx,
  residentBytes: memory,
};
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
process.exitCode = failed > 0 ? 1 : 0;
