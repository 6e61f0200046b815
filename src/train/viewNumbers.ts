/** @file Drawn views as the numbers that graphs/augmentation.ts takes. */

import type { AugmentationConfig } from "../../graphs/index.js";
import type { AugmentOptions, View } from "../data/augment.js";
import { defaultBlurKernel, JITTER_STEPS, type JitterStep } from "../data/augmentOptions.js";
import { LUMA } from "../data/simd/colorKernels.js";
import { floats, type FloatTensor } from "../runtime/session.js";

/** Which colour operations a graph has room for. */
export type ViewParts = Pick<AugmentationConfig, "beforeHue" | "afterHue" | "hue" | "blurRadius">;

/** Shares of the picture, of its gray version and of its mean gray. */
type Mix = readonly [own: number, gray: number, mean: number];

const UNCHANGED: Mix = [1, 0, 0];
const GRAY: Mix = [0, 1, 0];
const SEXTANTS = 6; // a turn
/** So steep that the neighbours of a pixel do not count: exp(-10,000) is 0. */
const NO_BLUR = -1e4;
const LUMAS = [LUMA.red, LUMA.green, LUMA.blue];
/** What white is as gray: the weights are rounded. */
const LUMA_SUM = LUMA.red + LUMA.green + LUMA.blue;

/** Whether a step is one of gray pictures too, which have no colour. */
const needsColor = (step: JitterStep): boolean => step === "saturation" || step === "hue";

/** The parts that views of these options have. */
export function partsOf(options: AugmentOptions, channels: 1 | 3, imageSize: number): ViewParts {
  const steps = JITTER_STEPS.filter((step) => options[step] > 0 && (channels === 3 || !needsColor(step)));
  const hue = steps.includes("hue");
  const mixes = steps.length - (hue ? 1 : 0);
  const gray = channels === 3 && options.gray > 0 ? 1 : 0;
  const grayBefore = !hue || options.grayFirst === true;
  return {
    beforeHue: mixes + (grayBefore ? gray : 0),
    afterHue: hue ? mixes + (grayBefore ? 0 : gray) : 0,
    hue,
    blurRadius:
      (options.blur ?? 0) > 0 ? ((options.blurKernel ?? defaultBlurKernel(imageSize)) - 1) / 2 : null,
  };
}

/** The inputs of a batch's views, written over and over. */
export class ViewNumbers {
  /** By the names of the graph's inputs. */
  readonly tensors: ReadonlyMap<string, FloatTensor>;
  readonly #crops: FloatTensor;
  readonly #mixes: FloatTensor;
  readonly #turns: FloatTensor;
  readonly #slopes: FloatTensor;

  constructor(
    private readonly batchSize: number,
    private readonly options: AugmentOptions,
    private readonly parts: ViewParts,
    private readonly channels: 1 | 3,
  ) {
    this.#crops = floats([3, 2, batchSize, 1, 1]);
    this.#mixes = floats([2 * (parts.beforeHue + parts.afterHue), batchSize, channels, channels]);
    this.#turns = floats([batchSize, 1, 1]);
    this.#slopes = floats([batchSize, 1, 1]);
    this.tensors = new Map([
      ["crops", this.#crops],
      ...(this.#mixes.data.length > 0 ? [["mixes", this.#mixes] as const] : []),
      ...(parts.hue ? [["hue_turns", this.#turns] as const] : []),
      ...(parts.blurRadius !== null ? [["blur_slopes", this.#slopes] as const] : []),
    ]);
  }

  /**
   * Writes the view of one place of the batch.
   * @param isGray the picture has one channel: it keeps what colour it has not, among coloured ones too
   */
  set(place: number, view: View, isGray: boolean): void {
    const { left, top, width, height } = view.crop;
    const crop = [top, left, height, width, 1, view.flip ? -1 : 1];
    crop.forEach((number, row) => (this.#crops.data[row * this.batchSize + place] = number));
    const { before, turn, after } = this.#colors(view, isGray);
    const { beforeHue, afterHue } = this.parts;
    for (let at = 0; at < beforeHue; at++) this.#writeMix(at, place, before[at]);
    for (let at = 0; at < afterHue; at++) this.#writeMix(beforeHue + at, place, after[at]);
    this.#turns.data[place] = SEXTANTS * turn;
    this.#slopes.data[place] = view.blur === null ? NO_BLUR : -1 / (2 * view.blur ** 2);
  }

  /** In the order of recolor() in src/data/augment.ts. */
  #colors(view: View, isGray: boolean): { before: readonly Mix[]; turn: number; after: readonly Mix[] } {
    const { options } = this;
    const gray = view.gray && !isGray ? [GRAY] : [];
    const before: Mix[] = options.grayFirst === true ? [...gray] : [];
    const after: Mix[] = [];
    let [mixes, turn] = [before, 0];
    for (const { step, amount } of view.jitter) {
      if (options[step] === 0 || (isGray && needsColor(step))) continue;
      if (step === "hue") [mixes, turn] = [after, amount];
      else mixes.push(mixOf(step, amount, isGray && this.channels === 3));
    }
    if (options.grayFirst !== true) (this.parts.hue ? after : before).push(...gray);
    return { before, turn, after };
  }

  /** What the colours of a place are multiplied by, and what their mean, each [C, C]: loops, for it is done often. */
  #writeMix(at: number, place: number, [own, gray, mean]: Mix = UNCHANGED): void {
    const { batchSize, channels } = this;
    const { data } = this.#mixes;
    const first = (2 * at * batchSize + place) * channels ** 2;
    const firstOfMean = first + batchSize * channels ** 2;
    for (let to = 0; to < channels; to++) {
      for (let from = 0; from < channels; from++) {
        const luma = channels === 1 ? 1 : LUMAS[from]!;
        data[first + to * channels + from] = gray * luma + (to === from ? own : 0);
        data[firstOfMean + to * channels + from] = mean * luma;
      }
    }
  }
}

/** @param isSpread one channel was made three: its mean gray is that channel's, which the weights make smaller */
function mixOf(step: Exclude<JitterStep, "hue">, factor: number, isSpread: boolean): Mix {
  switch (step) {
    case "brightness":
      return [factor, 0, 0];
    case "contrast":
      return [factor, 0, (1 - factor) / (isSpread ? LUMA_SUM : 1)];
    case "saturation":
      return [factor, 1 - factor, 0];
  }
}
