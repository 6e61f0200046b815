"""Instance discrimination on CIFAR-10 in PyTorch: the other side of tools/cifarParity.ts, which starts it.

    .venv/bin/python tools/cifarParity.py FOLDER --seed 0 --epochs 5 [--threads 2] [--weights FILE]

FOLDER has train/<class>/*.jpg and val/<class>/*.jpg, all of 32x32 pixels. Prints one line of JSON: kNN accuracy of the
finished network and of raw pixels, mean loss and kNN accuracy of every epoch, pictures per second.

The recipe, after Wu et al. 2018, sections 3.1 and 3.4: embeddings f of unit length (ResNet-18, CIFAR stem, 128-d head);
a bank v with a row for each picture; loss -log of exp(v_i.f/tau) / sum_j exp(v_j.f/tau) over the whole bank; then
v_i becomes normalize(0.5 v_i + 0.5 f). The bank begins as the untrained network's embeddings of the pictures. SGD with
momentum and weight decay on every parameter; the rate rises for 100 steps and falls along a cosine to 0. Pictures go
through the views of tensorViews.py (hue turns by up to 0.1: with the authors' 0.4 five epochs of 10,000 pictures learn
less than raw pixels know) to learn from, and untouched to evaluate: they have the size of the network's input.
kNN: the 200 nearest rows vote with exp(cosine/0.07) each.

What begins as on our side: layers as torch.nn starts them, which is uniform in +-1/sqrt(fan_in) in both; mean and
deviation of pixels measured on 2,000 pictures spread evenly in the order of their paths, to four places; the bank filled
in that order, in batches of 128 normalized by their own statistics. What differs: every random number.
"""

import argparse
import copy
import json
import math
import platform
import sys
import time
from pathlib import Path

import numpy as np
import PIL
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from exchangeWeights import read_safetensors
from networks import NETWORKS
from tensorViews import ViewOptions, random_views

DIM = 128
WIDTH = 16
BATCH = 128
TEMPERATURE = 0.1
BANK_MOMENTUM = 0.5  # share of the old row
RATE = 0.03
WARM_UP_STEPS = 100
SGD = {"momentum": 0.9, "weight_decay": 5e-4}
NEIGHBOURS = (200, 1)
KNN_TEMPERATURE = 0.07
MEASURED_PICTURES = 2000


def read_pictures(folder: Path) -> tuple[Tensor, Tensor]:
    """Pictures [N, 3, 32, 32], values from 0 to 1, in the order of their paths, and labels [N]."""
    classes = sorted(path for path in folder.iterdir() if path.is_dir())
    files = [(path, label) for label, kind in enumerate(classes) for path in sorted(kind.iterdir())]
    pixels = np.stack([np.asarray(Image.open(path).convert("RGB")) for path, _ in files])
    pictures = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div(255)
    return pictures.contiguous(), torch.tensor([label for _, label in files])


class Normalization:
    """By mean and deviation of each channel."""

    def __init__(self, pictures: Tensor):
        count = min(MEASURED_PICTURES, len(pictures))
        some = pictures[torch.arange(count) * len(pictures) // count].double()
        self.mean = some.mean((0, 2, 3)).round(decimals=4).float().view(1, 3, 1, 1)
        self.std = some.std((0, 2, 3), correction=0).round(decimals=4).float().view(1, 3, 1, 1)

    def __call__(self, pictures: Tensor) -> Tensor:
        normal = (pictures - self.mean) / self.std
        return normal.contiguous(memory_format=torch.channels_last)


class Encoder(nn.Module):
    """Pictures to vectors of unit length."""

    def __init__(self) -> None:
        super().__init__()
        self.network = NETWORKS["resnet18"](WIDTH, DIM, "cifar")

    def forward(self, pictures: Tensor) -> Tensor:
        return F.normalize(self.network(pictures))


@torch.no_grad()
def encode(model: nn.Module, pictures: Tensor, normalize: Normalization) -> Tensor:
    """[N, DIM]. The last batch is full like all others: it begins before the one ahead of it ends."""
    embeddings = torch.empty(len(pictures), DIM)
    for first in range(0, len(pictures), BATCH):
        first = max(0, min(first, len(pictures) - BATCH))
        embeddings[first : first + BATCH] = model(normalize(pictures[first : first + BATCH]))
    return embeddings


@torch.no_grad()
def knn_accuracy(bank: Tensor, bank_labels: Tensor, queries: Tensor, labels: Tensor) -> dict[int, float]:
    """Share of queries whose class gets most votes, by number of neighbours. All vectors have unit length."""
    most = min(max(NEIGHBOURS), len(bank))
    nearest = (queries @ bank.T).topk(most)
    votes_of = (nearest.values / KNN_TEMPERATURE).exp()
    accuracy = {}
    for k in (min(k, most) for k in NEIGHBOURS):
        votes = torch.zeros(len(queries), int(bank_labels.max()) + 1)
        votes.scatter_add_(1, bank_labels[nearest.indices[:, :k]], votes_of[:, :k])
        accuracy[k] = (votes.argmax(1) == labels).double().mean().item()
    return accuracy


def load_weights(network: nn.Module, file: Path) -> None:
    """Every parameter and running statistic; what else the file holds, such as momentum, is left."""
    state = network.state_dict()
    given = read_safetensors(file)
    network.load_state_dict({name: given.get(name, state[name]) for name in state})


def rate_at(step: int, steps: int) -> float:
    """Learning rate of a step, counted from 0."""
    if step < WARM_UP_STEPS:
        return RATE * (step + 1) / WARM_UP_STEPS
    return RATE * 0.5 * (1 + math.cos(math.pi * (step - WARM_UP_STEPS) / max(1, steps - WARM_UP_STEPS)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Instance discrimination on CIFAR-10 in PyTorch.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--weights", type=Path, help="safetensors to start from, instead of torch.nn's random ones")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    began = time.perf_counter()
    pictures, labels = read_pictures(options.folder / "train")
    held_out, held_out_labels = read_pictures(options.folder / "val")
    normalize = Normalization(pictures)
    flat = [F.normalize(normalize(of).flatten(1)) for of in (pictures, held_out)]
    raw_pixels = knn_accuracy(flat[0], labels, flat[1], held_out_labels)

    model = Encoder().to(memory_format=torch.channels_last)
    if options.weights is not None:
        load_weights(model.network, options.weights)
    # A copy, since the pass moves the running statistics, and training is to begin with fresh ones.
    bank = encode(copy.deepcopy(model).train(), pictures, normalize)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, **SGD)
    steps_per_epoch = len(pictures) // BATCH
    steps = steps_per_epoch * options.epochs
    epochs, training_seconds, step = [], 0.0, 0
    for epoch in range(options.epochs):
        model.train()
        epoch_began, losses = time.perf_counter(), 0.0
        for rows in torch.randperm(len(pictures))[: steps_per_epoch * BATCH].split(BATCH):
            views = random_views(pictures[rows], rng, ViewOptions())
            embeddings = model(normalize(views))
            loss = F.cross_entropy(embeddings @ bank.T / TEMPERATURE, rows)
            optimizer.param_groups[0]["lr"] = rate_at(step, steps)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            old = bank[rows]
            bank[rows] = F.normalize(BANK_MOMENTUM * old + (1 - BANK_MOMENTUM) * embeddings.detach())
            losses += loss.item()
            step += 1
        training_seconds += time.perf_counter() - epoch_began
        queries = encode(model.eval(), held_out, normalize)
        knn = knn_accuracy(bank, labels, queries, held_out_labels)
        epochs.append({"epoch": epoch + 1, "loss": losses / steps_per_epoch, "knn": knn})
        speed = step * BATCH / training_seconds
        print(f"PyTorch, seed {options.seed}, epoch {epoch + 1}: {epochs[-1]}, {speed:.0f} images/s", file=sys.stderr)

    learned_bank = encode(model.eval(), pictures, normalize)
    queries = encode(model, held_out, normalize)
    report = {
        "seed": options.seed,
        "learned": knn_accuracy(learned_bank, labels, queries, held_out_labels),
        "rawPixels": raw_pixels,
        "epochs": epochs,
        "picturesPerSecond": steps * BATCH / training_seconds,
        "seconds": time.perf_counter() - began,
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "pillow": PIL.__version__},
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
