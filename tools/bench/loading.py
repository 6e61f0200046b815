"""Pictures per second of PyTorch's DataLoader with Pillow: the other side of tools/bench/loading.ts, which starts it.

    .venv/bin/python tools/bench/loading.py FOLDER --size 224 --batch 64 --workers 2

Prints one line of JSON with versions once the workers are up. Then, for each number of batches read from stdin, takes
as many and prints {"seconds": ...}. Batches come without end, shuffled pass after pass, so that workers stay busy while
the clock runs; those that lay ready when it was asked are taken first and not counted.

Each picture goes through what torchvision's transforms do with Pillow pictures, which is written here since torchvision
cannot be had everywhere: RandomResizedCrop (0.2 to 1 of the area, antialiased bilinear), RandomHorizontalFlip,
ColorJitter (0.4 four times, in random order), RandomGrayscale (0.2), ToTensor, Normalize.
"""

import argparse
import json
import math
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import PIL
import torch
from PIL import Image, ImageEnhance
from PIL.Image import Resampling, Transpose
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

PREFETCH = 2  # batches made ahead by each worker; the DataLoader's default
SCALE, RATIO = (0.2, 1.0), (3 / 4, 4 / 3)
JITTER, GRAY = 0.4, 0.2
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


def uniform(low: float, high: float) -> float:
    return float(torch.empty(1).uniform_(low, high))


def crop_box(width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom; after ten attempts the largest centred square, which is near enough to compare speed."""
    for _ in range(10):
        area = width * height * uniform(*SCALE)
        ratio = math.exp(uniform(math.log(RATIO[0]), math.log(RATIO[1])))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            top = int(torch.randint(0, height - h + 1, (1,)))
            left = int(torch.randint(0, width - w + 1, (1,)))
            return left, top, left + w, top + h
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return left, top, left + side, top + side


def adjust_hue(picture: Image.Image, turns: float) -> Image.Image:
    hue, saturation, value = picture.convert("HSV").split()
    turned = np.asarray(hue) + np.uint8(int(turns * 255) % 256)  # wraps around
    return Image.merge("HSV", (Image.fromarray(turned), saturation, value)).convert("RGB")


Adjustment = Callable[[Image.Image], Image.Image]
ADJUSTMENTS: tuple[Adjustment, ...] = (
    lambda picture: ImageEnhance.Brightness(picture).enhance(uniform(1 - JITTER, 1 + JITTER)),
    lambda picture: ImageEnhance.Contrast(picture).enhance(uniform(1 - JITTER, 1 + JITTER)),
    lambda picture: ImageEnhance.Color(picture).enhance(uniform(1 - JITTER, 1 + JITTER)),
    lambda picture: adjust_hue(picture, uniform(-JITTER, JITTER)),
)


def to_tensor(picture: Image.Image) -> Tensor:
    """[3, H, W], values from 0 to 1."""
    pixels = torch.from_numpy(np.array(picture))
    return pixels.permute(2, 0, 1).contiguous().to(torch.float32).div(255)


class Views(Dataset):
    """A random view of each picture of a folder, at any depth."""

    def __init__(self, folder: Path, size: int):
        self.files = sorted(folder.rglob("*.jpg"))
        self.size = size

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, row: int) -> tuple[Tensor, int]:
        with open(self.files[row], "rb") as file:
            picture = Image.open(file).convert("RGB")
        picture = picture.crop(crop_box(*picture.size)).resize((self.size, self.size), Resampling.BILINEAR)
        if uniform(0, 1) < 0.5:
            picture = picture.transpose(Transpose.FLIP_LEFT_RIGHT)
        for which in torch.randperm(len(ADJUSTMENTS)):
            picture = ADJUSTMENTS[which](picture)
        if uniform(0, 1) < GRAY:
            picture = Image.merge("RGB", [picture.convert("L")] * 3)
        return to_tensor(picture).sub_(MEAN).div_(STD), row


class Endless(Sampler[int]):
    """Every row once in each pass, in a new order, for ever."""

    def __init__(self, count: int):
        self.count = count

    def __iter__(self) -> Iterator[int]:
        while True:
            yield from torch.randperm(self.count).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures per second of PyTorch's DataLoader with Pillow.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()

    views = Views(options.folder, options.size)
    loader = DataLoader(
        views,
        batch_size=options.batch,
        sampler=Endless(len(views)),
        num_workers=options.workers,
        prefetch_factor=PREFETCH,
    )
    batches = iter(loader)
    next(batches)
    versions = {"python": platform.python_version(), "torch": torch.__version__, "pillow": PIL.__version__}
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        for _ in range(PREFETCH * options.workers):
            next(batches)
        began = time.perf_counter()
        for _ in range(int(line)):
            next(batches)
        print(json.dumps({"seconds": time.perf_counter() - began}), flush=True)


if __name__ == "__main__":
    main()
