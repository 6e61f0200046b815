/** @file Names in an exported folder beside those of the hub's own layout. */

import { HUB } from "../models/hubFolder.js";

export const EXPORT = { card: "README.md", curves: "curves.svg", image: "model_image.onnx" } as const;

/** Names, with "/" between folder and file, that an export writes, now or with other options. */
export function isOurs(name: string): boolean {
  const known: readonly string[] = [HUB.config, HUB.preprocessor, ...Object.values(EXPORT)];
  return known.includes(name) || /^onnx\/model(_\w+)?\.onnx$/.test(name);
}
