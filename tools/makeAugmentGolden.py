"""Writes test/golden/augment.json: what torchvision's transforms make of a small picture, and how its crops are spread.

    .venv/bin/python tools/makeAugmentGolden.py

Operations on 8-bit pictures are done by Pillow, as torchvision does them on PIL pictures. Floats are computed where
Pillow has another algorithm or none: the blur with torch as torchvision does on tensors, the hue also with Python's
colorsys, and the normalization with numpy. `cases` maps a name to its settings and to the result, base64 of uint8
[height, width, 3] or of little-endian float32 [3, height, width]; a case made of `small`, `picture` with rows and
columns left out, says so. `crops` holds, for pictures and settings that reject few and many attempts, the share of
crops whose area (/ that of the picture) or whose log of width / height is at most each of some points.
"""

import base64
import colorsys
import json
from pathlib import Path

import numpy as np
import PIL
import torch
from PIL import Image, ImageEnhance
from torch.nn import functional

OUTPUT = Path(__file__).resolve().parent.parent / "test" / "golden" / "augment.json"
WIDTH, HEIGHT = 36, 28  # pixels
CROP_SIZE = 24  # pixels, of every resized result
ATTEMPTS = 10
DRAWS = 200_000
POINTS = 60

BOXES = {  # left, top, width, height
    "cropShrunk": (3, 1, 31, 26),
    "cropGrown": (20, 9, 9, 11),
    "cropMixed": (1, 2, 34, 13),
}

CROPS = [  # width, height, scale, ratio
    (500, 375, (0.2, 1.0), (3 / 4, 4 / 3)),
    (32, 32, (0.08, 1.0), (3 / 4, 4 / 3)),
    (300, 60, (0.15, 0.6), (1 / 2, 2.0)),
]


def draw_picture() -> Image.Image:
    """Waves of all colours, a saturated corner, a gray one, and a little noise."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    phases = np.array([0.0, 2.1, 4.2])
    waves = 0.5 + 0.5 * np.sin(x[..., None] / 4 + y[..., None] / 7 + phases)
    waves += 0.15 * np.random.default_rng(0).standard_normal(waves.shape)
    waves[:7, :9] = [0.95, 0.1, 0.2]
    waves[-7:, -9:] = waves[-7:, -9:].mean(axis=2, keepdims=True)
    return Image.fromarray((255 * waves.clip(0, 1)).round().astype(np.uint8))


def packed(pixels: Image.Image | np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(np.asarray(pixels)).tobytes()).decode()


def planes(picture: Image.Image) -> np.ndarray:
    """[3, height, width] float64, 0 to 1."""
    return np.asarray(picture, dtype=np.float64).transpose(2, 0, 1) / 255


def resized_crop(picture: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    left, top, width, height = box
    part = picture.crop((left, top, left + width, top + height))
    return part.resize((CROP_SIZE, CROP_SIZE), Image.Resampling.BILINEAR)


def turn_hue_of_bytes(picture: Image.Image, turn: float) -> Image.Image:
    """Hue is one of 256 steps in Pillow's HSV pictures, and torchvision cuts the turn to whole steps too."""
    hue, saturation, value = picture.convert("HSV").split()
    turned = (np.asarray(hue).astype(int) + int(turn * 255)) % 256
    bands = (Image.fromarray(turned.astype(np.uint8)), saturation, value)
    return Image.merge("HSV", bands).convert("RGB")


def turn_hue(picture: Image.Image, turn: float) -> np.ndarray:
    """The same in float64."""
    result = planes(picture)
    for at in np.ndindex(result.shape[1:]):
        hue, saturation, value = colorsys.rgb_to_hsv(*result[:, *at])
        result[:, *at] = colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value)
    return result


def blur(picture: Image.Image, kernel: int, sigma: float) -> np.ndarray:
    """One convolution with the two-dimensional kernel over the mirrored picture."""
    away = torch.linspace(-(kernel - 1) / 2, (kernel - 1) / 2, kernel, dtype=torch.float64)
    weights = torch.exp(-0.5 * (away / sigma) ** 2)
    weights = weights / weights.sum()
    square = torch.outer(weights, weights).expand(3, 1, kernel, kernel)
    mirrored = functional.pad(torch.from_numpy(planes(picture))[None], [kernel // 2] * 4, mode="reflect")
    return functional.conv2d(mirrored, square, groups=3)[0].numpy()


def resize_and_cut(picture: Image.Image, short_edge: int) -> Image.Image:
    """Resize(short_edge) of a picture that is wider than high, then CenterCrop(CROP_SIZE)."""
    size = (int(short_edge * WIDTH / HEIGHT), short_edge)
    left, top = (round((edge - CROP_SIZE) / 2) for edge in size)
    resized = picture.resize(size, Image.Resampling.BILINEAR)
    return resized.crop((left, top, left + CROP_SIZE, top + CROP_SIZE))


def make_cases(picture: Image.Image, small: Image.Image) -> dict:
    cases = {}

    def add(name: str, result: Image.Image | np.ndarray, **settings: object) -> None:
        kind = "uint8" if isinstance(result, Image.Image) else "float32"
        pixels = result if kind == "uint8" else np.asarray(result, dtype="<f4")
        cases[name] = {**settings, kind: packed(pixels)}

    for name, box in BOXES.items():
        add(name, resized_crop(picture, box), box=box)
    add("flip", small.transpose(Image.Transpose.FLIP_LEFT_RIGHT), of="small")
    for direction, amount in [("Down", 0.55), ("Up", 1.45)]:
        add(f"brightness{direction}", ImageEnhance.Brightness(picture).enhance(amount), amount=amount)
        add(f"contrast{direction}", ImageEnhance.Contrast(picture).enhance(amount), amount=amount)
        add(f"saturation{direction}", ImageEnhance.Color(picture).enhance(amount), amount=amount)
    for direction, amount in [("Back", -0.37), ("On", 0.21)]:
        add(f"hue{direction}Bytes", turn_hue_of_bytes(picture, amount), amount=amount)
        add(f"hue{direction}", turn_hue(small, amount), amount=amount, of="small")
    add("gray", picture.convert("L").convert("RGB"))
    for name, kernel, sigma in [("blurFaint", 3, 0.4), ("blur", 9, 1.3), ("blurWide", 23, 4.0)]:
        add(name, blur(small, kernel, sigma), kernel=kernel, sigma=sigma, of="small")
    mean, std = [0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.201]
    shifted = planes(small) - np.reshape(mean, (3, 1, 1))
    add("normalization", shifted / np.reshape(std, (3, 1, 1)), mean=mean, std=std, of="small")
    add("centre", resize_and_cut(picture, CROP_SIZE), resize=CROP_SIZE)
    add("centreOfLarger", resize_and_cut(picture, 27), resize=27)
    return cases


def draw_crops(
    width: int, height: int, scale: tuple[float, float], ratio: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, float]:
    """
    Sizes of DRAWS crops by RandomResizedCrop's rule: widths, heights, and the share for which every attempt failed and
    the centre was taken.
    """
    random = np.random.default_rng(0)
    shape = (DRAWS, ATTEMPTS)
    area = width * height * random.uniform(*scale, shape)
    aspect = np.exp(random.uniform(np.log(ratio[0]), np.log(ratio[1]), shape))
    widths, heights = np.rint(np.sqrt(area * aspect)), np.rint(np.sqrt(area / aspect))
    fits = (widths >= 1) & (widths <= width) & (heights >= 1) & (heights <= height)
    chosen = (np.arange(DRAWS), fits.argmax(axis=1))
    found = fits.any(axis=1)
    whole = min(max(width / height, ratio[0]), ratio[1])  # shape of the largest centred crop
    centre_width, centre_height = min(width, round(height * whole)), min(height, round(width / whole))
    return (
        np.where(found, widths[chosen], centre_width),
        np.where(found, heights[chosen], centre_height),
        1 - found.mean(),
    )


def make_crops(width: int, height: int, scale: tuple[float, float], ratio: tuple[float, float]) -> dict:
    widths, heights, centred = draw_crops(width, height, scale, ratio)

    def shares(values: np.ndarray) -> dict:
        # Points between the quantiles, off the values themselves: a rounding must not decide what lies below.
        points = (np.quantile(values, (np.arange(POINTS) + 0.5) / POINTS) + 1e-7).round(9)
        return {"points": points.tolist(), "shares": [float((values <= point).mean()) for point in points]}

    return {
        "width": width,
        "height": height,
        "scale": scale,
        "ratio": ratio,
        "centred": centred,
        "area": shares(widths * heights / (width * height)),
        "logRatio": shares(np.log(widths / heights)),
    }


def main() -> None:
    picture = draw_picture()
    small = picture.resize((CROP_SIZE, CROP_SIZE), Image.Resampling.NEAREST)
    golden = {
        "about": "torchvision's transforms by Pillow, torch and numpy; tools/makeAugmentGolden.py tells what is what",
        "command": ".venv/bin/python tools/makeAugmentGolden.py",
        "versions": {"pillow": PIL.__version__, "torch": torch.__version__, "numpy": np.__version__},
        "picture": {"width": WIDTH, "height": HEIGHT, "data": packed(picture)},
        "small": {"width": CROP_SIZE, "height": CROP_SIZE, "data": packed(small)},
        "cases": make_cases(picture, small),
        "draws": DRAWS,
        "crops": [make_crops(*case) for case in CROPS],
    }
    OUTPUT.write_text(json.dumps(golden, indent=1) + "\n")
    print(f"{OUTPUT}: {OUTPUT.stat().st_size} bytes, {len(golden['cases'])} cases")


if __name__ == "__main__":
    main()
