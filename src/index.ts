/** @file Public entry "onnx-instdisc": the compiler, artifacts, training, search and serving. Networks are in "onnx-instdisc/graphs". */

export { parseManifest, printManifest, type Manifest, type ManifestTensor } from "./artifact/manifest.js";
export { readArtifact, writeArtifact, type Artifact } from "./artifact/node.js";
export {
  readCheckpoint,
  writeCheckpoint,
  type Checkpoint,
  type OptimizerState,
  type Property,
} from "./artifact/ortTraining/checkpoint.js";
export { readSafetensors, writeSafetensors, type Safetensors } from "./artifact/safetensors.js";
export { describeMatch, matchStateDict, type StateDictMatch } from "./artifact/stateDict.js";
export { buildArtifact, FILES, type BuildOptions, type BuiltArtifact } from "./build/buildArtifact.js";
export { initializeFrom, type Initialized, type InitializeOptions } from "./build/initializeFrom.js";
export {
  buildOrtTraining,
  ORT_TRAINING_FILES,
  type OrtTrainingOptions,
} from "./build/ortTraining/buildOrtTraining.js";
export { ortEvalGraph, ortTrainingGraph } from "./build/ortTraining/trainingGraphs.js";
export { DEFAULT_RECIPE, type Recipe } from "./build/recipe.js";
export { bindTensors } from "./codec/bind.js";
export { decodeModel, type DecodedModel } from "./codec/decode.js";
export { encodeModel, type EncodeOptions } from "./codec/encode.js";
export { encodeOptimizerModel, ORT_OPTIMIZERS, type OrtOptimizer } from "./codec/optimizerModel.js";
export { chooseSettings, type RunSettings } from "./config/choose.js";
export { parseConfig, readConfig } from "./config/file.js";
export { planOf, resolvedSettings } from "./config/plan.js";
export { printSettings } from "./config/printSettings.js";
export { PRESETS, type Preset } from "./config/presets.js";
export { configSchema } from "./config/schema.js";
export {
  PRESET_NAMES,
  SETTINGS,
  type PresetName,
  type SettingName,
  type Settings,
} from "./config/settings.js";
export type { AugmentOptions } from "./data/augment.js";
export { DATA_FORMATS, openDataset, type DataFormat } from "./data/dataset.js";
export type { DataSource, Dataset, Picture } from "./data/dataset.js";
export { decodePicture } from "./data/decode.js";
export { locateData, type LocatedData } from "./data/locate.js";
export { measureNormalization } from "./data/normalization.js";
export { examine, type Examination } from "./doctor/examine.js";
export type { Finding } from "./doctor/finding.js";
export * from "./errors.js";
export { searchNearest } from "./evaluate/search.js";
export { agreementWith, type Agreement, type Bank } from "./export/agreement.js";
export { replaceSection } from "./export/cardSections.js";
export { exportEncoder, type ExportOptions, type ExportSummary } from "./export/exportEncoder.js";
export type { Comparison, ExportedFile } from "./export/facts.js";
export { differentiate, gradientName } from "./grad/differentiate.js";
export type { DType, Tensor } from "./ir/dtype.js";
export { EXECUTION_PROVIDERS, type ExecutionProvider } from "./ir/executionProvider.js";
export type { Graph, Node, Parameter, Value } from "./ir/graph.js";
export { printGraph } from "./ir/print.js";
export { asFloat32, fromFloat32, type RawTensor } from "./ir/rawTensor.js";
export type { Shape } from "./ir/shape.js";
export { accuracy, classify, type Neighbours } from "./knn/vote.js";
export { lower } from "./lower/lower.js";
export { simplify } from "./lower/simplify.js";
export { cpu } from "./lower/targets/cpu.js";
export { onDevice } from "./lower/targets/onDevice.js";
export {
  findDuplicates,
  type Duplicate,
  type Duplicates,
  type DuplicatesOptions,
} from "./models/duplicates.js";
export { embedPictures, type EmbeddedPictures, type EmbedPicturesOptions } from "./models/embedPictures.js";
export { openEncoder, type Encoder, type EncoderOptions } from "./models/encoder.js";
export { labelledBank, labelledPictures, measureKnn, type KnnOptions, type KnnResult } from "./models/knn.js";
export { readModel, type Model } from "./models/model.js";
export { openNamed } from "./models/namedPictures.js";
export { openIndex, type OpenedIndex, type OpenIndexOptions } from "./models/openIndex.js";
export { picturesOfRun, readBank } from "./models/pictures.js";
export { writeVectors } from "./models/vectorFiles.js";
export { GraphBuilder } from "./ops/builder.js";
export type { EmbeddingStatistics, KnnLevel, MetricRecord, TimingRecord } from "./run/records.js";
export { findCheckpoint, type FoundCheckpoint } from "./run/resume.js";
export { prepareRunFolder } from "./run/runFolder.js";
export { openSession } from "./runtime/node.js";
export { floats, int64s, type HostTensor, type Session } from "./runtime/session.js";
export type { Entries, Hit, SearchBackend } from "./search/backend.js";
export { ExactIndex } from "./search/folder/exactIndex.js";
export { MemoryIndex } from "./search/memoryIndex.js";
export type { Vectors } from "./search/vectors.js";
export { startServer, type RunningServer, type ServerOptions } from "./serve/startServer.js";
export type { TrainEvent, TrainPlan, TrainSummary } from "./train/plan.js";
export { writeStatic, type StaticOptions } from "./serve/writeStatic.js";
export { startTraining, type TrainRun } from "./train/run.js";
export { verifyFolder, type Checked, type Verification, type VerifyOptions } from "./verify/verify.js";
export { VERSION } from "./version.js";
