/** @file The CPU execution provider of a build of ONNX Runtime with on-device training, which has operators of its own. */

import type { Target } from "../target.js";
import { cpu } from "./cpu.js";

export const onDevice: Target = { ...cpu, refusal: () => null };
