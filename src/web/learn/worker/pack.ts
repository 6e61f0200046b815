/** @file The run as the folder that `train` would have written, in a zip file. */

import { completeManifest, MANIFEST_FILE, printManifest } from "../../../artifact/manifest.js";
import { printSettings } from "../../../config/printSettings.js";
import { checkpointName } from "../../../run/checkpointBytes.js";
import { RUN } from "../../../run/layout.js";
import { sha256 } from "../../../run/sha256.js";
import { webVersion } from "../../../runtime/web.js";
import { exportedFiles } from "../../../train/runFiles.js";
import { VERSION } from "../../../version.js";
import { zipParts, type ZipEntry } from "../../engine/zip.js";
import { checkpointOf, type LearningRun } from "./begin.js";
import type { Machine } from "./machine.js";
import { resolvedSettings, type PlannedRun } from "./settle.js";

/** @returns the zip file, and the name of the one folder in it */
export async function packRun(run: LearningRun, machine: Machine): Promise<{ name: string; zip: Blob }> {
  const { plan, set, state, bank, progress, diary } = run;
  const { bytes } = checkpointOf(run);
  const { metrics, timings, log } = diary.text;
  const name = `${set.name}-run`;
  const settings = resolvedSettings(plan, set, progress.threads);
  const entries: (readonly [string, Uint8Array | string])[] = [
    [RUN.config, printSettings(settings)],
    [RUN.environment, `${JSON.stringify(await environmentOf(machine), null, 2)}\n`],
    [RUN.metrics, metrics],
    [RUN.timings, timings],
    [RUN.log, log],
    [`${RUN.checkpoints}/${checkpointName(progress.step)}`, bytes],
    ...artifactEntries(RUN.graph, plan, plan.files),
    ...artifactEntries(RUN.exported, plan, exportedFiles(plan, state, bank, progress)),
  ];
  const files = entries.map(([path, content]): ZipEntry => ({
    path: `${name}/${path}`,
    bytes: (typeof content === "string" ? new TextEncoder().encode(content) : content) as ZipEntry["bytes"],
  }));
  return { name, zip: new Blob(zipParts(files), { type: "application/zip" }) };
}

function artifactEntries(
  folder: string,
  { manifest }: PlannedRun,
  files: ReadonlyMap<string, Uint8Array>,
): [string, Uint8Array | string][] {
  const describe = (bytes: Uint8Array) => ({ sha256: sha256(bytes), sizeBytes: bytes.length });
  const whole = printManifest(completeManifest(manifest, files, describe));
  return [...files, [MANIFEST_FILE, whole] as const].map(([name, content]) => [`${folder}/${name}`, content]);
}

/** As src/run/environment.ts, as far as a browser tells. */
async function environmentOf({ runtime, threads }: Machine) {
  const { userAgent, hardwareConcurrency } = navigator;
  return {
    "onnx-instdisc": VERSION,
    browser: userAgent,
    onnxruntime: `${await webVersion(runtime)} for the web, ${runtime}`,
    cores: hardwareConcurrency,
    threads,
    command: [],
  };
}
