import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { readSafetensors } from "../../src/artifact/safetensors.js";
import { asFloat32 } from "../../src/ir/rawTensor.js";
import { NO_LABEL, type EmbeddedPictures } from "../../src/models/embedPictures.js";
import { vectorFormat, writeVectors } from "../../src/models/vectorFiles.js";
import { RandomStream } from "../../src/random/philox.js";
import { requirePython } from "../support/python.js";
import { suiteFolder } from "../support/temporary.js";

const DIM = 5;
const IDS = ["cat/1.jpg", 'a "quoted",\n name.jpg', "größer 猫.png"];

const random = new RandomStream(1, "vector files");
const data = Float32Array.from({ length: IDS.length * DIM }, () => random.uniform() - 0.5);
const PICTURES: EmbeddedPictures = {
  ids: IDS,
  vectors: { count: IDS.length, dim: DIM, data },
  files: ["/pictures/cat/1.jpg", null, "/pictures/größer 猫.png"],
  labels: Int32Array.of(1, NO_LABEL, 0),
  classNames: ["dog", "cat"],
  broken: [],
};
const preprocessing = { imageSize: 28, resize: 32, mean: [0.1, 0.2, 0.3], std: [1, 2, 3] } as const;
const ORIGIN = { model: { sha256: "ab".repeat(32), preprocessing }, output: "image_embeds" } as const;

/** Prints what NumPy makes of both files. */
const READ_IN_PYTHON = `
import json, struct, sys
import numpy as np
npy, safetensors = sys.argv[1:]
matrix = np.load(npy, allow_pickle=False)
file = open(safetensors, "rb").read()
length = struct.unpack("<Q", file[:8])[0]
header, body = json.loads(file[8 : 8 + length]), file[8 + length :]
def tensor(name, dtype):
    entry = header[name]
    begin, end = entry["data_offsets"]
    return np.frombuffer(body[begin:end], dtype).reshape(entry["shape"])
print(json.dumps({
    "npy": matrix.tolist(), "dtype": str(matrix.dtype), "ids": bytes(tensor("ids", "u1")).decode().split("\\0"),
    "vectors": tensor("vectors", "<f4").tolist(), "labels": tensor("labels", "<i4").tolist(),
}))
`;

describe("files of vectors", () => {
  const folder = suiteFolder();
  const write = (name: string) => writeVectors(join(folder(), name), PICTURES, ORIGIN);

  it("of NumPy and of safetensors are what NumPy reads", async function () {
    const python = requirePython(this, "numpy");
    const [[npy], [safetensors]] = [await write("v.npy"), await write("v.safetensors")];
    const printed = execFileSync(python, ["-c", READ_IN_PYTHON, npy!, safetensors!], { encoding: "utf8" });
    const rows = IDS.map((_, row) => [...data.subarray(row * DIM, (row + 1) * DIM)]);
    assert.deepEqual(JSON.parse(printed), {
      npy: rows,
      dtype: "float32",
      ids: [...IDS, ""],
      vectors: rows,
      labels: [1, NO_LABEL, 0],
    });
  });

  it("of NumPy have everything else beside them", async () => {
    const files = await write("v.npy");
    assert.deepEqual(files, [join(folder(), "v.npy"), join(folder(), "v.npy.json")]);
    const description = JSON.parse(readFileSync(files[1]!, "utf8")) as Record<string, unknown>;
    assert.deepEqual(description["ids"], IDS);
    assert.deepEqual(description["paths"], PICTURES.files);
    assert.deepEqual(description["labels"], [1, NO_LABEL, 0]);
    assert.deepEqual(description["classNames"], ["dog", "cat"]);
    assert.deepEqual(description["preprocessing"], preprocessing);
    assert.equal(description["modelSha256"], ORIGIN.model.sha256);
  });

  it("in safetensors say which model they are of", async () => {
    const [file] = await write("v.safetensors");
    const { tensors, metadata } = readSafetensors(readFileSync(file!), file!);
    assert.deepEqual([...asFloat32(tensors.get("vectors")!, "vectors")], [...data]);
    assert.equal(metadata["modelSha256"], ORIGIN.model.sha256);
    assert.deepEqual(JSON.parse(metadata["preprocessing"]!), preprocessing);
  });

  it("in Parquet have a row for each picture", async () => {
    const [file] = await write("v.parquet");
    const { buffer } = new Uint8Array(readFileSync(file!));
    assert.deepEqual(
      await parquetReadObjects({ file: buffer }),
      IDS.map((id, row) => ({
        id,
        path: PICTURES.files[row],
        label: ["cat", null, "dog"][row],
        vector: [...data.subarray(row * DIM, (row + 1) * DIM)],
      })),
    );
    const notes = new Map(
      (await parquetMetadataAsync(buffer)).key_value_metadata!.map(({ key, value }) => [key, value]),
    );
    assert.equal(notes.get("modelSha256"), ORIGIN.model.sha256);
  });

  it("in Parquet may be longer than a group of rows", async () => {
    const ids = Array.from({ length: 10_003 }, (_, row) => String(row));
    const vectors = { count: ids.length, dim: 1, data: Float32Array.from(ids, Number) };
    const pictures = { ...PICTURES, ids, vectors, files: ids.map(() => null), labels: null };
    const [file] = await writeVectors(join(folder(), "long.parquet"), pictures, ORIGIN);
    const rows = await parquetReadObjects({ file: new Uint8Array(readFileSync(file!)).buffer });
    assert.deepEqual(rows.at(-1), { id: "10002", path: null, vector: [10_002] });
    assert.equal(rows.length, ids.length);
  });

  it("have one of three names", () => {
    assert.equal(vectorFormat("a/b.NPY"), "npy");
    assert.throws(() => vectorFormat("a/b.csv"), /b\.csv: ends in \.csv, expected \.npy, \.parquet, \.safe/);
  });
});
