/** @file A page of what a search found: each query beside the pictures most like it. */

import { printGallery, type Tile, type TileRow } from "../report/gallery.js";
import { counted } from "../report/text.js";
import type { OpenedIndex } from "./openIndex.js";
import type { Answer, FoundPicture } from "./searchPictures.js";
import { thumbnailAt, thumbnailOf } from "./thumbnail.js";

export async function printSearchPage(index: OpenedIndex, answers: readonly Answer[]): Promise<string> {
  const rows: TileRow[] = [];
  for (const answer of answers) {
    const tiles = [await queryTile(answer)];
    for (const [at, found] of answer.found.entries())
      tiles.push(await foundTile(index, answer, found, at + 1));
    const note =
      answer.className === null ? "" : `Green: of the same class, ${answer.className}; red: of another.`;
    rows.push({ title: answer.name, note, tiles });
  }
  const { backend, where } = index;
  return printGallery({
    title: answers.length === 1 ? `Most like ${answers[0]!.name}` : "Most alike",
    facts: [
      `Nearest of ${counted(backend.count, "picture")} in ${where}, by cosine; framed dark: what was searched for.`,
    ],
    rows,
  });
}

async function queryTile({ name, picture, className }: Answer): Promise<Tile> {
  return {
    thumbnail: picture && (await thumbnailOf(picture)),
    alt: `searched for: ${name}`,
    lines: [name, ...(className === null ? [] : [className])],
    mark: "first",
  };
}

async function foundTile(
  { pictures }: OpenedIndex,
  answer: Answer,
  { id, similarity, className, row }: FoundPicture,
  rank: number,
): Promise<Tile> {
  const known = answer.className !== null && className !== null;
  return {
    thumbnail: row === null ? null : await thumbnailAt(pictures!.dataset, row),
    alt: `rank ${rank}: ${id}`,
    lines: [`${rank}. ${similarity.toFixed(3)}`, id, ...(className === null ? [] : [className])],
    mark: known ? (className === answer.className ? "right" : "wrong") : null,
  };
}
