/** @file Starts the server: the page, its collection, and the API, over a run or an index. */

import { join } from "node:path";
import { UsageError } from "../errors.js";
import { apiRoutes, type Services } from "./api/handlers.js";
import { readCatalogue } from "./catalogue.js";
import { cachedCollection } from "./collection/cached.js";
import { cacheFolder, readSource } from "./collection/source.js";
import { listStatic } from "./http/staticFiles.js";
import { Uploads } from "./http/upload.js";
import { listen, type Listening } from "./listen.js";
import { Metrics } from "./metrics.js";
import { pageRoutes } from "./pageRoutes.js";
import type { Model } from "../models/model.js";
import type { TellProgress } from "./progress.js";
import { allowedHosts, createResponder } from "./respond.js";
import { startEncoder, type UploadEncoder } from "./threads/encoder.js";
import { startSearcher, type Searcher } from "./threads/searcher.js";

export interface ServerOptions {
  /** A run folder or an index folder. */
  readonly path: string;
  /** Default: 127.0.0.1, where only programs of this machine can ask. */
  readonly host?: string | undefined;
  /** Default: 8080; 0: any that is free. */
  readonly port?: number | undefined;
  /** Folder of the built page; default: the one of this package. */
  readonly page?: string | undefined;
  /** Where the collection is kept; default: `page` in the run or the index. */
  readonly cache?: string | undefined;
  /** Of one upload, bytes; default: 10 MB. */
  readonly mostUploadBytes?: number | undefined;
  /** Default: 256. */
  readonly mostConnections?: number | undefined;
  /** Uploads and searches that wait for their turn, each; default: 128. Those that come then are refused. */
  readonly mostWaiting?: number | undefined;
  /** From the first byte of a request to the last of its body; default: 30 s. */
  readonly uploadSeconds?: number | undefined;
  /** What close() waits for requests under way, at most; default: 10 s. */
  readonly drainSeconds?: number | undefined;
  /** That encode; default: as many as the machine has processors. */
  readonly threads?: number | undefined;
  /** Told while the collection is made. */
  readonly tell?: TellProgress | undefined;
  /** Told of every defect; default: not told. */
  readonly log?: ((line: string) => void) | undefined;
}

export interface RunningServer {
  /** "http://127.0.0.1:8080/" */
  readonly url: string;
  /** Pictures that can be found. */
  readonly pictures: number;
  /** false: the page was not built, and only the API answers. */
  readonly hasPage: boolean;
  /** Accepts nothing more, finishes what is under way, ends all threads. */
  close(): Promise<void>;
}

/** Compiled, this file is dist/src/serve/startServer.js; tools/buildPage.mjs writes the page to dist/page. */
export const PAGE_FOLDER = join(import.meta.dirname, "../../page");

const DEFAULTS = {
  host: "127.0.0.1",
  port: 8080,
  mostUploadBytes: 10_000_000,
  mostConnections: 256,
  mostWaiting: 128,
  uploadSeconds: 30,
  drainSeconds: 10,
} as const;

/** A request's head is short: whoever takes longer for it wants to hold the connection. */
const HEAD_SECONDS = 10;
/** Memory for uploads: so many of the largest. */
const LARGEST_TOGETHER = 16;

/**
 * @throws ArtifactError when the path holds neither a run nor an index; DataError when its pictures are gone;
 *   UsageError when the port is taken or an option out of range
 */
export async function startServer(given: ServerOptions): Promise<RunningServer> {
  const options = withDefaults(given);
  const { path, tell = () => {}, log = () => {} } = options;
  const source = await readSource(path, tell);
  const collection = await cachedCollection(source, options.cache ?? cacheFolder(path), tell);
  const catalogue = await readCatalogue(collection);
  const page = await listStatic(options.page ?? PAGE_FOLDER);
  const files = { page, collection: await listStatic(collection.folder) };
  const { encoder, searcher } = await startThreads(options, source.model);
  const uploads = new Uploads({
    mostBytes: options.mostUploadBytes,
    mostBytesTogether: LARGEST_TOGETHER * options.mostUploadBytes,
  });
  let draining = false;
  let listening: Listening | null = null;
  const isDraining = () => draining;
  const metrics = metricsOf(encoder, searcher, uploads, () => listening?.connections() ?? 0);
  const services = { catalogue, model: source.model.sha256, encoder, searcher, uploads, metrics, isDraining };
  const respond = createResponder({
    routes: [...apiRoutes(services satisfies Services), ...pageRoutes(files, source, catalogue)],
    metrics,
    hosts: allowedHosts(options.host),
    isDraining,
    log,
  });
  const stopThreads = () => Promise.all([encoder.close(), searcher.close()]);
  try {
    const uploadMs = 1000 * options.uploadSeconds;
    const headMs = Math.min(uploadMs, 1000 * HEAD_SECONDS);
    listening = await listen(respond, { ...options, uploadMs, headMs });
  } catch (error) {
    await stopThreads();
    throw error;
  }
  const { port, close } = listening;
  let closing: Promise<void> | null = null;
  const end = async (): Promise<void> => {
    draining = true;
    await close(1000 * options.drainSeconds);
    await stopThreads();
  };
  return {
    url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}/`,
    pictures: catalogue.ids.length,
    hasPage: page.has("index.html"),
    close: () => (closing ??= end()),
  };
}

type Options = Omit<ServerOptions, keyof typeof DEFAULTS> & {
  readonly [Name in keyof typeof DEFAULTS]: NonNullable<ServerOptions[Name]>;
};

/** @throws UsageError listing every option out of range */
function withDefaults(given: ServerOptions): Options {
  const stated = Object.entries(given).filter(([, value]) => value !== undefined);
  const options = { ...DEFAULTS, ...Object.fromEntries(stated) } as Options;
  const { host: _, port, ...amounts } = options;
  const faults = Object.keys(DEFAULTS).flatMap((name) => {
    const value = amounts[name as keyof typeof amounts];
    if (typeof value !== "number" || (value > 0 && Number.isFinite(value))) return [];
    return [`${name}: found ${value}, expected more than 0`];
  });
  if (!Number.isInteger(port) || port < 0 || port >= 2 ** 16) {
    faults.push(`port: found ${port}, expected a whole number from 0 to 65535`);
  }
  if (faults.length > 0) throw new UsageError(`server: ${faults.join("; ")}; correct these options`);
  return options;
}

async function startThreads(
  { path, threads, mostWaiting }: Options,
  model: Model,
): Promise<{ readonly encoder: UploadEncoder; readonly searcher: Searcher }> {
  const encoder = await startEncoder({ model, threads }, mostWaiting);
  try {
    return { encoder, searcher: await startSearcher({ path }, mostWaiting) };
  } catch (error) {
    await encoder.close();
    throw error;
  }
}

function metricsOf(
  encoder: UploadEncoder,
  searcher: Searcher,
  uploads: Uploads,
  connections: () => number,
): Metrics {
  return new Metrics([
    { name: "encoder_waiting", help: "Uploads whose turn has not come.", read: () => encoder.waiting },
    { name: "search_waiting", help: "Searches whose turn has not come.", read: () => searcher.waiting },
    { name: "upload_bytes", help: "Bytes of uploads in memory.", read: () => uploads.held },
    { name: "connections", help: "Open connections.", read: connections },
    {
      name: "resident_memory_bytes",
      help: "Memory of the process.",
      read: () => process.memoryUsage.rss(),
    },
  ]);
}
