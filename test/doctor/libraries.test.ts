import assert from "node:assert/strict";
import { missingOf } from "../../src/doctor/cudaLibraries.js";
import { folderOf, lookAtPackages, versionOf } from "../../src/doctor/packages.js";
import { remedyOf } from "../../src/native/cudaLibraries.js";

describe("doctor, of libraries", () => {
  it("reads from ldd what the loader does not find", () => {
    const printed = [
      "\tlibcublas.so.13 => not found",
      "\tlibcuda.so.1 => /usr/lib/x86_64-linux-gnu/libcuda.so.1 (0x00007f)",
      "\tlibcurand.so.10 => not found",
      "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)",
    ].join("\n");
    assert.deepEqual(missingOf(printed), ["libcublas.so.13", "libcurand.so.10"]);
  });

  it("names the package of each library of NVIDIA's", () => {
    const packages = {
      "libcublas.so.13": "libcublas-13-0",
      "libcublasLt.so.12": "libcublas-12-0",
      "libcudart.so.13": "cuda-cudart-13-0",
      "libcurand.so.10": "libcurand-13-0",
      "libcufft.so.12": "libcufft-13-0", // CUDA 13's own number of it
      "libcudnn.so.9": "libcudnn9-cuda-13",
    };
    for (const [library, name] of Object.entries(packages)) {
      assert.equal(remedyOf(library).split(",")[0], `sudo apt-get install ${name}`);
    }
    assert.equal(remedyOf("libcuda.so.1"), "install the NVIDIA driver");
  });

  it("loads every package with native parts", async () => {
    const found = await lookAtPackages();
    assert.deepEqual(
      found.filter(({ state }) => state !== "fine"),
      [],
    );
  });

  it("knows the version of a package, and that one is not installed", () => {
    assert.match(versionOf("onnxruntime-node"), /^\d+\.\d+\.\d+/);
    assert.equal(folderOf("no-such-package"), null);
    assert.equal(versionOf("no-such-package"), "unknown");
  });
});
