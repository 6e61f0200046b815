/** @file Which GPU it is, as NVIDIA's driver names it. */

import { execFile } from "node:child_process";

const MOST_MS = 20_000;

/** Such as "NVIDIA H200"; null where nothing answers. @param deviceId as nvidia-smi counts */
export function gpuName(deviceId: number): Promise<string | null> {
  const query = [`--id=${deviceId}`, "--query-gpu=name", "--format=csv,noheader"];
  return new Promise((resolve) => {
    execFile("nvidia-smi", query, { timeout: MOST_MS }, (error, stdout) => {
      const name = stdout.trim();
      resolve(error === null && name !== "" ? name : null);
    });
  });
}
