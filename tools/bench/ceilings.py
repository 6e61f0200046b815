"""What PyTorch's single operators reach: the other side of tools/bench/ceilings.ts, which starts it.

    .venv/bin/python tools/bench/ceilings.py --threads 2

Prints one line of JSON with versions. Then reads lines such as "3 product 2048" from stdin: runs what is named so many
times, makes it ready before if it is the first time, and answers {"seconds": ...}. Names:

    product 2048              a @ b, both 2048x2048
    eager 128 64 32           conv2d of a batch of 128: 64 channels to 64, maps of 32x32, 3x3, stride 1
    channels_last 128 64 32   the same in the other layout
    copy 268435456            copy_ of so many bytes to another place
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable

import torch
from torch.nn import functional as F

Run = Callable[[], object]


def product(side: int) -> Run:
    a, b = torch.rand(side, side), torch.rand(side, side)
    out = torch.empty(side, side)
    return lambda: torch.mm(a, b, out=out)


def convolution(memory_format: torch.memory_format, batch: int, channels: int, side: int) -> Run:
    x = torch.rand(batch, channels, side, side).contiguous(memory_format=memory_format)
    w = torch.rand(channels, channels, 3, 3).contiguous(memory_format=memory_format)
    return lambda: F.conv2d(x, w, padding=1)


def copy(size_bytes: int) -> Run:
    source = torch.rand(size_bytes // 4)
    target = torch.empty_like(source)
    return lambda: target.copy_(source)


def make(name: str, *sizes: int) -> Run:
    if name == "product":
        return product(*sizes)
    if name == "copy":
        return copy(*sizes)
    return convolution({"eager": torch.contiguous_format, "channels_last": torch.channels_last}[name], *sizes)


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description="Ceilings of PyTorch.")
    parser.add_argument("--threads", type=int, required=True)
    torch.set_num_threads(parser.parse_args().threads)
    print(json.dumps({"python": platform.python_version(), "torch": torch.__version__}), flush=True)
    made: dict[str, Run] = {}
    for line in sys.stdin:
        count, what = line.strip().split(" ", 1)
        if what not in made:
            name, *sizes = what.split()
            made[what] = make(name, *map(int, sizes))
        run = made[what]
        began = time.perf_counter()
        for _ in range(int(count)):
            run()
        print(json.dumps({"seconds": time.perf_counter() - began}), flush=True)


if __name__ == "__main__":
    main()
