/** @file A network of a few nodes, as bytes and as a graph. */

import { encodeModel } from "../../src/codec/encode.js";
import type { Graph } from "../../src/ir/graph.js";
import { smallNet, smallTensors } from "../codec/smallNet.js";

/** x [batch, 1, 4, 4] → [batch, 2], weights bound. */
export function smallModel(): { readonly bytes: Uint8Array; readonly graph: Graph } {
  const graph = smallNet();
  return { bytes: encodeModel(graph, { producerVersion: "0", tensors: smallTensors() }), graph };
}
