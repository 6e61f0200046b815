/**
 * @file Keeps decoded pictures in memory up to a budget: decoding a small JPEG costs ten times its augmentation,
 * and every epoch asks for every picture once more. The memory is shared, so that a picture is decoded once,
 * whichever worker asks for it.
 */

import { UsageError } from "../errors.js";
import type { Picture } from "./dataset.js";

/** Plain shared memory, so that it can be sent to threads. What came first stays: every row is asked for equally often. */
export interface PictureStore {
  readonly pixels: SharedArrayBuffer;
  /** [1 + rowCount * 4] int32: units of `pixels` in use, then per row: state, first unit, width, signed height. */
  readonly table: SharedArrayBuffer;
}

/** Pictures begin at multiples of so many bytes: int32 can then point into 32 GiB. */
const UNIT_BYTES = 16;
const FIELDS = 4;
const [STATE, FIRST_UNIT, WIDTH, HEIGHT] = [0, 1, 2, 3]; // the height of a gray picture is stored negative
const [EMPTY, TAKEN, READY] = [0, 1, 2];

/**
 * Reserves memory for pictures; the system provides it as it fills.
 * @param budgetBytes of pixels
 * @throws UsageError if there is not that much
 */
export function createPictureStore(rowCount: number, budgetBytes: number): PictureStore {
  const units = Math.min(Math.floor(budgetBytes / UNIT_BYTES), 2 ** 31 - 1);
  try {
    return {
      pixels: new SharedArrayBuffer(units * UNIT_BYTES),
      table: new SharedArrayBuffer(4 * (1 + rowCount * FIELDS)),
    };
  } catch (cause) {
    throw new UsageError(
      `cacheBytes: found ${budgetBytes} for ${rowCount} pictures, expected no more than memory can be had for; ` +
        `lower it`,
      { cause },
    );
  }
}

/** One thread's view of a store. */
class StoredPictures {
  readonly #pixels: Uint8Array;
  readonly #table: Int32Array;

  constructor({ pixels, table }: PictureStore) {
    this.#pixels = new Uint8Array(pixels);
    this.#table = new Int32Array(table);
  }

  get(row: number): Picture | null {
    const entry = 1 + row * FIELDS;
    const table = this.#table;
    if (Atomics.load(table, entry + STATE) !== READY) return null;
    const width = table[entry + WIDTH]!;
    const height = Math.abs(table[entry + HEIGHT]!);
    const channels = table[entry + HEIGHT]! < 0 ? 1 : 3;
    const start = table[entry + FIRST_UNIT]! * UNIT_BYTES;
    return { width, height, channels, data: this.#pixels.subarray(start, start + width * height * channels) };
  }

  /** Keeps a copy if there is room and no other thread is doing it. */
  put(row: number, { width, height, channels, data }: Picture): void {
    const entry = 1 + row * FIELDS;
    const table = this.#table;
    if (Atomics.compareExchange(table, entry + STATE, EMPTY, TAKEN) !== EMPTY) return;
    const unit = this.#reserve(Math.ceil(data.length / UNIT_BYTES));
    if (unit === null) {
      Atomics.store(table, entry + STATE, EMPTY);
      return;
    }
    this.#pixels.set(data, unit * UNIT_BYTES);
    table[entry + FIRST_UNIT] = unit;
    table[entry + WIDTH] = width;
    table[entry + HEIGHT] = channels === 1 ? -height : height;
    Atomics.store(table, entry + STATE, READY); // last: whoever sees it sees the rest
  }

  /** @returns the first of so many free units, or null where they are not to be had */
  #reserve(units: number): number | null {
    const total = this.#pixels.length / UNIT_BYTES;
    for (let used = Atomics.load(this.#table, 0); used + units <= total;) {
      const found = Atomics.compareExchange(this.#table, 0, used, used + units);
      if (found === used) return used;
      used = found;
    }
    return null;
  }
}

/** A picture that is a view of something larger, as idx files give, lies in memory as it is. */
const ownsItsPixels = ({ data }: Picture): boolean => data.byteLength === data.buffer.byteLength;

/**
 * Wraps a reader of pictures.
 * @param store null keeps none
 */
export function cachePictures(
  read: (row: number) => Promise<Picture>,
  store: PictureStore | null,
): (row: number) => Promise<Picture> {
  if (store === null) return read;
  const stored = new StoredPictures(store);
  return async (row) => {
    const known = stored.get(row);
    if (known !== null) return known;
    const picture = await read(row);
    if (ownsItsPixels(picture)) stored.put(row, picture);
    return picture;
  };
}
