"""Runs an encoder in Python's ONNX Runtime, for a test that other languages get the same embeddings.

    .venv/bin/python tools/runEncoder.py encoder.onnx pixels.f32 embeds.f32 --shape 8,3,28,28
    .venv/bin/python tools/runEncoder.py encoder.onnx pixels.npy embeds.f32

Reads `pixel_values`, [N, 3, H, W] float32: a .npy file, or raw little-endian numbers with --shape. Writes the
output `image_embeds` (--output-name for another) as raw little-endian float32 and prints one line of JSON:
output, shape, onnxruntime (its version). CPU provider, one thread.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime

INPUT = "pixel_values"


def parse_shape(text: str) -> tuple[int, ...]:
    """'8,3,28,28' as four numbers."""
    shape = tuple(int(part) for part in text.split(","))
    if len(shape) != 4 or min(shape) < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected N,3,H,W; all at least 1")
    return shape


def read_pixels(path: Path, shape: tuple[int, ...] | None) -> np.ndarray:
    """[N, 3, H, W] float32. Exits with a message where the file does not hold that."""
    if path.suffix == ".npy":
        pixels = np.load(path)
        if pixels.dtype != np.float32 or pixels.ndim != 4 or (shape and pixels.shape != shape):
            raise SystemExit(
                f"{path}: found {pixels.dtype} {pixels.shape}, expected float32 {shape or 'NCHW'}"
            )
        return pixels
    if shape is None:
        raise SystemExit(f"{path}: raw numbers need --shape N,3,H,W")
    expected_bytes = 4 * int(np.prod(shape))
    if path.stat().st_size != expected_bytes:
        raise SystemExit(
            f"{path}: {path.stat().st_size} bytes, expected {expected_bytes} for float32 {shape}"
        )
    return np.fromfile(path, "<f4").reshape(shape)


def main() -> None:
    parser = argparse.ArgumentParser(description="Encodes pixels with an encoder.onnx.")
    parser.add_argument("model", type=Path)
    parser.add_argument("input", type=Path, help=".npy, or raw float32 with --shape")
    parser.add_argument("output", type=Path, help="raw float32 is written here")
    parser.add_argument("--shape", type=parse_shape, help="of raw input: N,3,H,W")
    parser.add_argument("--output-name", default="image_embeds")
    options = parser.parse_args()

    onnxruntime.disable_telemetry_events()
    session_options = onnxruntime.SessionOptions()
    session_options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(options.model), session_options, providers=["CPUExecutionProvider"]
    )
    pixels = read_pixels(options.input, options.shape)
    (embeds,) = session.run([options.output_name], {INPUT: pixels})
    embeds.astype("<f4").tofile(options.output)
    report = {"output": options.output_name, "shape": embeds.shape, "onnxruntime": onnxruntime.__version__}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
