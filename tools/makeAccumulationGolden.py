"""Writes test/golden/accumulation.json: two steps of three batches each by torch.optim, in float64.

    .venv/bin/python tools/makeAccumulationGolden.py

Gradients are accumulated as PyTorch's documentation does it: (loss / 3).backward() for each batch, then one step of the
optimizer. Batch normalization sees one batch at a time, and its running statistics and the bank change after each.

Inputs are those of tools/makeGolden.py for CASE: parameters, bank and the batches 0 ... 5. Its header also tells how a
tensor is recorded, here without float32Error. `losses` are those of the six batches; all else is as after the last step.
"momentum/<name>" is torch.optim.SGD's buffer of a parameter; "bank" the whole bank.
"""

import base64
import json

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import makeGolden
import philox

OUTPUT = makeGolden.ROOT / "test" / "golden" / "accumulation.json"
ACCUMULATION = 3  # batches of a step
STEPS = 2
CASE = makeGolden.Case(
    network="resnet18",
    objective="nonParametricSoftmax",
    width=2,
    dim=8,
    instances=20,
    batch=4,
    steps=STEPS,
    learningRate=0.01,
    noiseSize=8,
    positions=8,
)
ADAMW = {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01}


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        model.parameters(), lr=CASE.learningRate, momentum=CASE.momentum, weight_decay=CASE.weightDecay
    )


def adamw(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=CASE.learningRate, **ADAMW)


def train(make_optimizer) -> dict:
    """Losses, and what is left after the last step."""
    model = makeGolden.build(CASE, torch.float64)
    bank = torch.from_numpy(makeGolden.make_bank(CASE)).double()
    optimizer = make_optimizer(model)
    losses = []
    for batch in range(STEPS * ACCUMULATION):
        rows = torch.from_numpy(makeGolden.batch_rows(CASE, batch))
        pixels = torch.from_numpy(makeGolden.make_batch(CASE, np.empty(0), batch)).double()
        embeddings = functional.normalize(model(pixels), eps=1e-12)  # [B, D]
        loss = makeGolden.non_parametric_softmax(CASE, embeddings, rows, bank)
        (loss / ACCUMULATION).backward()
        losses.append(loss.item())
        with torch.no_grad():
            bank = bank.clone()  # the graph of the loss keeps the old one
            bank[rows] = functional.normalize(
                CASE.bankMomentum * bank[rows] + (1 - CASE.bankMomentum) * embeddings, eps=1e-12
            )
        if (batch + 1) % ACCUMULATION == 0:
            optimizer.step()
            optimizer.zero_grad()
    return {"losses": losses, "tensors": describe_all(model, optimizer, bank)}


def describe_all(model: nn.Module, optimizer: torch.optim.Optimizer, bank: torch.Tensor) -> dict:
    tensors = dict(model.named_parameters())
    tensors.update((name, value) for name, value in model.named_buffers() if value.is_floating_point())
    for name, parameter in model.named_parameters():
        buffer = optimizer.state[parameter].get("momentum_buffer")
        if buffer is not None:
            tensors[f"momentum/{name}"] = buffer
    tensors["bank"] = bank
    return {name: describe(name, makeGolden.as_array(tensor)) for name, tensor in tensors.items()}


def describe(name: str, tensor: np.ndarray) -> dict:
    flat = tensor.reshape(-1)
    positions = philox.words(CASE.seed, f"sample/{name}", min(CASE.positions, flat.size)) % flat.size
    return {
        "shape": list(tensor.shape),
        "norm": float(np.linalg.norm(flat)),
        "values": base64.b64encode(flat[positions].astype("<f8").tobytes()).decode("ascii"),
    }


def main() -> None:
    torch.set_num_threads(1)
    golden = {
        "about": "Accumulated gradients of PyTorch; tools/makeAccumulationGolden.py tells how to remake this",
        "torch": torch.__version__,
        "accumulation": ACCUMULATION,
        "case": {
            **makeGolden.asdict(CASE),
            "imageSize": [CASE.noiseSize, CASE.noiseSize],
            "pixelMean": makeGolden.PIXEL_MEAN,
            "pixelStd": makeGolden.PIXEL_STD,
        },
        "optimizers": {"sgd": train(sgd), "adamw": train(adamw)},
    }
    OUTPUT.write_text(makeGolden.print_json(golden) + "\n")
    print({name: run["losses"] for name, run in golden["optimizers"].items()}, OUTPUT.stat().st_size)


if __name__ == "__main__":
    main()
