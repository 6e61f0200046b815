import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CUDA_PROVIDER, missingForCuda, remediesOf } from "../../src/native/cudaLibraries.js";
import { suiteFolder } from "../support/temporary.js";

describe("what CUDA needs", () => {
  const folder = suiteFolder();
  const loaderWithout =
    (...absent: readonly string[]) =>
    (library: string) => {
      if (absent.includes(library)) throw new Error("cannot open shared object file");
    };

  it("lists the provider's library and all of NVIDIA's that the loader does not find", () => {
    const missing = missingForCuda(folder(), loaderWithout("libcudnn.so.9", "libcublas.so.13"));
    assert.deepEqual(missing, [CUDA_PROVIDER, "libcublas.so.13", "libcudnn.so.9"]);
    writeFileSync(join(folder(), CUDA_PROVIDER), "");
    assert.deepEqual(missingForCuda(folder(), loaderWithout("libcuda.so.1")), ["libcuda.so.1"]);
    assert.deepEqual(missingForCuda(folder(), loaderWithout()), []);
  });

  it("brings all packages by one command", () => {
    const missing = [CUDA_PROVIDER, "libcuda.so.1", "libcublas.so.13", "libcublasLt.so.13", "libcudnn.so.9"];
    assert.deepEqual(remediesOf(missing), [
      "npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12",
      "install the NVIDIA driver",
      "sudo apt-get install libcublas-13-0 libcudnn9-cuda-13, or add their folder to LD_LIBRARY_PATH",
    ]);
    assert.deepEqual(remediesOf(["libcudnn.so.9"]), [
      "sudo apt-get install libcudnn9-cuda-13, or add its folder to LD_LIBRARY_PATH",
    ]);
  });
});
