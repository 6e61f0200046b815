/** @file The names of the formats. Nothing here imports Node. */

/** How pictures can lie on disk, as a person names it. */
export const DATA_FORMATS = [
  "flat", // picture files, without labels
  "imagefolder", // one folder of picture files per class
  "list", // a text file with a path a line
  "idx", // MNIST and its kin
  "cifar", // CIFAR-10 and CIFAR-100, the binary version
  "webdataset", // tar files
  "parquet", // as Hugging Face stores pictures
] as const;

export type DataFormat = (typeof DATA_FORMATS)[number];
