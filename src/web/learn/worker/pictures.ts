/** @file The pictures that a run learns from, decoded and made small: all that is kept of the files. */

import { inLanes } from "../../../data/lanes.js";
import type { Dataset, Picture } from "../../../data/dataset.js";
import { compareNaturally } from "../../../data/naturalOrder.js";
import { hasPictureExtension } from "../../../data/pictureNames.js";
import { DataError } from "../../../errors.js";
import { sha256 } from "../../../run/sha256.js";
import { packIds } from "../../../search/ids.js";
import { TILE } from "../../../serve/collection/packCollection.js";
import { decodePicture } from "../../engine/decode.js";
import type { BrokenFile, PictureFile } from "../protocol.js";

/** Plain data: it is stored as it is. Its rows are those that `train --data-format flat` gives the same folder. */
export interface PictureSet {
  /** Of the folder. */
  readonly name: string;
  /** [rows] paths in the folder. */
  readonly ids: readonly string[];
  /** [rows] no side is much longer than what views are cut from; null: it cannot be read. */
  readonly pictures: readonly (Picture | null)[];
  /** [rows] why it cannot be read; null: it can. */
  readonly faults: readonly (string | null)[];
}

/** Files of which no folder is known. */
const LOOSE = "pictures";
/** Of the network's input: a view that is a fifth of a picture is then nearly as fine as the input. */
const SHORT_SIDE = 2;
/** Files decoded at once. */
const LANES = 4;
/** Of decoded pictures: a tab has some gigabytes, and more than pictures to keep there. */
const MOST_BYTES = 2 ** 30;

/**
 * Files without a picture's name, and hidden ones, are left out.
 * @param imageSize side of the network's input, pixels
 * @throws DataError (as a rejection) when there is no picture among the files, or too many for a tab; what `progress`
 *   throws
 */
export async function readPictures(
  files: readonly PictureFile[],
  imageSize: number,
  progress: (done: number, total: number) => void,
): Promise<PictureSet> {
  const { name, chosen } = chosenFiles(files);
  const shortSide = Math.max(SHORT_SIDE * imageSize, TILE);
  const faults = new Array<string | null>(chosen.length).fill(null);
  let [done, bytes] = [0, 0];
  const pictures = await inLanes(chosen.length, LANES, async (row) => {
    const { path, file } = chosen[row]!;
    const picture = await decodePicture(file, path, shortSide).catch((error: unknown) => {
      if (!(error instanceof DataError)) throw error;
      faults[row] = error.message;
      return null;
    });
    bytes += picture?.data.length ?? 0;
    if (bytes > MOST_BYTES) throw tooMany(name, row, chosen.length);
    progress(++done, chosen.length);
    return picture;
  });
  return { name, ids: chosen.map(({ path }) => path), pictures, faults };
}

function tooMany(name: string, row: number, count: number): DataError {
  return new DataError(
    `${name}: ${count} pictures take more than 1 GiB decoded (reached at picture ${row + 1}), expected fewer; ` +
      `choose a part of them, or learn with npx onnx-instdisc train`,
  );
}

/** In the order of their paths, which are made relative to the folder that all of them lie in. */
function chosenFiles(files: readonly PictureFile[]): {
  readonly name: string;
  readonly chosen: readonly PictureFile[];
} {
  const wanted = files.filter(({ path }) => isPicture(path));
  if (wanted.length === 0) {
    throw new DataError(
      `pictures: found none among ${files.length} files, expected names such as photo.jpg or photo.png; choose a folder that has some`,
    );
  }
  const [folder] = wanted[0]!.path.split("/");
  const isCommon = wanted.every(({ path }) => path.startsWith(`${folder}/`));
  const inFolder = ({ path, file }: PictureFile): PictureFile => ({
    path: isCommon ? path.slice(folder!.length + 1) : path,
    file,
  });
  const chosen = wanted.map(inFolder).sort((a, b) => compareNaturally(a.path, b.path));
  return { name: isCommon ? folder! : LOOSE, chosen };
}

function isPicture(path: string): boolean {
  const names = path.split("/");
  return names.every((name) => !name.startsWith(".")) && hasPictureExtension(names.at(-1)!);
}

export function brokenFiles({ ids, faults }: PictureSet): BrokenFile[] {
  return ids.flatMap((path, row) => (faults[row] === null ? [] : [{ path, reason: faults[row]! }]));
}

/** Rows of pictures that can be read, rising. */
export function readableRows({ pictures }: PictureSet): Int32Array {
  return Int32Array.from(pictures.keys()).filter((row) => pictures[row] !== null);
}

export function datasetOf({ name, ids, pictures, faults }: PictureSet): Dataset {
  return {
    name,
    size: ids.length,
    classNames: [],
    label: () => null,
    id: (row) => ids[row]!,
    picture(row) {
      const picture = pictures[row];
      return picture ? Promise.resolve(picture) : Promise.reject(new DataError(faults[row]!));
    },
  };
}

/** Which pictures these are, as a run records it of a folder. */
export function identityOf({ ids }: PictureSet) {
  return { format: "flat", pictures: ids.length, sha256: sha256(packIds(ids)) };
}
