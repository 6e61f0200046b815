"""Weights between PyTorch and us, for a test that they mean the same on both sides.

    .venv/bin/python tools/exchangeWeights.py write resnet18 weights.safetensors embeds.f32 pixels.f32 --width 8
    .venv/bin/python tools/exchangeWeights.py embed resnet18 state.safetensors embeds.f32 pixels.f32 --width 8

Both read pixels, raw little-endian float32 of [N, 3, S, S], and write the network's embeddings of them in evaluation
mode, [N, D] of unit length, in the same form. `write` first makes a network from PyTorch's own initialization with
random running statistics, and saves its state dict, as --dtype and with --prefix before every name. `embed` loads a
file of ours with strict=True; num_batches_tracked, which we do not keep, is added.

Without arguments it reads many such requests from stdin, each a line with a JSON list of arguments, and answers each
with the line "done" once it is carried out: to import PyTorch takes longer than the work.

safetensors is a format simple enough to be read and written here; the package of that name is not needed.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from networks import NETWORKS

CODES = {
    torch.float32: "F32",
    torch.float64: "F64",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
}
DTYPES = {code: dtype for dtype, code in CODES.items()}
DTYPE_NAMES = {str(dtype).removeprefix("torch."): dtype for dtype in CODES if dtype.is_floating_point}
# What is in a file of ours beside the network.
TRAINING_STATE = (".momentum", "bank")


def write_safetensors(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Header length, header, bytes of all tensors."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": CODES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": offsets}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    raw = path.read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = (start + offset for offset in entry["data_offsets"])
        flat = torch.frombuffer(bytearray(raw[begin:end]), dtype=DTYPES[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def randomize_statistics(model: nn.Module) -> None:
    """Running statistics as after training: none is 0 or 1."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)


def write(model: nn.Module, options: argparse.Namespace) -> None:
    randomize_statistics(model)
    # Rounded to what is saved, so that both sides have the same numbers.
    dtype = DTYPE_NAMES[options.dtype]
    with torch.no_grad():
        for tensor in [*model.parameters(), *model.buffers()]:
            if tensor.is_floating_point():
                tensor.copy_(tensor.to(dtype))
    state = {
        options.prefix + name: tensor.to(dtype) if tensor.is_floating_point() else tensor
        for name, tensor in model.state_dict().items()
    }
    write_safetensors(options.weights, state)


def load(model: nn.Module, options: argparse.Namespace) -> None:
    state = {
        name: tensor
        for name, tensor in read_safetensors(options.weights).items()
        if not name.endswith(TRAINING_STATE)
    }
    counters = {name: value for name, value in model.state_dict().items() if name.endswith("num_batches_tracked")}
    model.load_state_dict({**counters, **state}, strict=True)


def exchange(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Exchanges weights between PyTorch and onnx-instdisc.")
    parser.add_argument("action", choices=["write", "embed"])
    parser.add_argument("network", choices=sorted(NETWORKS))
    parser.add_argument("weights", type=Path, help="safetensors; written by `write`")
    parser.add_argument("embeddings", type=Path, help="raw float32 is written here")
    parser.add_argument("pixels", type=Path, help="raw float32 of [N, 3, S, S]")
    parser.add_argument("--size", type=int, required=True, help="S")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--stem", default="cifar", choices=["cifar", "imagenet"], help="of a ResNet")
    parser.add_argument("--dtype", default="float32", choices=sorted(DTYPE_NAMES))
    parser.add_argument("--prefix", default="", help='such as "module."')
    options = parser.parse_args(arguments)

    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = NETWORKS[options.network](options.width, options.dim, options.stem)
    (write if options.action == "write" else load)(model, options)
    pixels = np.fromfile(options.pixels, "<f4").reshape(-1, 3, options.size, options.size)
    with torch.no_grad():
        embeddings = functional.normalize(model.eval()(torch.from_numpy(pixels)))
    embeddings.numpy().astype("<f4").tofile(options.embeddings)


def main() -> None:
    if len(sys.argv) > 1:
        return exchange(sys.argv[1:])
    for line in sys.stdin:
        exchange(json.loads(line))
        print("done", flush=True)


if __name__ == "__main__":
    main()
