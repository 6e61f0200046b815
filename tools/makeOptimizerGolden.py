"""Writes test/golden/optimizers.json: parameters after ten steps of torch.optim, in float64.

    .venv/bin/python tools/makeOptimizerGolden.py

The net is y = x·Wᵀ + b with W [3, 4] and b [3], the loss the mean of (y - t)². Of the streams of tools/philox.py with
seed 0, each number 2u - 1: W from "init/weight", b from "init/bias", x [5, 4] of step s from "x/<s>", t [5, 3] from
"t/<s>". `weight` and `bias` are those after the tenth step.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

import philox

OUTPUT = Path(__file__).resolve().parent.parent / "test" / "golden" / "optimizers.json"
STEPS = 10
RATE = 0.05

CASES = {
    "sgd": (torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.1}, True),
    "sgdWithoutMomentum": (torch.optim.SGD, {"momentum": 0.0, "weight_decay": 0.0}, True),
    "sgdNesterov": (torch.optim.SGD, {"momentum": 0.8, "weight_decay": 0.1, "nesterov": True}, True),
    "sgdDecayOfWeights": (torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.1}, False),
    "adamw": (torch.optim.AdamW, {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01}, True),
    "adamwDecayOfWeights": (torch.optim.AdamW, {"betas": (0.7, 0.9), "eps": 1e-2, "weight_decay": 0.3}, False),
}


def numbers(label: str, *shape: int) -> torch.Tensor:
    """Uniform in [-1, 1)."""
    return torch.from_numpy(2 * philox.uniform(0, label, int(np.prod(shape))) - 1).reshape(shape)


def train(name: str) -> dict:
    """The parameters after the last step."""
    make, settings, decay_bias = CASES[name]
    weight = numbers("init/weight", 3, 4).requires_grad_()
    bias = numbers("init/bias", 3).requires_grad_()
    groups = [{"params": [weight]}, {"params": [bias], **({} if decay_bias else {"weight_decay": 0.0})}]
    optimizer = make(groups, lr=RATE, **settings)
    for step in range(STEPS):
        loss = functional.mse_loss(numbers(f"x/{step}", 5, 4) @ weight.T + bias, numbers(f"t/{step}", 5, 3))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return {"weight": weight.flatten().tolist(), "bias": bias.tolist()}


def main() -> None:
    golden = {
        "about": "Parameters after ten steps of torch.optim; tools/makeOptimizerGolden.py tells how to remake this",
        "torch": torch.__version__,
        "rate": RATE,
        "steps": STEPS,
        "cases": {name: train(name) for name in CASES},
    }
    OUTPUT.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
