/**
 * @file The public data sets that can be asked for by name: where their files lie and how to know them again.
 *
 * Sources of the MD5 sums: for CIFAR the table of downloads on https://www.cs.toronto.edu/~kriz/cifar.html; for the
 * MNIST family torchvision, datasets/mnist.py, from where the addresses come too.
 */

/** One file as its publisher offers it. */
export interface RemoteFile {
  readonly name: string;
  /** Addresses of the same bytes, the best first. */
  readonly urls: readonly string[];
  /** MD5 of the whole file, lower-case hex: what the publishers give. It finds damage, not malice. */
  readonly md5: string;
  /** What to expect in all, for the progress shown; the MD5 decides. */
  readonly bytes: number;
}

export interface RemoteDataset {
  readonly files: readonly RemoteFile[];
  /** Folder inside the files' tar.gz archives that holds the data; null: the files are the data. */
  readonly folder: string | null;
}

const at = (...folders: readonly string[]) => ({
  /** A file of that name in each of the folders. */
  file: (name: string, md5: string, bytes: number): RemoteFile => ({
    name,
    urls: folders.map((folder) => `${folder}${name}`),
    md5,
    bytes,
  }),
});

const toronto = at("https://www.cs.toronto.edu/~kriz/");
const mnist = at("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/");
const fashion = at("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/");

export const CATALOGUE = {
  cifar10: {
    files: [toronto.file("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", 170_052_171)],
    folder: "cifar-10-batches-bin",
  },
  cifar100: {
    files: [toronto.file("cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8", 168_513_733)],
    folder: "cifar-100-binary",
  },
  mnist: {
    files: [
      mnist.file("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
      mnist.file("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", 28_881),
      mnist.file("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", 1_648_877),
      mnist.file("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", 4542),
    ],
    folder: null,
  },
  "fashion-mnist": {
    files: [
      fashion.file("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880),
      fashion.file("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", 29_515),
      fashion.file("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", 4_422_102),
      fashion.file("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", 5148),
    ],
    folder: null,
  },
} as const satisfies Readonly<Record<string, RemoteDataset>>;

export type DatasetName = keyof typeof CATALOGUE;

export const DATASET_NAMES = Object.keys(CATALOGUE) as readonly DatasetName[];

export function isDatasetName(text: string): text is DatasetName {
  return Object.hasOwn(CATALOGUE, text);
}
