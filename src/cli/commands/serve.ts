/** @file onnx-instdisc serve: a web page and an HTTP API over a run or an index. */

import { setFlagsFromString } from "node:v8";
import type { Argv, Options } from "yargs";
import { startServer, type RunningServer } from "../../serve/startServer.js";
import { writeStatic } from "../../serve/writeStatic.js";
import { UsageError } from "../../errors.js";
import { counted } from "../format.js";
import { exitAtOnce, type Io } from "../io.js";
import { checkNumbers } from "../option.js";
import { withProgress } from "../progress.js";

const OPTIONS = {
  host: {
    type: "string",
    requiresArg: true,
    default: "127.0.0.1",
    describe: "address to listen at; 0.0.0.0: whoever reaches this machine may ask",
  },
  port: { type: "number", requiresArg: true, default: 8080, describe: "0: any that is free" },
  static: {
    type: "string",
    requiresArg: true,
    describe: "write the page as plain files into this folder instead, for any static host",
  },
  pictures: { type: "boolean", default: false, describe: "with --static: larger pictures too, a file each" },
  cache: {
    type: "string",
    requiresArg: true,
    describe: "where thumbnails and the map are kept; default: page in the run or index",
  },
  "max-upload": { type: "number", requiresArg: true, default: 10, describe: "MB of an upload, at most" },
  "max-connections": { type: "number", requiresArg: true, default: 256, describe: "at a time" },
  "max-waiting": {
    type: "number",
    requiresArg: true,
    default: 128,
    describe: "uploads, and searches, that wait; more are answered by 503",
  },
  "upload-seconds": { type: "number", requiresArg: true, default: 30, describe: "slower ones are cut off" },
  threads: { type: "number", requiresArg: true, describe: "that encode; default: one for each processor" },
} as const satisfies Readonly<Record<string, Options>>;

/** Growth of the heap, percent of what is alive, at which it is swept. */
const HEAP_GROWTH = 50;

interface ServeArguments {
  readonly dir: string;
  readonly host: string;
  readonly port: number;
  readonly static: string | undefined;
  readonly pictures: boolean;
  readonly cache: string | undefined;
  readonly maxUpload: number;
  readonly maxConnections: number;
  readonly maxWaiting: number;
  readonly uploadSeconds: number;
  readonly threads: number | undefined;
}

export function serveCommand(parser: Argv, io: Io): void {
  parser.command(
    "serve <dir>",
    "Search, label and look around in a browser; an HTTP API for programs",
    (command) =>
      command
        .positional("dir", { type: "string", demandOption: true, describe: "run folder or index" })
        .options(OPTIONS)
        .example("$0 serve build/run", "page and API at http://127.0.0.1:8080/")
        .example("$0 serve build/run --port 0", "at any free port, which is printed")
        .example("$0 serve build/run --static site", "the page as files that need no server")
        .example("curl --data-binary @cat.jpg -H 'Content-Type: image/jpeg' localhost:8080/api/search", ""),
    async (parsed) => {
      const given = parsed as unknown as ServeArguments;
      checkNumbers(parsed);
      if (given.pictures && given.static === undefined) {
        throw new UsageError(
          "--pictures: found without --static, expected both; the server makes them itself",
        );
      }
      if (given.static === undefined) await serve(given, io);
      else await writeFiles(given, given.static, io);
    },
  );
}

async function writeFiles({ dir, pictures }: ServeArguments, out: string, io: Io): Promise<void> {
  const count = await withProgress(io, (tell) => writeStatic({ path: dir, out, originals: pictures, tell }));
  io.stdout.write(
    `Wrote ${out}: the page with ${counted(count, "picture")}.\n` +
      `Next: copy the folder to any static host, or look at it with python3 -m http.server -d ${out}\n`,
  );
}

async function serve(given: ServeArguments, io: Io): Promise<void> {
  // Uploads outlive young generations: left alone, V8 lets the heap grow to ten times what is alive before it looks.
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`);
  const server = await withProgress(io, (tell) =>
    startServer({
      path: given.dir,
      host: given.host,
      port: given.port,
      cache: given.cache,
      mostUploadBytes: 1e6 * given.maxUpload,
      mostConnections: given.maxConnections,
      mostWaiting: given.maxWaiting,
      uploadSeconds: given.uploadSeconds,
      threads: given.threads,
      tell,
      log: (line) => io.stderr.write(`${line}\n`),
    }),
  );
  io.stdout.write(describe(server));
  await untilInterrupted(io);
  const release = io.onInterrupt(exitAtOnce);
  const closed = server.close(); // before it is told, so that nobody comes in between
  io.stderr.write("finishing what is under way; press again to stop at once\n");
  await closed;
  release();
}

function describe({ url, pictures, hasPage }: RunningServer): string {
  const page = hasPage
    ? `Next: open ${url} in a browser and drop a picture onto the page.\n`
    : `The page was not built: npm run build makes it; the API answers without.\n`;
  return (
    `Serving ${counted(pictures, "picture")} at ${url} until Ctrl-C.\n${page}` +
    `API: ${url}api/openapi.json; for example\n` +
    `  curl --data-binary @picture.jpg -H "Content-Type: image/jpeg" "${url}api/search?k=5"\n`
  );
}

function untilInterrupted(io: Io): Promise<void> {
  return new Promise((resolve) => {
    const release = io.onInterrupt(() => {
      release();
      resolve();
    });
  });
}
