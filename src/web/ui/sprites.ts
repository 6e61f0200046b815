/** @file Thumbnails: each is a tile of a sheet, and a sheet is fetched once. */

import { COLLECTION, type Collection } from "../../artifact/collection.js";
import type { Engine } from "../engine/engineTypes.js";
import { spritePath } from "../engine/offline.js";

/** Where a thumbnail lies: left and top of its tile on its sheet, in pixels. */
export interface Place {
  readonly sheet: number;
  readonly x: number;
  readonly y: number;
}

export class Sprites {
  readonly #sheets = new Map<number, Promise<HTMLImageElement>>();
  readonly #here = new Map<number, HTMLImageElement>();

  readonly #engine: Pick<Engine, "urlOf" | "collection">;

  constructor(engine: Pick<Engine, "urlOf" | "collection">) {
    this.#engine = engine;
  }

  get #collection(): Collection {
    return this.#engine.collection;
  }

  /** Side of a tile in pixels. */
  get tile(): number {
    return this.#collection.sprites.tile;
  }

  place(row: number): Place {
    const { tile, columns, perSheet } = this.#collection.sprites;
    const at = row % perSheet;
    return {
      sheet: Math.floor(row / perSheet),
      x: (at % columns) * tile,
      y: Math.floor(at / columns) * tile,
    };
  }

  /**
   * Draws a thumbnail over the whole of a canvas; as soon as its sheet is here, and only if the canvas still waits.
   * @param wanted false once the canvas shows something else
   */
  async draw(row: number, canvas: HTMLCanvasElement, wanted: () => boolean): Promise<void> {
    const { sheet, x, y } = this.place(row);
    const image = await this.#sheet(sheet);
    if (!wanted()) return;
    const context = canvas.getContext("2d")!;
    context.imageSmoothingQuality = "high";
    context.drawImage(image, x, y, this.tile, this.tile, 0, 0, canvas.width, canvas.height);
  }

  /** A thumbnail as a file, without loss. Cut from the sheet that is here: thousands of them take seconds. */
  async cut(row: number): Promise<Blob> {
    const { sheet, x, y } = this.place(row);
    const image = await this.#sheet(sheet);
    const { tile } = this;
    const canvas = new OffscreenCanvas(tile, tile);
    canvas.getContext("2d")!.drawImage(image, x, y, tile, tile, 0, 0, tile, tile);
    return canvas.convertToBlob({ type: "image/png" });
  }

  /** The sheet if it is here; otherwise null, and `then` is called once it is. */
  sheetNow(sheet: number, then: () => void): HTMLImageElement | null {
    const here = this.#here.get(sheet);
    if (here) return here;
    this.#sheet(sheet).then(then, () => undefined);
    return null;
  }

  /** The larger picture, where the collection has one. */
  pictureUrl(row: number): string | null {
    return this.#collection.originals ? this.#engine.urlOf(`${COLLECTION.pictures}/${row}`) : null;
  }

  #sheet(sheet: number): Promise<HTMLImageElement> {
    const known = this.#sheets.get(sheet);
    if (known) return known;
    const image = this.#fetchSheet(sheet);
    this.#sheets.set(sheet, image);
    // Without this a sheet that failed once, for want of a network, would be missing for ever.
    image.catch(() => this.#sheets.delete(sheet));
    return image;
  }

  async #fetchSheet(sheet: number): Promise<HTMLImageElement> {
    const image = new Image();
    image.decoding = "async";
    image.src = this.#engine.urlOf(spritePath(sheet));
    await image.decode();
    this.#here.set(sheet, image);
    return image;
  }
}
