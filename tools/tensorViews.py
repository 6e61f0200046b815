"""Random views of square pictures as torch tensors, a batch at a time: crop, flip, colour jitter, gray.

What is drawn and what an operation does is as in torchvision.transforms (RandomResizedCrop, RandomHorizontalFlip,
ColorJitter, RandomGrayscale). It is written here for whole batches in which every picture has its own draw, so that
two cores make some thousand small pictures a second. Values stay floats from 0 to 1; with Pillow's pictures
torchvision rounds to 8 bits after every operation.

It shares no code with src/data/ and is no port of it: tools/cifarParity.py needs a second opinion.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

CROP_ATTEMPTS = 10
LUMA = torch.tensor([0.2989, 0.587, 0.114]).view(1, 3, 1, 1)  # ITU-R BT.601, to torchvision's places
FULL_AT = torch.tensor([0.0, 2.0, 4.0]).view(1, 3, 1, 1)  # hue of red, green and blue, in sixths of a turn


@dataclass(frozen=True)
class ViewOptions:
    scale: tuple[float, float] = (0.2, 1.0)  # area of the crop / area of the picture
    ratio: tuple[float, float] = (3 / 4, 4 / 3)  # width / height of the crop, drawn on a logarithmic scale
    flip: float = 0.5  # probability
    jitter: float = 0.4  # factors of brightness, contrast, saturation: 1 -+ jitter
    hue: float = 0.1  # turns: -+ hue
    gray: float = 0.2  # probability


def random_views(pictures: Tensor, rng: np.random.Generator, options: ViewOptions) -> Tensor:
    """pictures: [B, 3, S, S], values from 0 to 1. Returns views of the same shape."""
    count, size = len(pictures), pictures.shape[-1]
    top, left, height, width = crop_boxes(rng, count, size, options)
    flipped = torch.from_numpy(rng.random(count) < options.flip)
    rows = resampling(top, height, size)
    columns = resampling(left, width, size)
    columns = torch.where(flipped.view(-1, 1, 1), columns.flip(1), columns)
    views = rows.unsqueeze(1) @ pictures @ columns.transpose(1, 2).unsqueeze(1)
    views = jitter(views, rng, options)
    gray = torch.from_numpy(rng.random(count) < options.gray).view(-1, 1, 1, 1)
    return torch.where(gray, luma(views), views)


def crop_boxes(rng: np.random.Generator, count: int, size: int, options: ViewOptions) -> tuple[np.ndarray, ...]:
    """Top, left, height and width of a box for each picture, [count] whole numbers; the whole where none would fit."""
    height = np.full(count, size)
    width = np.full(count, size)
    missing = np.arange(count)
    for _ in range(CROP_ATTEMPTS):
        area = size * size * rng.uniform(*options.scale, len(missing))
        ratio = np.exp(rng.uniform(*np.log(options.ratio), len(missing)))
        tall = np.rint(np.sqrt(area / ratio)).astype(int)
        wide = np.rint(np.sqrt(area * ratio)).astype(int)
        fits = (tall >= 1) & (tall <= size) & (wide >= 1) & (wide <= size)
        height[missing[fits]], width[missing[fits]] = tall[fits], wide[fits]
        missing = missing[~fits]
    return rng.integers(0, size - height + 1), rng.integers(0, size - width + 1), height, width


def resampling(first: np.ndarray, length: np.ndarray, size: int) -> Tensor:
    """[B, size, size]: for each picture the weights that make `length` pixels from `first` on into `size` pixels.

    Antialiased bilinear, as Pillow has it: a triangle that is one pixel wide to each side, or where the picture
    shrinks one new pixel; pixels outside of the box do not exist.
    """
    first, length = torch.from_numpy(first).view(-1, 1, 1), torch.from_numpy(length).view(-1, 1, 1)
    step = length / size  # old pixels to a new one
    centre = first + (torch.arange(size).view(1, -1, 1) + 0.5) * step
    pixel = torch.arange(size).view(1, 1, -1)
    weights = (1 - (pixel + 0.5 - centre).abs() / step.clamp(min=1)).clamp(min=0)
    weights = weights * ((pixel >= first) & (pixel < first + length))
    return (weights / weights.sum(2, keepdim=True)).float()


def jitter(views: Tensor, rng: np.random.Generator, options: ViewOptions) -> Tensor:
    """The four adjustments, in an order of its own for each picture."""
    count = len(views)
    reach = np.array([[options.jitter]] * 3 + [[options.hue]])
    amounts = (rng.uniform(-1, 1, (4, count)) * reach).astype(np.float32)
    amounts[:3] += 1
    order = rng.permuted(np.tile(np.arange(4), (count, 1)), axis=1)
    for position in range(4):
        for which, adjust in enumerate((brightness, contrast, saturation, hue)):
            rows = np.flatnonzero(order[:, position] == which)
            if len(rows) > 0:
                views[rows] = adjust(views[rows], torch.from_numpy(amounts[which, rows]).view(-1, 1, 1, 1))
    return views


def luma(views: Tensor) -> Tensor:
    """[B, 1, S, S]"""
    return (views * LUMA).sum(1, keepdim=True)


def brightness(views: Tensor, factor: Tensor) -> Tensor:
    return (views * factor).clamp(0, 1)


def contrast(views: Tensor, factor: Tensor) -> Tensor:
    """Away from, or towards, the mean of the picture's gray version."""
    return torch.lerp(luma(views).mean((2, 3), keepdim=True), views, factor).clamp(0, 1)


def saturation(views: Tensor, factor: Tensor) -> Tensor:
    """Away from, or towards, the gray version."""
    return torch.lerp(luma(views).expand_as(views), views, factor).clamp(0, 1)


def hue(views: Tensor, turns: Tensor) -> Tensor:
    """Turns the hue of HSV; value and saturation stay."""
    value, least = views.amax(1), views.amin(1)  # [B, S, S]
    chroma = value - least
    red, green, blue = views.unbind(1)
    divisor = torch.where(chroma == 0, 1.0, chroma)
    sixths = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    # Around the wheel a channel is full for two sixths, falls for one, is least for two, and rises for one; the three
    # follow each other at a distance of two. `apart` is how far the hue is from the middle of a channel's full part.
    turned = (sixths + 6 * turns.squeeze(1)).unsqueeze(1)
    apart = (turned - FULL_AT + 3).remainder(6).sub_(3).abs_()
    return least.unsqueeze(1) + chroma.unsqueeze(1) * (2 - apart).clamp_(0, 1)
