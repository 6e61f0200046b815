/** @file Pictures that the reader brought. They stay in this page, and are gone when it is closed. */

import type { Engine } from "../engine/engine.js";

export interface DroppedPicture {
  /** What the file was called. */
  readonly name: string;
  /** For an <img>. */
  readonly url: string;
  /** [D] of unit length; computed when first asked for. */
  vector(): Promise<Float32Array>;
}

export class DroppedPictures {
  readonly #engine: Engine;
  readonly #pictures: DroppedPicture[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** @returns its number, for the address of the page */
  add(file: File): number {
    let vector: Promise<Float32Array> | null = null;
    this.#pictures.push({
      name: file.name || "pasted picture",
      url: URL.createObjectURL(file),
      vector: () => (vector ??= this.#engine.embed(file)),
    });
    return this.#pictures.length - 1;
  }

  /** null: it was dropped before the page was loaded again. */
  at(number: number): DroppedPicture | null {
    return this.#pictures[number] ?? null;
  }
}
