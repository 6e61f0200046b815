/** @file Settings that belong together, and whose edition of the method they follow. Any single one can be overridden. */

import type { Learning, ViewSettings } from "./learning.js";
import type { PresetName, Settings } from "./settings.js";

export interface Preset {
  /** Whose edition: authors, code and commit, or our own. */
  readonly source: string;
  /** What it is for, and where paper, code and we differ. */
  readonly about: string;
  readonly settings: PresetSettings;
}

/** Nothing of how it learns is left open. */
export type PresetSettings = Settings &
  Learning & { readonly epochs: number } & Required<
    Omit<ViewSettings, "jitter" | "jitter-probability" | "gray-first" | "blur">
  >;

const RATIO = [3 / 4, 4 / 3] as const;

const JITTER = { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.4 } as const;

/** Those of the preset of that name. */
export const SMALL = {
  arch: "resnet18",
  stem: "cifar",
  width: 64,
  "image-size": 32,
  "batch-size": 128,
  "embedding-dim": 128,
  "bank-momentum": 0.5,
  objective: "auto",
  temperature: 0.1,
  optimizer: "sgd",
  momentum: 0.9,
  "weight-decay": 5e-4,
  epochs: 100,
  lr: 0.03,
  "warmup-steps": 100,
  schedule: "cosine",
  "bank-init": "forward",
  "crop-scale": [0.2, 1],
  "crop-ratio": RATIO,
  flip: 0.5,
  ...JITTER,
  // The authors' 0.4 turns horses green: after five epochs of 10,000 CIFAR pictures the nearest neighbour is right for
  // 25.5 % with it, for 30.5 % with 0.1 (PyTorch).
  hue: 0.1,
  gray: 0.2,
} as const satisfies PresetSettings;

/** What both recipes of the authors share: bank, optimizer, epochs and drops of the rate, crop and jitter. */
const AUTHORS = {
  "embedding-dim": 128,
  "bank-init": "uniform",
  "bank-momentum": 0.5,
  proximal: 0,
  optimizer: "sgd",
  momentum: 0.9,
  nesterov: false,
  "decay-norm-and-bias": true,
  epochs: 200,
  lr: 0.03,
  "warmup-steps": 0,
  schedule: "step",
  milestones: [120, 160],
  gamma: 0.1,
  "crop-scale": [0.2, 1],
  "crop-ratio": RATIO,
  ...JITTER,
  gray: 0.2,
} as const satisfies Settings;

const IMAGENET = {
  ...AUTHORS,
  arch: "resnet18",
  stem: "imagenet",
  width: 64,
  "image-size": 224,
  resize: 256,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  "batch-size": 256,
  objective: "nce",
  temperature: 0.07,
  negatives: 4096,
  "noise-positive": true,
  "noise-duplicates": true,
  normalizer: "first",
  "nce-epsilon": 1e-7,
  "weight-decay": 1e-4,
  flip: 0.5,
  "gray-first": true,
  "knn-temperature": 0.07,
} as const satisfies PresetSettings;

const { normalizer: _normalizer, "nce-epsilon": _epsilon, ...IMAGENET_WITHOUT_NCE } = IMAGENET;

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  sample: {
    source: "our own",
    about:
      "The embedded sample, 8,000 small gray garments, in a few minutes on two cores; the default without --data.",
    settings: {
      ...SMALL,
      arch: "resnet10",
      width: 8,
      "image-size": 28,
      "batch-size": 64,
      epochs: 16,
      "warmup-steps": 50,
      "crop-scale": [0.6, 1],
      brightness: 0.6,
      contrast: 0.6,
      saturation: 0,
      hue: 0,
      gray: 0,
    },
  },
  small: {
    source: "our own, on the authors' CIFAR-10 network",
    about:
      "Hundreds to tens of thousands of pictures of your own, on a processor; the default with --data. Beside the " +
      "authors: a bank filled by a forward pass, warm-up, cosine, flip, a weaker turn of hues. 64 pixels see more and cost " +
      "four times as much.",
    settings: SMALL,
  },
  cifar10: {
    source:
      "Wu et al. 2018, the authors' code: lemniscate.pytorch f7cfe29, cifar.py --nce-k 0 --nce-t 0.1 --lr 0.03",
    about:
      "CIFAR-10. The paper replaces bank rows that start as unit vectors and votes with τ 0.07; the code mixes them by " +
      "half, starts from uniform numbers and votes with its own τ. An epoch's last, smaller batch is left out here.",
    settings: {
      ...AUTHORS,
      arch: "resnet18",
      stem: "cifar",
      width: 64,
      "image-size": 32,
      resize: 32,
      mean: [0.4914, 0.4822, 0.4465],
      std: [0.2023, 0.1994, 0.201],
      "batch-size": 128,
      objective: "softmax",
      temperature: 0.1,
      "weight-decay": 5e-4,
      flip: 0,
      "gray-first": false,
      "knn-temperature": 0.1,
    },
  },
  imagenet: {
    source: "Wu et al. 2018, the authors' code: lemniscate.pytorch f7cfe29, main.py",
    about:
      "ImageNet, ResNet-18, NCE. The paper has a proximal term and draws other pictures as noise; the code has none, " +
      "mixes bank rows by half, and may draw a picture's own row. An epoch's last, smaller batch is left out here.",
    settings: IMAGENET,
  },
  "imagenet-2020": {
    source: "the authors' update of 24 August 2020: lemniscate.pytorch f7cfe29, README.md",
    about:
      "ImageNet, ResNet-50, softmax over 65,536 noise rows as in CPC and MoCo; the README says these three and 58.5 % " +
      "by a linear classifier. No code or schedule was published with it: the rest is that of imagenet.",
    settings: { ...IMAGENET_WITHOUT_NCE, arch: "resnet50", objective: "infonce", negatives: 65_536 },
  },
};
