/** @file Small sets of pictures, as a user might have them. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { RandomStream } from "../../src/random/philox.js";

const SIDE = 16;

/** A blob of brightness whose place tells its class and whose noise tells it from the others, side × side bytes. */
function picture(label: number, row: number, side = SIDE): Uint8Array {
  const noise = new RandomStream(row, "picture");
  return Uint8Array.from({ length: side * side }, (_, at) => {
    const [x, y] = [at % side, Math.floor(at / side)];
    const near = Math.hypot(x - 4 - 8 * (label % 2), y - 4 - 8 * Math.floor(label / 2)) < 4;
    return (near ? 150 : 30) + noise.below(100);
  });
}

/** `count` PNGs of 16×16 pixels in four class folders. */
export async function writeClassFolders(folder: string, count: number): Promise<void> {
  for (let row = 0; row < count; row++) {
    const label = row % 4;
    mkdirSync(join(folder, `class${label}`), { recursive: true });
    const png = sharp(picture(label, row), { raw: { width: SIDE, height: SIDE, channels: 1 } }).png();
    await png.toFile(join(folder, `class${label}`, `${row}.png`));
  }
}

/** MNIST's idx files, 16×16 pixels; `labelOf` gives what the label files say of a row. */
export function writeIdx(folder: string, count: number, labelOf: (row: number) => number): void {
  const idx = (name: string, shape: readonly number[], values: Uint8Array): void => {
    const header = Buffer.alloc(4 + 4 * shape.length);
    header.writeUInt32BE(0x0800 | shape.length);
    shape.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
    writeFileSync(join(folder, name), Buffer.concat([header, values]));
  };
  mkdirSync(folder, { recursive: true });
  for (const [part, first] of [
    ["train", 0],
    ["t10k", count],
  ] as const) {
    const rows = Array.from({ length: count }, (_, at) => first + at);
    const pixels = Buffer.concat(rows.map((row) => picture(row % 4, row)));
    idx(`${part}-images-idx3-ubyte`, [count, SIDE, SIDE], pixels);
    idx(`${part}-labels-idx1-ubyte`, [count], Uint8Array.from(rows, labelOf));
  }
}
