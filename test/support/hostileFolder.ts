/**
 * @file A folder of what people find among their pictures, and worse. Made for tests of listing and reading,
 * and of whole runs: nothing in it may stop a run or hold it up.
 */

import { execFileSync } from "node:child_process";
import { chmod, link, mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";

export interface HostileFolder {
  /** Names of files that are good pictures, however odd. */
  readonly good: readonly string[];
  /** Names that look like pictures and cannot be read as one: each must be told, with its path. */
  readonly broken: readonly string[];
  /** Names that are none of a picture's: folders, other files, what macOS leaves. They must not be listed. */
  readonly left: readonly string[];
}

function pngChunk(kind: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(kind, "latin1"), content]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(content.length, 0);
  frame.set(body, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

/** A whole PNG, black: a square of `side` pixels of one bit. 17,000 squared are 36 kB that unfold to 289 MB. */
export function bombPng(side: number): Buffer<ArrayBuffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1; // bits; gray, deflate, no filter, not interlaced
  const rows = Buffer.alloc(side * (1 + Math.ceil(side / 8)));
  return Buffer.concat([
    Buffer.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    pngChunk("IHDR", header),
    pngChunk("IDAT", deflateSync(rows)),
    pngChunk("IEND", new Uint8Array(0)),
  ]);
}

const plain = (width: number, height: number, background = "#c04020") =>
  sharp({ create: { width, height, channels: 3, background } });

/** 64 x 48 pixels of noise that do not compress to nothing, so that half of the file is half of the picture. */
const noisy = () =>
  sharp({
    create: {
      width: 64,
      height: 48,
      channels: 3,
      background: "gray",
      noise: { type: "gaussian", mean: 128, sigma: 60 },
    },
  });

async function goodFiles(): Promise<Record<string, Uint8Array>> {
  const jpeg = await noisy().jpeg().toBuffer();
  const png = await noisy().png().toBuffer();
  const frames = await Promise.all(["red", "blue"].map((color) => plain(40, 40, color).png().toBuffer()));
  return {
    "plain.jpg": jpeg,
    "UPPER CASE.JPEG": jpeg,
    "2.png": png,
    "10.png": png,
    "one pixel.png": await plain(1, 1).png().toBuffer(),
    "wide 20000 x 1.png": await plain(20_000, 1).png().toBuffer(),
    "tall 1 x 20000.png": await plain(1, 20_000).png().toBuffer(),
    "animated.gif": await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer(),
    "animated.webp": await sharp(frames, { join: { animated: true } })
      .webp()
      .toBuffer(),
    "png inside.jpg": png,
    "jpeg inside.png": jpeg,
    "cmyk.jpg": await plain(40, 40).toColourspace("cmyk").jpeg().toBuffer(),
    "16 bit.png": await noisy().toColourspace("rgb16").png().toBuffer(),
    "transparent.png": await plain(40, 40).ensureAlpha(0).png().toBuffer(),
    "sideways.jpg": await noisy().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    "new\nline.png": png,
    "tab\tand 'quotes\".png": png,
    "\u65e5\u672c\u8a9e \u{1f431}.png": png,
    "caf\u00e9.png": png, // the same to the eye, composed and decomposed
    "cafe\u0301.png": png,
    "-rf.png": png,
    "%2e%2e.png": png,
    [`${"long".repeat(62)}.png`]: png, // 252 bytes; 255 is the most
    "dots.tar.gz.png": png,
  };
}

async function brokenFiles(): Promise<Record<string, Uint8Array>> {
  const jpeg = await noisy().jpeg().toBuffer();
  const png = await noisy().png().toBuffer();
  return {
    "zero bytes.jpg": new Uint8Array(0),
    "one byte.png": Uint8Array.of(0x89),
    "half.jpg": jpeg.subarray(0, jpeg.length / 2),
    "half.png": png.subarray(0, png.length / 2),
    "only a header.gif": Buffer.from("GIF89a\x40\x00\x40\x00\x80\x00\x00", "latin1"),
    "text.jpg": Buffer.from("this is not a picture\n"),
    "web page.png": Buffer.from("<!doctype html><title>404</title>"),
    "drawing.png": Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"),
    "zeros.tif": Buffer.alloc(4096),
    "archive.webp": Buffer.from("PK\x03\x04 and so on", "latin1"),
    "program.avif": Buffer.from("\x7fELF\x02\x01\x01", "latin1"),
    "bomb.png": bombPng(17_000),
    "huge claim.png": claiming(png, 65_000),
    "no width.png": claiming(png, 0),
    "unreadable.jpg": Buffer.from("no rights, but root reads this all the same"),
  };
}

/** A PNG whose header tells another size. */
function claiming(png: Buffer, side: number): Buffer {
  const changed = Buffer.from(png);
  changed.writeUInt32BE(side, 16);
  changed.writeUInt32BE(side, 20);
  return changed;
}

async function otherFiles(folder: string): Promise<string[]> {
  const at = (name: string): string => path.join(folder, name);
  const png = await plain(8, 8).png().toBuffer();
  for (const name of ["._plain.jpg", ".hidden.png", "notes.txt", "Thumbs.db", "png", "movie.mp4"]) {
    await writeFile(at(name), name.endsWith("png") ? png : "nothing to see");
  }
  await mkdir(at("folder.jpg"));
  await mkdir(at("empty"));
  await mkdir(at("locked"));
  await writeFile(at("locked/readme.txt"), "root may read this");
  await chmod(at("locked"), 0);
  await mkdir(at(`deep/${"d".repeat(200)}/`.repeat(12)), { recursive: true });
  await symlink(folder, at("back to the top"));
  const folders = ["folder.jpg", "empty", "locked", "deep", "back to the top"];
  return ["._plain.jpg", ".hidden.png", "notes.txt", "Thumbs.db", "png", "movie.mp4", ...folders];
}

/** Leaves a socket behind, as a crashed program does. */
async function leaveSocket(folder: string): Promise<void> {
  const made = path.join(folder, "s");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(made, resolve));
  await link(made, path.join(folder, "socket.jpg")); // closing removes the first name only
  await new Promise((resolve) => server.close(resolve));
}

/** What is no regular file, though it bears a picture's name. @returns the names */
async function irregularFiles(folder: string): Promise<string[]> {
  const at = (name: string): string => path.join(folder, name);
  await symlink("nowhere", at("dangling.jpg"));
  await symlink("loop.png", at("loop.png"));
  await symlink("circle b.jpg", at("circle a.jpg"));
  await symlink("circle a.jpg", at("circle b.jpg"));
  await symlink("/dev/zero", at("endless.jpg"));
  execFileSync("mkfifo", [at("pipe.jpg")]);
  await leaveSocket(folder);
  await writeFile(at("8 GiB.jpg"), "");
  await truncate(at("8 GiB.jpg"), 8 * 2 ** 30); // takes no room on the disk
  await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff, 0xfe), Buffer.from(".jpg")]), "");
  const links = ["dangling.jpg", "loop.png", "circle a.jpg", "circle b.jpg", "endless.jpg"];
  return [...links, "pipe.jpg", "socket.jpg", "8 GiB.jpg", "\ufffd\ufffd.jpg"];
}

/** Fills an existing folder: about 60 entries, all in one place but for a few sub-folders without pictures. */
export async function fillHostileFolder(folder: string): Promise<HostileFolder> {
  const good = await goodFiles();
  const broken = await brokenFiles();
  for (const [name, bytes] of Object.entries({ ...good, ...broken })) {
    await writeFile(path.join(folder, name), bytes);
  }
  await chmod(path.join(folder, "unreadable.jpg"), 0);
  await symlink("plain.jpg", path.join(folder, "link.jpg"));
  const irregular = await irregularFiles(folder);
  return {
    good: [...Object.keys(good), "link.jpg"],
    broken: [...Object.keys(broken), ...irregular],
    left: await otherFiles(folder),
  };
}
