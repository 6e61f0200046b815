/** @file The pictures of a collection as files, for exporting them. */

import { COLLECTION, type Collection } from "../../artifact/collection.js";
import { ArtifactError } from "../../errors.js";
import { spriteUrl } from "./offline.js";

/** Ending of the files that `fetchPicture` gives, without a dot. */
export function pictureExtension({ originals }: Collection): "jpg" | "png" {
  return originals ? "jpg" : "png";
}

/**
 * Picture `row` as a file: its larger JPEG, or else its thumbnail, cut out without loss.
 * @throws ArtifactError when it does not load
 */
export async function fetchPicture(base: URL, collection: Collection, row: number): Promise<Blob> {
  if (collection.originals) return fetchBlob(new URL(`${COLLECTION.pictures}/${row}`, base));
  const { tile, columns, perSheet } = collection.sprites;
  const sheet = Math.floor(row / perSheet);
  const place = row % perSheet;
  const [left, top] = [(place % columns) * tile, Math.floor(place / columns) * tile];
  const bitmap = await createImageBitmap(await fetchBlob(spriteUrl(base, sheet)), left, top, tile, tile);
  const canvas = new OffscreenCanvas(tile, tile);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: "image/png" });
}

async function fetchBlob(url: URL): Promise<Blob> {
  const response = await fetch(url);
  if (response.ok) return response.blob();
  throw new ArtifactError(
    `${url.href}: was answered with ${response.status}, expected a picture; write the collection again`,
  );
}
