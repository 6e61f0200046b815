/**
 * @file Public entry "onnx-instdisc/web": a picture's vector, its neighbours and their classes, in a browser. Imports
 * nothing of Node; all but decodePicture works there too.
 */

export { COLLECTION, parseCollection, type Collection } from "./artifact/collection.js";
export { parseManifest, type Manifest } from "./artifact/manifest.js";
export { readSafetensors, type Safetensors } from "./artifact/safetensors.js";
export type { Picture } from "./data/dataset.js";
export { createTransform, type Transform, type TransformOptions } from "./data/transform.js";
export * from "./errors.js";
export { asFloat32, type RawTensor } from "./ir/rawTensor.js";
export { accuracy, classify, type Neighbours, type Vote } from "./knn/vote.js";
export { floats, int64s, type HostTensor, type Session } from "./runtime/session.js";
export { openSession, ORT_FILES, type WebBuild, type WebSessionOptions } from "./runtime/web.js";
export type { Codes } from "./search/codes.js";
export { quantizeRows } from "./search/quantize.js";
export { rerank, searchExactly, type Nearest, type RowsOf } from "./search/rerank.js";
export { Scanner } from "./search/scan.js";
export { normalizeRows, type Vectors } from "./search/vectors.js";
export { VERSION } from "./version.js";
export { ambiguousRows } from "./web/engine/ambiguous.js";
export { CodeSearch } from "./web/engine/codeSearch.js";
export { decodePicture } from "./web/engine/decode.js";
export { openEncoder, type EncoderForm, type WebEncoder } from "./web/engine/encoder.js";
export type { Engine, EngineOptions, Found } from "./web/engine/engineTypes.js";
export {
  importJson,
  labelledRows,
  planFolders,
  printCsv,
  printJson,
  type Labelled,
  type PlannedFile,
} from "./web/engine/labelFiles.js";
export { Labelling } from "./web/engine/labelling.js";
export { loadCollection, readVectors, type LoadedCollection } from "./web/engine/loadCollection.js";
export { Predictor, type Predictions, type SimilaritiesOf } from "./web/engine/predict.js";
export { zipParts, type ZipEntry } from "./web/engine/zip.js";
