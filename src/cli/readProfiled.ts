/** @file What `profile` is to measure: a graph of a run, of an artifact folder or of settings, or any model file. */

import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { MANIFEST_FILE, readArtifact } from "../artifact/node.js";
import type { Manifest } from "../artifact/manifest.js";
import { buildArtifact, FILES, type BuiltArtifact } from "../build/buildArtifact.js";
import { decodeModel } from "../codec/decode.js";
import { chooseSettings } from "../config/choose.js";
import { preprocessingOf } from "../config/recipe.js";
import type { Settings } from "../config/settings.js";
import { settleRecipe } from "../config/settleRecipe.js";
import { ArtifactError, UsageError } from "../errors.js";
import type { Sizes } from "../ir/cost.js";
import type { Graph } from "../ir/graph.js";
import type { ProfiledModel } from "../profile/measure.js";
import { RUN } from "../run/layout.js";
import type { Io } from "./io.js";

/** The graphs of an artifact, and what their files are called. */
export const GRAPHS = {
  step: FILES.trainStep,
  encoder: FILES.encoder,
  "bank-init": FILES.bankInit,
} as const;
export type GraphName = keyof typeof GRAPHS;

/** Rows of the bank, and pictures in a batch of the encoder, where nobody says how many. */
export const SOME_SIZES = { instances: 50_000, batch: 64 } as const;

/** Graphs as this machine runs them, beside a run's artifact. */

/** Where nothing was measured: speed does not depend on it. */
const PLAIN = { mean: [0, 0, 0], std: [1, 1, 1] } as const;

export interface ProfileRequest {
  /** Folder or .onnx; missing: what the settings build. */
  readonly path?: string | undefined;
  readonly graph?: GraphName | undefined;
  readonly settings: Settings;
  /** Of named dimensions, as far as they were given. */
  readonly sizes: Sizes;
}

export async function readProfiled(request: ProfileRequest, io: Io): Promise<ProfiledModel> {
  const { path, settings } = request;
  if (path === undefined) return builtModel(request, io);
  const given = Object.keys(settings).filter((name) => name !== "threads");
  if (given.length > 0) {
    throw new UsageError(
      `${path}: given together with --${given.join(", --")}, expected one or the other; leave these out`,
    );
  }
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new ArtifactError(
      `${path}: cannot be read (${error.code}), expected a run, an artifact folder or an .onnx file; correct the path`,
      { cause: error },
    );
  });
  return found.isDirectory() ? folderModel(path, request) : fileModel(path, request, io);
}

async function builtModel({ graph, settings, sizes }: ProfileRequest, io: Io): Promise<ProfiledModel> {
  const chosen = chooseSettings(settings);
  const { instances = SOME_SIZES.instances } = sizes;
  const recipe = await settleRecipe(chosen, instances, (line) => io.stderr.write(`${line}\n`));
  const preprocessing = preprocessingOf(chosen, recipe.imageSize, PLAIN);
  const built = buildArtifact({ recipe, preprocessing, seed: 0 });
  return artifactModel(built, `settings of preset ${chosen.preset}`, graph, sizes);
}

async function folderModel(path: string, { graph, sizes }: ProfileRequest): Promise<ProfiledModel> {
  const inRun = existsSync(join(path, RUN.graph, MANIFEST_FILE));
  const folder = inRun ? join(path, RUN.graph) : path;
  const artifact = await readArtifact(folder);
  const tuned = inRun ? await tunedFile(path, GRAPHS[graph ?? "step"]) : null;
  const files = tuned === null ? artifact.files : new Map([...artifact.files, [tuned.name, tuned.bytes]]);
  return artifactModel({ ...artifact, files }, tuned?.folder ?? folder, graph, sizes);
}

/** A run's graph as it was tuned for this machine: what the run executes. null: it was not. */
async function tunedFile(
  run: string,
  name: string,
): Promise<{ readonly folder: string; readonly name: string; readonly bytes: Uint8Array } | null> {
  const folder = join(run, RUN.tuned);
  const file = join(folder, name);
  return existsSync(file) ? { folder, name, bytes: await readFile(file) } : null;
}

function artifactModel(
  { manifest, files }: BuiltArtifact,
  folder: string,
  name: GraphName = "step",
  sizes: Sizes = {},
): ProfiledModel {
  const file = GRAPHS[name];
  const bytes = files.get(file);
  const where = join(folder, file);
  if (bytes === undefined)
    throw new ArtifactError(`${where}: is missing, expected it in the folder; rebuild it with build-graph`);
  const { graph } = decodeModel(bytes, where);
  return { where, bytes, graph, sizes: { ...SOME_SIZES, ...learnedFrom(manifest), ...sizes } };
}

function learnedFrom({ data }: Pick<Manifest, "data">): Sizes {
  return data === null ? {} : { instances: data.pictures };
}

async function fileModel(
  path: string,
  { graph: name, sizes }: ProfileRequest,
  io: Io,
): Promise<ProfiledModel> {
  if (!path.endsWith(".onnx"))
    throw new UsageError(`${path}: is neither a folder nor .onnx; name one of these`);
  if (name !== undefined) {
    throw new UsageError(
      `--graph ${name}: given with a model file, expected a folder of several; leave --graph out`,
    );
  }
  const bytes = await readFile(path);
  return {
    where: path,
    bytes,
    graph: readGraph(bytes, path, io),
    sizes: { ...SOME_SIZES, ...sizes },
  };
}

/** null, and a line that says what it means, for a model that is not one of ours. */
function readGraph(bytes: Uint8Array, path: string, io: Io): Graph | null {
  try {
    return decodeModel(bytes, path).graph;
  } catch (error) {
    if (!(error instanceof ArtifactError)) throw error;
    io.stderr.write(
      `${path}: is not read in full by this package: arithmetic is not counted, and layers come from the names of nodes\n`,
    );
    return null;
  }
}
