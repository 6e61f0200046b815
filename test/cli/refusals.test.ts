/** @file What a user can get wrong. Each request ends with an exit code and one message, and leaves the disk as it was. */

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suiteFolder } from "../support/temporary.js";
import { runCli, TINY } from "./executable.js";
import { writeClassFolders } from "./pictures.js";

interface Refusal {
  readonly title: string;
  readonly args: readonly string[];
  readonly code: 1 | 2;
  /** Parts of the message. */
  readonly says: readonly string[];
}

const HINT = 'Try "onnx-instdisc --help".';

const REQUESTS: readonly Refusal[] = [
  { title: "no command", args: [], code: 2, says: ["Name a command; --help lists them."] },
  { title: "a misspelt command", args: ["trian"], code: 2, says: ["Did you mean train?"] },
  { title: "an unknown option", args: ["train", "--epoch", "3"], code: 2, says: ["Unknown argument: epoch"] },
  { title: "a stray word", args: ["train", "pictures"], code: 2, says: ["Unknown argument: pictures"] },
  {
    title: "a repeated option",
    args: ["train", "--batch-size", "8", "--batch-size", "9"],
    code: 2,
    says: ["--batch-size: given more than once, expected once"],
  },
  {
    title: "an option without its value",
    args: ["train", "--data"],
    code: 2,
    says: ["Not enough arguments following: data"],
  },
  {
    title: "no --out",
    args: ["build-graph"],
    code: 2,
    says: ["--out is missing, expected a folder to write"],
  },
  {
    title: "an unknown network",
    args: ["build-graph", "--arch", "vgg", "--out", "new"],
    code: 2,
    says: ['Argument: arch, Given: "vgg"', '"resnet18"', '"resnet152"'],
  },
  {
    title: "several sizes out of range, all listed",
    args: ["build-graph", "--batch-size", "0", "--width", "1.5", "--temperature", "0", "--out", "new"],
    code: 2,
    says: [
      "width is 1.5, expected a whole number of at least 1",
      "--batch-size is 0, expected a whole number of at least 2",
      "temperature is 0, expected a number above 0",
    ],
  },
  {
    title: "words for numbers",
    args: ["build-graph", "--width", "wide", "--out", "new"],
    code: 2,
    says: ["--width: expected a number"],
  },
  {
    title: "NaN",
    args: ["build-graph", "--weight-decay", "NaN", "--out", "new"],
    code: 2,
    says: ["--weight-decay: expected a number"],
  },
  {
    title: "a seed that is none",
    args: ["build-graph", "--seed", "-1", "--out", "new"],
    code: 2,
    says: ["--seed is -1, expected a whole number from 0 to 4294967295"],
  },
  {
    title: "pictures too small for the network",
    args: ["build-graph", "--image-size", "4", "--out", "new"],
    code: 2,
    says: ["image size is 4, expected at least 8", "choose larger pictures"],
  },
  {
    title: "pictures too small for the ImageNet stem",
    args: ["train", "--stem", "imagenet", "--image-size", "16", "--out", "new"],
    code: 2,
    says: ["image size is 16, expected at least 32", "choose larger pictures or the cifar stem"],
  },
  {
    title: "build-graph: a folder below a file",
    args: ["build-graph", ...TINY, "--out", "file.txt/new"],
    code: 1,
    says: ["file.txt/new: cannot be written (ENOTDIR)", "choose a folder whose path has no file in it"],
  },
  {
    title: "train: a folder below a file",
    args: ["train", ...TINY, "--data", "pictures", "--out", "file.txt/new"],
    code: 1,
    says: ["file.txt/new: cannot be written (ENOTDIR)", "choose a folder whose path has no file in it"],
  },
  {
    title: "a folder that holds something, without --overwrite",
    args: ["train", ...TINY, "--data", "pictures", "--out", "graph"],
    code: 2,
    says: ["graph: is not empty (5 found), expected an empty or new folder", "--overwrite"],
  },
  {
    title: "training settings out of range, all listed",
    args: ["train", "--epochs", "0", "--lr", "0", "--crop-scale", "2", "--out", "new"],
    code: 2,
    says: [
      "--epochs is 0, expected a whole number of at least 1",
      "--lr is 0, expected a number above 0",
      "--crop-scale is 2, expected one or two numbers above 0 and up to 1",
    ],
  },
  {
    title: "lists of numbers that are none",
    args: ["train", "--milestones", "ten,20", "--mean", "0.5,0.5", "--crop-ratio", "1,", "--out", "new"],
    code: 2,
    says: [
      '--milestones is "ten,20", expected whole numbers of at least 1, rising',
      "--mean is [0.5,0.5], expected three numbers",
      '--crop-ratio is "1,", expected two numbers above 0, rising',
    ],
  },
  {
    title: "an unknown preset",
    args: ["train", "--preset", "cifar", "--out", "new"],
    code: 2,
    says: ['Argument: preset, Given: "cifar"', '"cifar10"'],
  },
  {
    title: "epochs and steps",
    args: ["train", "--epochs", "2", "--steps", "9", "--out", "new"],
    code: 2,
    says: ["--epochs and --steps are both given, expected one"],
  },
  {
    title: "a run to go on with that is not there",
    args: ["train", "--resume", "texts"],
    code: 2,
    says: ["--resume texts: holds no checkpoint, expected a run folder or a checkpoint file"],
  },
  {
    title: "a config file that is not there",
    args: ["train", "--config", "none.yaml"],
    code: 2,
    says: ["--config none.yaml: cannot be read (ENOENT)"],
  },
  {
    title: "an execution provider that is not there",
    // No machine has so many GPUs.
    args: ["train", "--ep", "cuda", "--device-id", "99", "--image-size", "16", "--out", "new"],
    code: 1,
    says: ["cuda", "; "],
  },
  {
    title: "an execution provider that a run cannot use",
    args: ["train", "--ep", "wasm", "--out", "new"],
    code: 2,
    says: ['Argument: ep, Given: "wasm", Choices: "cpu", "cuda", "webgpu"'],
  },
  {
    title: "options of another execution provider",
    args: ["train", "--ep", "webgpu", "--tf32", "off", "--memory-limit", "4", "--out", "new"],
    code: 2,
    says: ["--tf32, --memory-limit given with --ep webgpu, expected --ep cuda", "correct these options"],
  },
  {
    title: "a GPU and a limit that cannot be",
    args: ["train", "--ep", "cuda", "--device-id", "0.5", "--memory-limit", "0", "--out", "new"],
    code: 2,
    says: [
      "--device-id is 0.5, expected a whole number of at least 0",
      "--memory-limit is 0, expected a number above 0",
    ],
  },
  {
    title: "an execution provider that does not exist",
    args: ["train", "--ep", "tpu", "--out", "new"],
    code: 2,
    says: ['Argument: ep, Given: "tpu"', '"cpu"'],
  },
  {
    title: "data that is not there",
    args: ["train", "--data", "nowhere", "--out", "new"],
    code: 1,
    says: ["nowhere: found nothing that can be read", "give the folder that holds them"],
  },
  {
    title: "an empty folder",
    args: ["train", "--data", "empty", "--out", "new"],
    code: 1,
    says: ["empty: found an empty folder, expected pictures"],
  },
  {
    title: "a folder without pictures",
    args: ["train", "--data", "texts", "--out", "new"],
    code: 1,
    says: ["texts: found no pictures but note.txt"],
  },
  {
    title: "a picture that is none",
    args: ["train", ...TINY, "--data", "broken", "--out", "new"],
    code: 1,
    says: ["broken/picture.png: found bytes that do not decode", "replace the file or take it out"],
  },
  {
    title: "fewer pictures than a batch holds",
    args: ["train", "--batch-size", "64", "--data", "pictures", "--out", "new"],
    code: 2,
    says: ["has 18 pictures, expected at least the batch size 64; lower --batch-size"],
  },
  {
    title: "fewer pictures than a batch holds, with an earlier run to lose",
    args: ["train", "--batch-size", "64", "--data", "pictures", "--out", "graph", "--overwrite"],
    code: 2,
    says: ["expected at least the batch size 64"],
  },
  {
    title: "a network given twice",
    args: [
      "train",
      "--graph",
      "graph",
      "--width",
      "8",
      "--bank-momentum",
      "0",
      "--data",
      "pictures",
      "--out",
      "new",
    ],
    code: 2,
    says: ["--graph graph: given together with --width, --bank-momentum, expected one or the other"],
  },
  {
    title: "a graph folder without a manifest",
    args: ["train", "--graph", "texts", "--data", "pictures", "--out", "new"],
    code: 1,
    says: ["texts/manifest.json: cannot be read (ENOENT)", "build-graph"],
  },
  {
    title: "a damaged manifest",
    args: ["train", "--graph", "damaged-manifest", "--data", "pictures", "--out", "new"],
    code: 1,
    says: ["damaged-manifest/manifest.json: is not JSON", "rebuild the folder with build-graph"],
  },
  {
    title: "a manifest that asks for nonsense",
    args: ["train", "--graph", "edited-manifest", "--data", "pictures", "--out", "new"],
    code: 1,
    says: ["edited-manifest/manifest.json: recipe.batchSize is 0"],
  },
  {
    title: "model files cut short, all listed",
    args: ["train", "--graph", "truncated", "--data", "pictures", "--out", "new"],
    code: 1,
    says: [
      "train_step.onnx has 1000 bytes, the manifest expects",
      "encoder.onnx has 1000 bytes",
      "copy the folder again or rebuild it",
    ],
  },
  {
    title: "inspect: no path",
    args: ["inspect"],
    code: 2,
    says: ["Not enough non-option arguments: got 0, need at least 1"],
  },
  {
    title: "inspect: a path that is not there",
    args: ["inspect", "nowhere"],
    code: 1,
    says: ["nowhere: cannot be read (ENOENT), expected a folder or file"],
  },
  {
    title: "inspect: a file of another kind",
    args: ["inspect", "file.txt"],
    code: 2,
    says: ["file.txt: is neither a folder nor .onnx nor .safetensors; name one of these"],
  },
  {
    title: "inspect: a model cut short",
    args: ["inspect", "truncated/encoder.onnx"],
    code: 1,
    says: ["truncated/encoder.onnx: "],
  },
  {
    title: "inspect: a folder with files cut short",
    args: ["inspect", "truncated"],
    code: 1,
    says: ["train_step.onnx has 1000 bytes, the manifest expects"],
  },
  {
    title: "inspect: costs for no number of pictures",
    args: ["inspect", "graph", "--instances", "many"],
    code: 2,
    says: ["--instances: expected a number"],
  },
  {
    title: "build-graph: costs for half a picture",
    args: ["build-graph", "--dry-run", "--instances", "0.5"],
    code: 2,
    says: ["--instances is 0.5, expected a whole number of at least 1"],
  },
  {
    title: "verify: two Pythons",
    args: ["verify", "graph", "--python", "python3", "--python", "python4"],
    code: 2,
    says: ["--python: given more than once, expected once"],
  },
  {
    title: "doctor: two folders for runs",
    args: ["doctor", "--out", "new", "--out", "other"],
    code: 2,
    says: ["--out: given more than once, expected once"],
  },
  {
    title: "report: two files",
    args: ["report", "graph", "--out", "new.html", "--out", "other.html"],
    code: 2,
    says: ["--out: given more than once, expected once"],
  },
];

/** Every file below a folder with its size and time of change. */
function snapshot(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name));
      return `${name} ${size} ${mtimeMs}`;
    })
    .sort();
}

describe("onnx-instdisc refuses", () => {
  const folder = suiteFolder();

  before(async () => {
    const at = (name: string) => join(folder(), name);
    for (const name of ["empty", "texts", "broken"]) mkdirSync(at(name));
    writeFileSync(at("file.txt"), "a file");
    writeFileSync(at("texts/note.txt"), "no picture");
    writeFileSync(at("broken/picture.png"), "no picture either");
    await writeClassFolders(at("pictures"), 20);
    const built = await runCli(["build-graph", ...TINY, "--out", "graph"], { cwd: folder() });
    assert.equal(built.code, 0, built.stderr);
    for (const copy of ["damaged-manifest", "edited-manifest", "truncated"])
      cpSync(at("graph"), at(copy), { recursive: true });
    truncateSync(at("damaged-manifest/manifest.json"), 1000);
    const manifest = readFileSync(at("graph/manifest.json"), "utf8");
    writeFileSync(at("edited-manifest/manifest.json"), manifest.replace('"batchSize": 16', '"batchSize": 0'));
    for (const name of ["train_step.onnx", "encoder.onnx"]) truncateSync(at(`truncated/${name}`), 1000);
  });

  for (const { title, args, code, says } of REQUESTS) {
    it(title, async () => {
      const before = snapshot(folder());
      const outcome = await runCli(args, { cwd: folder() });
      for (const part of says) assert.ok(outcome.stderr.includes(part), `"${part}" in: ${outcome.stderr}`);
      assert.deepEqual([outcome.code, outcome.stdout], [code, ""], outcome.stderr);
      assert.equal(outcome.stderr.endsWith(`\n${HINT}\n`), code === 2, "wrong usage gets a hint");
      assert.doesNotMatch(outcome.stderr, /^ +at |defect|Error:/m);
      assert.deepEqual(snapshot(folder()), before, "nothing was written or removed");
    });
  }
});
