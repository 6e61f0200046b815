/** @file Whether a GPU computes what the CPU does, by a batch of the run's own pictures: drivers are not all right. */

import { readSafetensors } from "../../../artifact/safetensors.js";
import { FILES } from "../../../build/buildArtifact.js";
import { ProviderError } from "../../../errors.js";
import { floats, type Session } from "../../../runtime/session.js";
import { openSession } from "../../../runtime/web.js";
import { rowCosines } from "../../../search/vectors.js";
import { TrainState } from "../../../train/state.js";
import { TabBatches } from "./batches.js";
import { modelOf, type Machine } from "./machine.js";
import { datasetOf, type PictureSet } from "./pictures.js";
import type { PlannedRun } from "./settle.js";

/** Between two vectors of one picture: rounding differs by far less. */
const LEAST_COSINE = 0.999;

/** @throws ProviderError when a GPU gives other vectors than the CPU, or none */
export async function checkMachine(machine: Machine, plan: PlannedRun, set: PictureSet): Promise<void> {
  if (machine.runtime === "wasm") return;
  const { resize } = plan.preprocessing;
  const batch = await new TabBatches(datasetOf(set), plan, { kind: "evaluate", resize }).next();
  const { batchSize: count, embeddingDim: dim, imageSize } = plan.recipe;
  const pictures = floats([count, 3, imageSize, imageSize], batch!.pixelValues);
  const initial = readSafetensors(plan.files.get(FILES.state)!, FILES.state);
  const state = new TrainState({ ...plan.manifest, files: {} }, initial.tensors, FILES.state);
  const vectorsBy = async (session: Session) => {
    const embeddings = floats([count, dim]);
    const feeds = new Map([...state.tensors("parameter"), ["pixel_values", pictures] as const]);
    await session.run(feeds, new Map([["image_embeds", embeddings]]));
    await session.close();
    return { count, dim, data: embeddings.data };
  };
  const { files } = machine;
  const onCpu = { ep: "wasm", build: "webgpu", ...files } as const;
  const expected = await vectorsBy(await openSession(plan.files.get(FILES.bankInit)!, FILES.bankInit, onCpu));
  const model = modelOf(machine, plan, FILES.bankInit);
  const found = await vectorsBy(await machine.open(model, FILES.bankInit));
  const least = Math.min(...rowCosines(expected, found));
  if (least >= LEAST_COSINE) return;
  throw new ProviderError(
    `learning: the GPU's vectors differ from the CPU's (cosine ${least.toFixed(4)}, expected at least ${LEAST_COSINE}); choose wasm`,
  );
}
