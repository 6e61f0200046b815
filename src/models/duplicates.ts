/**
 * @file Near-duplicates among pictures: copies that were mirrored, cropped a little, resized or saved again. Nearest
 * neighbours by cosine propose pairs, their pixels decide (see copies.ts), and what hangs together is a group.
 */

import type { DownloadProgress } from "../data/download/resolveDataset.js";
import type { BrokenPicture } from "../data/loader.js";
import { DataError } from "../errors.js";
import {
  copyRule,
  copyThreshold,
  findCopies,
  pairsAbove,
  type Copy,
  type Partner,
} from "../evaluate/copies.js";
import { scoreCopies } from "../evaluate/editedCopies.js";
import type { Progress } from "../evaluate/embed.js";
import { comparable, glimpse, likeness, sought, thumbnailer, type Comparable } from "../evaluate/likeness.js";
import { cpuProvider } from "../evaluate/provider.js";
import { searchNearest } from "../evaluate/search.js";
import { groupRows } from "../search/groups.js";
import { normalizeRows, type Vectors } from "../search/vectors.js";
import type { NamedPictures } from "./namedPictures.js";

/** Neighbours of a picture that are looked at, in each search. */
const NEIGHBOURS = 16;
/** Of all, the most alike at a glance that are looked at closely, at most. */
const CLOSELY = 16;
/** Close looks at those that promise less, beside a copy. */
const FURTHER = 2;
/** How much less alike than our copies a pair may be at a glance. */
const GLANCE_MARGIN = 0.05;
/** Pictures read at once. */
const LANES = 8;
/** Pictures compared between two signs of progress, for which other work may go on too. */
const TURN = 64;

/** For the pictures of these rows, in this order, at most k rows that may be alike. */
export type Propose = (
  rows: Int32Array,
  k: number,
  progress?: Progress,
) => Promise<readonly ArrayLike<number>[]>;

export interface DuplicatesOptions {
  /** Pairs at least so alike are copies, in (0, 1]; default: picked from the pictures. */
  readonly threshold?: number | undefined;
  /** Proposals beside those of the pixels: a model's, or an index's. */
  readonly propose?: Propose | undefined;
  /** false: do without the pixels' own proposals, of which there are as many as pairs of pictures. Default true. */
  readonly proposeByPixels?: boolean | undefined;
  readonly threads?: number | undefined;
  readonly progress?: DownloadProgress | undefined;
}

export interface Duplicate {
  readonly row: number;
  readonly id: string;
  /** Absolute; null: the picture lies in a larger file. */
  readonly file: string | null;
  readonly width: number;
  readonly height: number;
  /** To the one of its group that it is most like, at most 1. */
  readonly likeness: number;
}

export interface Duplicates {
  /** Pictures of two or more, the one to keep first: the largest, of equals the first in the set. */
  readonly groups: readonly (readonly Duplicate[])[];
  readonly threshold: number;
  readonly pictures: number;
  readonly broken: readonly BrokenPicture[];
}

/** What is kept of a picture while all are compared. */
interface Seen {
  readonly row: number;
  readonly width: number;
  readonly height: number;
  readonly comparable: Comparable;
}

/** @throws DataError (as a rejection) where not one picture can be read */
export async function findDuplicates(
  dataset: NamedPictures,
  options: DuplicatesOptions = {},
): Promise<Duplicates> {
  const { seen, broken } = await lookAtAll(dataset, options);
  if (seen.length === 0) {
    throw new DataError(
      `${dataset.name}: found no picture that can be read, expected some to compare; the first fault: ` +
        `${broken[0]?.reason ?? "no pictures"}`,
    );
  }
  const { threshold: given, progress } = options;
  const show: Progress = (done, total) => progress?.("making copies", done, total);
  const copies = await scoreCopies(dataset, 0, show);
  const glances = copies.map(({ glance }) => glance);
  const rule = copyRule(copies.map(({ score }) => score));
  const threshold = given ?? rule.threshold;
  const floor = Math.min(threshold, copyThreshold(glances)) - GLANCE_MARGIN;
  const partners = await compareAll(seen, await proposals(seen, options), { floor, threshold }, options);
  const pairs = given === undefined ? findCopies(partners, rule) : pairsAbove(partners, threshold);
  return { groups: describeGroups(dataset, seen, pairs), threshold, pictures: seen.length, broken };
}

/** @param pairs by where they stand in `seen` */
function describeGroups(
  dataset: NamedPictures,
  seen: readonly Seen[],
  pairs: readonly Copy[],
): (readonly Duplicate[])[] {
  const likest = new Map<number, number>();
  for (const { a, b, score } of pairs)
    for (const at of [a, b]) likest.set(at, Math.max(score, likest.get(at) ?? -1));
  const describe = (at: number): Duplicate => {
    const { row, width, height } = seen[at]!;
    return {
      ...{ row, width, height, id: dataset.id(row), file: dataset.file(row) },
      likeness: likest.get(at)!,
    };
  };
  return groupRows(seen.length, pairs).map((group) => largestFirst(group.map(describe)));
}

function largestFirst(group: readonly Duplicate[]): Duplicate[] {
  return [...group].sort((a, b) => b.width * b.height - a.width * a.height || a.row - b.row);
}

async function lookAtAll(
  dataset: NamedPictures,
  { progress }: DuplicatesOptions,
): Promise<{ seen: Seen[]; broken: BrokenPicture[] }> {
  const found: Seen[] = [];
  const broken: BrokenPicture[] = [];
  const thumbnail = thumbnailer();
  let [next, done] = [0, 0];
  const lane = async (): Promise<void> => {
    while (next < dataset.size) {
      const row = next++;
      try {
        const picture = await dataset.picture(row);
        const { width, height } = picture;
        found[row] = { row, width, height, comparable: comparable(thumbnail(picture)) };
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        broken.push({ row, id: dataset.id(row), reason: error.message });
      }
      progress?.("reading pictures", ++done, dataset.size);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  // flat leaves out the holes of broken pictures.
  return { seen: found.flat(), broken: broken.sort((a, b) => a.row - b.row) };
}

/** For each picture those that may be alike, by where they stand in `seen`; both ways. */
async function proposals(seen: readonly Seen[], options: DuplicatesOptions): Promise<Set<number>[]> {
  const { propose, proposeByPixels = true, progress } = options;
  const near = seen.map(() => new Set<number>());
  const add = (at: number, other: number): void => {
    if (at === other) return;
    near[at]!.add(other);
    near[other]!.add(at);
  };
  const k = Math.min(NEIGHBOURS + 1, seen.length);
  if (proposeByPixels) await proposeByGlances(seen, k, options, add);
  if (propose !== undefined) {
    const places = new Map(seen.map(({ row }, at) => [row, at]));
    const rows = Int32Array.from(seen, ({ row }) => row);
    const show: Progress = (done, total) => progress?.("searching by vectors", done, total);
    const found = await propose(rows, k, show);
    found.forEach((proposed, at) => {
      for (const other of Array.from(proposed, (row) => places.get(row)))
        if (other !== undefined) add(at, other);
    });
  }
  return near;
}

async function proposeByGlances(
  seen: readonly Seen[],
  k: number,
  { threads, progress }: DuplicatesOptions,
  add: (at: number, other: number) => void,
): Promise<void> {
  const [upright, mirrored] = [glanceVectors(seen, 0), glanceVectors(seen, 1)];
  for (const [turn, queries] of [upright, mirrored].entries()) {
    const show: Progress = (done, total) =>
      progress?.("searching neighbours", turn * total + done, 2 * total);
    const found = await searchNearest(queries, upright, k, cpuProvider(threads), show);
    found.rows.forEach((other, at) => add(Math.floor(at / k), Number(other)));
  }
}

/** Small pictures as unit vectors, without the brightness and tint that they have as a whole. */
function glanceVectors(seen: readonly Seen[], which: 0 | 1): Vectors {
  const dim = seen[0]!.comparable.glances[which].values.length;
  const data = new Float32Array(seen.length * dim);
  seen.forEach(({ comparable: { glances } }, at) => {
    const values = glances[which].values;
    const pixels = dim / 3;
    for (let first = 0; first < dim; first += pixels) {
      const plane = values.subarray(first, first + pixels);
      const mean = plane.reduce((sum, value) => sum + value, 0) / pixels;
      plane.forEach((value, pixel) => (data[at * dim + first + pixel] = value - mean));
    }
  });
  return normalizeRows({ count: seen.length, dim, data });
}

const hasCopy = (scores: ReadonlyMap<number, number>, threshold: number): boolean =>
  [...scores.values()].some((score) => score >= threshold);

/** For each picture the most alike, falling: by a closer look where a glance promises something. */
async function compareAll(
  seen: readonly Seen[],
  near: readonly ReadonlySet<number>[],
  { floor, threshold }: { readonly floor: number; readonly threshold: number },
  { progress }: DuplicatesOptions,
): Promise<Partner[][]> {
  const partners: Map<number, number>[] = seen.map(() => new Map<number, number>());
  const note = (at: number, other: number, score: number): void => {
    const before = partners[at]!.get(other);
    if (before === undefined || score > before) partners[at]!.set(other, score);
  };
  for (const [at, others] of near.entries()) {
    const wanted = sought(seen[at]!.comparable.thumbnail);
    const glances = [...others]
      .map((other) => ({ other, found: glimpse(wanted, seen[other]!.comparable) }))
      .sort((a, b) => b.found.score - a.found.score);
    let [looked, further] = [0, 0];
    for (const { other, found } of glances) {
      // Who stands out is seen beside the next ones, at the same close look.
      const promising = found.score >= floor && looked < CLOSELY;
      if (!promising && (further === FURTHER || !hasCopy(partners[at]!, threshold))) {
        note(at, other, Math.min(found.score, floor));
        continue;
      }
      if (promising) looked++;
      else further++;
      // What is found one way need not be found the other way too: a crop lies in one of them only.
      const known = partners[at]!.get(other) ?? -1;
      const score = known >= threshold ? known : likeness(wanted, seen[other]!.comparable, found);
      note(at, other, score);
      note(other, at, score);
    }
    if (at % TURN === 0) {
      progress?.("comparing neighbours", at, seen.length);
      await new Promise(setImmediate);
    }
  }
  return partners.map((scores) =>
    [...scores].map(([row, score]) => ({ row, score })).sort((a, b) => b.score - a.score),
  );
}
