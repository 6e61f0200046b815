/** @file Where a graph can run, under ONNX Runtime's names. Known to both sides: one lowers for it, one opens it. */

export const EXECUTION_PROVIDERS = ["cpu", "cuda", "wasm", "webgpu"] as const;
export type ExecutionProvider = (typeof EXECUTION_PROVIDERS)[number];

/** Those that a run on Node can use. */
export const TRAINING_PROVIDERS = ["cpu", "cuda", "webgpu"] as const satisfies readonly ExecutionProvider[];
export type TrainingProvider = (typeof TRAINING_PROVIDERS)[number];
