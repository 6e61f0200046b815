"""Writes test/golden/objectives/<case>.json for the objectives beside the full softmax: what PyTorch computes in ten steps.

    .venv/bin/python tools/makeObjectiveGolden.py nce

The file is that of tools/makeGolden.py, which tells how to read it and how inputs are made. In addition:

    noise rows       m = 64 of n = 128 for each picture of step s: words of the stream "noise/<s>", one for each row,
                     taken modulo n-1 after those at or above the largest multiple of n-1 below 2^32 are left out;
                     rows from the picture's own on move up by one, so the own row is never drawn. In case
                     infonce it may be: the modulus is n, and nothing moves
    class weights    "instances.weight" [n, D] of the parametric softmax, a linear layer without bias
    logNormalizer    ln Z of the first batch, from the float64 run: n times the mean of exp(s/tau) over the own
                     and the noise rows. Both runs take it as given
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

import makeGolden
import philox
from makeGolden import Case
from networks import NETWORKS, BasicBlock, ResNet


@dataclass(frozen=True)
class NoiseCase(Case):
    """A case whose objective draws noise."""

    negatives: int = 64  # m
    ownAsNoise: bool = False
    epsilon: float = 0.0
    proximal: float = 0.0
    logNormalizer: float | None = None


def noise_rows(case: NoiseCase, rows: Tensor) -> Tensor:
    """[B, m] for the step that takes `rows`; its number follows from the first of them."""
    step = rows[0].item() // case.batch
    open_rows = case.instances - (0 if case.ownAsNoise else 1)
    limit = 2**32 - 2**32 % open_rows
    count = case.batch * case.negatives
    words = philox.words(case.seed, f"noise/{step}", count + 64).astype(np.uint64)
    drawn = torch.from_numpy((words[words < limit][:count] % open_rows).astype(np.int64))
    drawn = drawn.reshape(case.batch, case.negatives)
    return drawn if case.ownAsNoise else drawn + (drawn >= rows[:, None])


def similarities(case: NoiseCase, embeddings: Tensor, rows: Tensor, bank: Tensor) -> tuple[Tensor, Tensor]:
    """s/tau with the own row [B] and with the noise rows [B, m]."""
    noise = torch.einsum("bd,bmd->bm", embeddings, bank[noise_rows(case, rows)])
    return (embeddings * bank[rows]).sum(1) / case.temperature, noise / case.temperature


def nce(case: NoiseCase, embeddings: Tensor, rows: Tensor, bank: Tensor) -> Tensor:
    """As the authors' code writes it, with exponentials. Source: Wu et al. 2018, Eqs. 4 to 10."""
    own, noise = similarities(case, embeddings, rows, bank)
    ratio = case.negatives / case.instances
    p_own, p_noise = torch.exp(own - case.logNormalizer), torch.exp(noise - case.logNormalizer)
    own_loss = -torch.log(p_own / (p_own + ratio + case.epsilon))
    noise_loss = -torch.log(ratio / (p_noise + ratio + case.epsilon)).sum(1)
    drift = (embeddings - bank[rows]).square().sum(1)
    return (own_loss + noise_loss + case.proximal * drift).mean()


def infonce(case: NoiseCase, embeddings: Tensor, rows: Tensor, bank: Tensor) -> Tensor:
    """Cross-entropy with the own row in column 0."""
    own, noise = similarities(case, embeddings, rows, bank)
    logits = torch.cat([own[:, None], noise], 1)
    return functional.cross_entropy(logits, torch.zeros(case.batch, dtype=torch.long))


class WithInstances(ResNet):
    """A network that carries the class weights of the parametric softmax as one of its parameters."""

    latest: "WithInstances"  # the one being trained: an objective is not handed its network

    def __init__(self, width: int, dim: int, stem: str):
        super().__init__(BasicBlock, [2, 2, 2, 2], width, dim, stem)
        self.instances = torch.nn.Linear(dim, SMALL.instances, bias=False)
        WithInstances.latest = self


def parametric(case: NoiseCase, embeddings: Tensor, rows: Tensor, bank: Tensor) -> Tensor:
    """Source: Wu et al. 2018, Eq. 1."""
    return functional.cross_entropy(WithInstances.latest.instances(embeddings), rows)


NETWORKS["resnet18WithInstances"] = WithInstances
makeGolden.OBJECTIVES.update({"nce": nce, "infonce": infonce, "parametric": parametric})

SMALL = NoiseCase(
    network="resnet18",
    objective="nce",
    seed=226,
    width=8,
    dim=128,
    instances=128,
    batch=8,
    steps=10,
    positions=32,
    learningRate=1e-5,  # at 3e-3 rounding grows to 5 % within these steps, in PyTorch too
)
CASES = {
    "nce": SMALL,
    "nceEpsilonProximal": replace(SMALL, epsilon=1e-3, proximal=10.0, temperature=0.07),
    "infonce": replace(SMALL, objective="infonce", ownAsNoise=True),
    "parametric": replace(SMALL, network="resnet18WithInstances", objective="parametric"),
}


def first_log_normalizer(case: NoiseCase, pictures: np.ndarray) -> float:
    """ln Z of the first batch in float64."""
    rows = torch.from_numpy(makeGolden.batch_rows(case, 0))
    model = makeGolden.build(case, torch.float64)
    with torch.no_grad():
        pixels = torch.from_numpy(makeGolden.make_batch(case, pictures, 0)).double()
        embeddings = functional.normalize(model(pixels), eps=1e-12)
        own, noise = similarities(case, embeddings, rows, torch.from_numpy(makeGolden.make_bank(case)).double())
        return float(torch.cat([own[:, None], noise], 1).exp().mean().log() + np.log(case.instances))


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes test/golden/objectives/<case>.json from PyTorch.")
    parser.add_argument("case", choices=sorted(CASES))
    name = parser.parse_args().case
    output = makeGolden.ROOT / "test" / "golden" / f"objectives/{name}.json"

    philox.check_known_answers()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    pictures = makeGolden.read_pictures(makeGolden.ROOT / makeGolden.SAMPLE)
    case = CASES[name]
    if case.objective == "nce":
        case = replace(case, logNormalizer=first_log_normalizer(case, pictures))
    makeGolden.CASES[name] = case
    golden = makeGolden.make_golden(name, pictures)
    golden["about"] = "PyTorch's results for step parity; tools/makeObjectiveGolden.py tells how to read and remake this"
    golden["command"] = f"python tools/makeObjectiveGolden.py {name}"
    output.write_text(makeGolden.print_json(golden) + "\n")
    makeGolden.print_summary(golden)
    print(f"{output}: {output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
