/** @file Which files are taken for pictures, by their names. Nothing here imports Node. */

/** File name endings, in lower case, that are taken for pictures: what sharp's prebuilt libvips can read. */
export const PICTURE_EXTENSIONS: readonly string[] = [
  "jpg",
  "jpeg",
  "png",
  "webp",
  "gif",
  "tif",
  "tiff",
  "avif",
];

export function hasPictureExtension(fileName: string): boolean {
  const dot = fileName.lastIndexOf(".");
  return dot > 0 && PICTURE_EXTENSIONS.includes(fileName.slice(dot + 1).toLowerCase());
}
