/**
 * @file Trains the tiny plan on a device, or goes on with it; with a number, the process ends by SIGKILL after so many steps.
 *
 *     node dist/test/support/trainOnDevice.js OUT [STEPS]
 */

import { existsSync } from "node:fs";
import { findCheckpoint } from "../../src/run/resume.js";
import { train } from "../../src/train/trainer.js";
import { ON_DEVICE, TINY_NCE, tinyPlan } from "../train/tinyPlan.js";
import { hostDevice, likeCpu } from "./hostDevice.js";

const [out = "", steps] = process.argv.slice(2);
const found = existsSync(out) ? await findCheckpoint(out) : null;
const plan = await tinyPlan(out, { ...ON_DEVICE, resume: found?.file ?? null }, TINY_NCE);
const provider = likeCpu(hostDevice(plan.ep), plan);
await train(plan, provider, {
  emit(event) {
    if (event.kind === "step" && event.step === Number(steps)) process.kill(process.pid, "SIGKILL");
  },
  stopRequested: () => false,
});
await provider.close();
