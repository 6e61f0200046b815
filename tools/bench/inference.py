"""An encoder in Python: the other side of tools/bench/inference.ts, which starts it.

    .venv/bin/python tools/bench/inference.py FOLDER --with eager|channels_last|onnxruntime --threads 2

FOLDER has recipe.json, encoder.onnx, its weights as state.safetensors, and pixels.f32: [N, 3, S, S], raw little-endian
float32. Prints one line of JSON with versions. Then reads lines such as "3 64" from stdin: encodes the first 64 pictures
three times and answers {"seconds": ..., "first": [...]}, the latter the first picture's embedding. PyTorch's network is in
evaluation mode, its convolutions and batch normalizations as they are written.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

Encode = Callable[[], np.ndarray]  # [batch, D]


class PyTorch:
    """The network of tools/networks.py in one of PyTorch's layouts."""

    def __init__(self, folder: Path, recipe: dict, layout: str, threads: int):
        import torch

        from exchangeWeights import read_safetensors
        from networks import NETWORKS

        torch.set_num_threads(threads)
        self.torch = torch
        self.memory_format = {"eager": torch.contiguous_format, "channels_last": torch.channels_last}[layout]
        network = NETWORKS[recipe["arch"]](recipe["width"], recipe["embeddingDim"], recipe["stem"])
        for module in network.modules():
            if isinstance(module, torch.nn.ReLU):
                module.inplace = True
        fresh = {name: value for name, value in network.state_dict().items() if name.endswith("num_batches_tracked")}
        network.load_state_dict({**fresh, **read_safetensors(folder / "state.safetensors")}, strict=True)
        self.network = network.eval().to(memory_format=self.memory_format)
        self.versions = {"torch": torch.__version__}

    def encoder(self, pixels: np.ndarray) -> Encode:
        pictures = self.torch.from_numpy(pixels).contiguous(memory_format=self.memory_format)

        def encode() -> np.ndarray:
            with self.torch.inference_mode():
                return self.torch.nn.functional.normalize(self.network(pictures)).numpy()

        return encode


class OnnxRuntime:
    """encoder.onnx in Python's ONNX Runtime, all its options but the number of threads as they are."""

    def __init__(self, folder: Path, threads: int):
        import onnxruntime

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        providers = ["CPUExecutionProvider"]
        self.session = onnxruntime.InferenceSession(str(folder / "encoder.onnx"), options, providers=providers)
        self.versions = {"onnxruntime": onnxruntime.__version__}

    def encoder(self, pixels: np.ndarray) -> Encode:
        return lambda: self.session.run(["image_embeds"], {"pixel_values": pixels})[0]


def main() -> None:
    parser = argparse.ArgumentParser(description="Encodes pictures when it is asked to.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--with", dest="library", choices=["eager", "channels_last", "onnxruntime"], required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()

    recipe = json.loads((options.folder / "recipe.json").read_text())
    side = recipe["imageSize"]
    pixels = np.fromfile(options.folder / "pixels.f32", "<f4").reshape(-1, 3, side, side)
    library = (
        OnnxRuntime(options.folder, options.threads)
        if options.library == "onnxruntime"
        else PyTorch(options.folder, recipe, options.library, options.threads)
    )
    print(json.dumps({"python": platform.python_version(), **library.versions}), flush=True)
    encoders: dict[int, Encode] = {}
    for line in sys.stdin:
        count, batch = map(int, line.split())
        if batch not in encoders:
            encoders[batch] = library.encoder(pixels[:batch])
        encode = encoders[batch]
        began = time.perf_counter()
        for _ in range(count):
            embeddings = encode()
        seconds = time.perf_counter() - began
        print(json.dumps({"seconds": seconds, "first": embeddings[0].tolist()}), flush=True)


if __name__ == "__main__":
    main()
