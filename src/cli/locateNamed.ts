/** @file The data that --data names: a path, or a data set that is fetched when it is asked for. */

import { resolveTarget } from "../data/download/resolveDataset.js";
import { locateData, type LocatedData, type LocateOptions } from "../data/locate.js";
import type { Io } from "./io.js";
import { withProgress } from "./progress.js";

/** @param data undefined: the embedded sample */
export async function locateNamed(
  data: string | undefined,
  options: LocateOptions,
  io: Io,
): Promise<LocatedData> {
  if (data === undefined) return locateData(null, options);
  return withProgress(io, async (progress) => locateData(await resolveTarget(data, { progress }), options));
}
