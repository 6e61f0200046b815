/** @file How much arithmetic a training step must do, whatever it is lowered to. */

import { forwardGraph } from "../../graphs/trainStep.js";
import { checkRecipe, type Recipe } from "../../src/build/recipe.js";
import { nodeFlops } from "../../src/ir/cost.js";
import type { OpKind } from "../../src/ir/opTable.js";

const PRODUCTS: readonly OpKind[] = ["Conv", "Gemm", "MatMul"];

/**
 * Operations of all convolutions and matrix products, forward and backward: a product costs as much again for each
 * factor that has a gradient, which neither the pictures nor the bank have. A multiplication with its addition counts as
 * two; everything else a step does counts nothing.
 */
export function stepFlops(recipe: Recipe, instances: number): number {
  const forward = forwardGraph(checkRecipe(recipe));
  const trainable = [...forward.parameters.values()].filter((parameter) => parameter.trainable);
  const learns = new Set(trainable.map(({ value }) => value.name));
  let flops = 0;
  for (const node of forward.nodes) {
    const factors = node.inputs.slice(0, 2).filter((value) => value && learns.has(value.name)).length;
    if (node.inputs.some((value) => value && learns.has(value.name)))
      node.outputs.forEach(({ name }) => learns.add(name));
    if (PRODUCTS.includes(node.op)) flops += (1 + factors) * nodeFlops(node, { instances });
  }
  return flops;
}
