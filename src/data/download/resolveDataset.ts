/**
 * @file From a name such as "cifar10" to a folder that holds the data. Nothing here is reached unless a user asks for
 * such a name; after the first time no network is needed.
 */

import { homedir } from "node:os";
import path from "node:path";
import { kindOfPath } from "../files.js";
import { CATALOGUE, isDatasetName, type DatasetName, type RemoteDataset } from "./catalogue.js";
import { fetchFile, type Fetch } from "./fetchFile.js";
import { unpackFolder } from "./unpack.js";

/** What is being done, and how far it is, in bytes. */
export type DownloadProgress = (what: string, done: number, total: number) => void;

export interface DownloadOptions {
  /** Default: defaultCacheFolder(). */
  readonly cacheFolder?: string;
  readonly fetch?: Fetch;
  readonly progress?: DownloadProgress;
  /** Where the data sets lie; others for tests and for mirrors. */
  readonly catalogue?: Readonly<Record<DatasetName, RemoteDataset>>;
}

/** INSTDISC_CACHE, or onnx-instdisc in the user's cache folder as the XDG Base Directory Specification has it. */
export function defaultCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { INSTDISC_CACHE: own, XDG_CACHE_HOME: xdg } = environment;
  if (own) return path.resolve(own);
  // The specification: paths that are not absolute are to be ignored.
  const base = xdg && path.isAbsolute(xdg) ? xdg : path.join(homedir(), ".cache");
  return path.join(base, "onnx-instdisc");
}

/**
 * Downloads and unpacks a data set, or finds it where it was put before.
 * @returns a folder for locateData
 * @throws DataError (as a rejection) if it cannot be had, with what to do by hand
 */
export async function resolveDataset(name: DatasetName, options: DownloadOptions = {}): Promise<string> {
  const { fetch = globalThis.fetch, progress = () => undefined, catalogue = CATALOGUE } = options;
  const { files, folder } = catalogue[name];
  const home = path.join(options.cacheFolder ?? defaultCacheFolder(), "datasets", name);
  const target = folder === null ? home : path.join(home, folder);
  if (folder !== null && (await kindOfPath(target)) === "folder") return target;

  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  let before = 0; // bytes of the files that are complete
  for (const file of files) {
    const shown = {
      fetch,
      progress: (_: unknown, done: number) => progress(`downloading ${name}`, before + done, total),
    };
    await fetchFile(name, file, path.join(home, file.name), shown);
    before += file.bytes;
  }
  if (folder !== null) {
    for (const file of files) await unpackFolder(path.join(home, file.name), folder, target);
  }
  return target;
}

/**
 * What a user means by --data: the name of a data set, unless something of that name lies there; else a path, which
 * is returned as it is.
 */
export async function resolveTarget(target: string, options: DownloadOptions = {}): Promise<string> {
  if (!isDatasetName(target) || (await kindOfPath(target)) !== null) return target;
  return resolveDataset(target, options);
}
