"""Writes test/golden/objectives/<network>-<objective>.json for the objectives beside the full softmax.

    .venv/bin/python tools/makeObjectiveGolden.py resnet50-nce alexnet-infonce

What PyTorch computes in ten steps. tools/makeGolden.py tells how to read such a file and how inputs are made; networks,
their sizes and their seeds are those of its cases, too. In addition:

    noise rows       m = 64 for each picture of step s: words of the stream "noise/<s>", one for each row, taken
                     modulo n-1 after those at or above the largest multiple of n-1 below 2^32 are left out; rows
                     from the picture's own on move up by one, so the own row is never drawn. With infonce it may
                     be: the modulus is n, and nothing moves
    class weights    "instances.weight" [n, D] of the parametric softmax, a linear layer without bias, in PyTorch's
                     default whatever the network's other layers start from
    logNormalizer    ln Z of the first batch, from the float64 run: n times the mean of exp(s/tau) over the own
                     and the noise rows. Both runs take it as given

To keep files small, there are gradients alone, and of each its sampled values and `float32Error`, the larger one of
`sampled` and `whole`. Running statistics of the first step do not know the objective: they are those of
test/golden/<forward>.json, which is checked.
"""

import argparse
import json
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import makeGolden
import philox
from makeGolden import Case
from networks import NETWORKS, set_dropout_noise, uniform_by_fan_in

FOLDER = makeGolden.ROOT / "test" / "golden"
WITH_INSTANCES = "WithInstances"  # ends the name of a network that carries class weights


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


def with_instances(model: nn.Module, dim: int, instances: int) -> nn.Module:
    """The network, with the class weights of the parametric softmax as one of its parameters."""
    initial = model.linear_initial

    def initial_with_instances(seed: int, name: str, weight: Tensor) -> np.ndarray:
        rule = uniform_by_fan_in if name.startswith("instances.") else initial
        return rule(seed, name, weight)

    model.linear_initial = initial_with_instances
    model.instances = nn.Linear(dim, instances, bias=False)
    training.clear()
    training.append(model)
    return model


training: list[nn.Module] = []  # the network being trained: an objective is not handed it


def parametric(case: NoiseCase, embeddings: Tensor, rows: Tensor, bank: Tensor) -> Tensor:
    """Source: Wu et al. 2018, Eq. 1."""
    return functional.cross_entropy(training[0].instances(embeddings), rows)


makeGolden.OBJECTIVES.update({"nce": nce, "infonce": infonce, "parametric": parametric})

# A network's case of tools/makeGolden.py, and what is different here.
FORWARDS = {
    "resnet18": ("resnet18SoftmaxSmall", {"positions": 24}),
    "resnet18ImagenetStem": ("resnet18ImagenetStem", {"positions": 16}),
    "resnet50": ("resnet50", {"learningRate": 2e-7}),  # at 2e-6 rounding grows to 0.5 %, in PyTorch too
    "alexnet": ("alexnet", {"positions": 16}),
    "vgg16_bn": ("vgg16_bn", {"positions": 24}),
}
INSTANCES = 128  # no row comes twice in ten steps: the number of the step follows from its rows
LEARNING_RATE = 1e-5  # at 3e-3 rounding grows to 5 % within ten steps of NCE, in PyTorch too
OBJECTIVES = {
    "nce": {},
    "infonce": {"ownAsNoise": True},
    "parametric": {},
}


def make_case(network: str, objective: str) -> NoiseCase:
    forward, changes = FORWARDS[network]
    shared = replace(
        makeGolden.CASES[forward],
        objective=objective,
        instances=INSTANCES,
        steps=10,
        learningRate=LEARNING_RATE,
    )
    return NoiseCase(**{**asdict(shared), **changes, **OBJECTIVES[objective]})


CASES = {
    f"{network}-{objective}": make_case(network, objective) for network in FORWARDS for objective in OBJECTIVES
}
CASES["resnet18-nceEpsilonProximal"] = replace(
    CASES["resnet18-nce"], epsilon=1e-3, proximal=10.0, temperature=0.07
)


def first_log_normalizer(case: NoiseCase, pictures: np.ndarray) -> float:
    """ln Z of the first batch in float64."""
    rows = torch.from_numpy(makeGolden.batch_rows(case, 0))
    model = makeGolden.build(case, torch.float64)
    set_dropout_noise(model, case.seed, 0, case.batch)
    with torch.no_grad():
        pixels = torch.from_numpy(makeGolden.make_batch(case, pictures, 0)).double()
        embeddings = functional.normalize(model(pixels), eps=1e-12)
        own, noise = similarities(case, embeddings, rows, torch.from_numpy(makeGolden.make_bank(case)).double())
        return float(torch.cat([own[:, None], noise], 1).exp().mean().log() + np.log(case.instances))


def check_statistics(forward: str, found: dict[str, dict]) -> None:
    """Those of the other file are this case's, too."""
    recorded = json.loads((FOLDER / f"{forward}.json").read_text())["firstStep"]["runningStatistics"]
    norms = [[tensors[name]["norm"] for name in recorded] for tensors in (recorded, found)]
    if recorded.keys() != found.keys() or not np.allclose(*norms, rtol=1e-9, atol=0):
        raise SystemExit(f"running statistics are not those of {forward}.json: make that file first")


def make_objective_golden(name: str, pictures: np.ndarray) -> dict:
    """The content of a golden file."""
    case = CASES[name]
    network, forward = case.network, FORWARDS[name.split("-")[0]][0]
    if case.objective == "nce":
        case = replace(case, logNormalizer=first_log_normalizer(case, pictures))
    if case.objective == "parametric":
        case = replace(case, network=network + WITH_INSTANCES)
        NETWORKS[case.network] = lambda width, dim, stem: with_instances(
            NETWORKS[network](width, dim, stem), dim, case.instances
        )
    makeGolden.CASES[name] = case
    golden = makeGolden.make_golden(name, pictures)
    makeGolden.print_summary(golden)
    check_statistics(forward, golden["firstStep"]["runningStatistics"])
    golden["about"] = "PyTorch's results for step parity; tools/makeObjectiveGolden.py tells how to read and remake this"
    golden["command"] = f"python tools/makeObjectiveGolden.py {name}"
    golden["case"]["network"] = network
    golden["forward"] = forward
    gradients = golden.pop("firstStep")["gradients"].items()
    golden["gradients"] = {
        key: {"float32Error": max(tensor["float32Error"].values()), "values": tensor["values"]}
        for key, tensor in gradients
    }
    return golden


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes test/golden/objectives/<case>.json from PyTorch.")
    parser.add_argument("cases", nargs="+", metavar="case", choices=CASES, help="one or more of %(choices)s")
    names = parser.parse_args().cases

    philox.check_known_answers()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    pictures = makeGolden.read_pictures(makeGolden.ROOT / makeGolden.SAMPLE)
    for name in names:
        golden = make_objective_golden(name, pictures)
        output = FOLDER / "objectives" / f"{name}.json"
        output.write_text(makeGolden.print_json(golden) + "\n")
        print(f"{output}: {output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
