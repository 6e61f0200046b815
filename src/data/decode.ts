/**
 * @file Encoded picture bytes to pixels, with sharp (libvips): upright, opaque, 8-bit sRGB or gray.
 */

import type Sharp from "sharp";
import { DataError, InstdiscError } from "../errors.js";
import type { Picture } from "./dataset.js";
import { PICTURE_EXTENSIONS } from "./pictureNames.js";

/**
 * Names what cannot be a picture though it bears a picture's name: an empty file, and text that begins with
 * "<" or "{", which is how a failed download looks. SVG falls here too: sharp would draw it, and drawing runs
 * what the file says.
 */
function describeImpostor(bytes: Uint8Array): string | null {
  if (bytes.length === 0) return "an empty file";
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 64)).replace(/^\u00ef\u00bb\u00bf/, "");
  const start = head.trimStart().slice(0, 16);
  return /^[<{]/.test(start) ? `text that begins with ${JSON.stringify(start)}` : null;
}

let sharpLoaded: Promise<typeof Sharp> | null = null;

/**
 * sharp, loaded at the first picture that needs it: a platform without its native library can still learn
 * from formats that are not encoded.
 */
export function loadSharp(): Promise<typeof Sharp> {
  sharpLoaded ??= import("sharp").then(
    ({ default: sharp }) => {
      // Pictures come by the hundred: one thread each beats several sharing one. Holds for the whole process.
      sharp.concurrency(1);
      sharp.cache(false); // no file is read twice in a row
      return sharp;
    },
    (cause: unknown) => {
      const found = cause instanceof Error ? cause.message : String(cause);
      throw new InstdiscError(
        // not DataError: no picture is to blame
        `sharp: found that it does not load (${found.split("\n")[0] ?? ""}), expected ` +
          `a picture decoder; reinstall with "npm install sharp" on this platform`,
        { cause },
      );
    },
  );
  return sharpLoaded;
}

function refusal(where: string, found: string, cause?: unknown): DataError {
  return new DataError(
    `${where}: found ${found}, expected a whole picture (${PICTURE_EXTENSIONS.join(", ")}); ` +
      `replace the file or take it out`,
    { cause },
  );
}

/**
 * [pixels, 3] to [pixels] where red, green and blue agree everywhere. Looking is cheaper than asking sharp for
 * the header first, and a gray picture saved in colour is found too; one coloured pixel ends the search.
 */
function dropEqualChannels(data: Uint8Array): Uint8Array | null {
  for (let at = 0; at < data.length; at += 3) {
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return null;
  }
  const gray = new Uint8Array(data.length / 3);
  for (let pixel = 0; pixel < gray.length; pixel++) gray[pixel] = data[3 * pixel]!;
  return gray;
}

export interface DecodeOptions {
  /** Pictures with more pixels are refused before they take any memory; default: libvips' own limit, 268 million. */
  readonly mostPixels?: number;
}

/**
 * Decodes the first frame, turns it upright by its EXIF orientation, lays transparency over white and
 * converts to 8-bit sRGB. A picture without any colour comes back with one channel.
 * @param where names the picture in errors, usually its path
 * @throws DataError (as a rejection) if the bytes are not one whole picture
 */
export async function decodePicture(
  bytes: Uint8Array,
  where: string,
  { mostPixels }: DecodeOptions = {},
): Promise<Picture> {
  const impostor = describeImpostor(bytes);
  if (impostor !== null) throw refusal(where, impostor);
  const sharp = await loadSharp();
  try {
    // "error": damaged and truncated pixels are refused, an odd header alone (common in JPEGs) is not.
    const { data, info } = await sharp(bytes, {
      failOn: "error",
      ...(mostPixels && { limitInputPixels: mostPixels }),
    })
      .autoOrient()
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`${info.channels} channels after conversion to sRGB`);
    const gray = dropEqualChannels(data);
    return { width: info.width, height: info.height, channels: gray ? 1 : 3, data: gray ?? data };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refusal(where, `bytes that do not decode (${reason.split("\n")[0] ?? ""})`, error);
  }
}
