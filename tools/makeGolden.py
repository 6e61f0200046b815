"""Writes test/golden/<case>.json: what PyTorch computes, for tests of our training steps.

    .venv/bin/python tools/makeGolden.py resnet18Softmax

Nothing but results is in the file. Pictures, parameters and bank are made again by whoever checks it, from
the committed sample and from the streams of tools/philox.py (src/random/ draws the same numbers), as follows:

    parameters   as torchvision starts them (tools/networks.py), computed in float64 and rounded once, in C order
                 from the stream "init/<name>": uniform in +-1/sqrt(fan_in), PyTorch's default, or normal of
                 variance 2/fan_out or 0.01^2 with biases 0; BatchNorm weight 1, bias 0, running mean 0,
                 running variance 1
    bank         [n, D], float32(sqrt(3/D) * (2u - 1)) from the stream "bank", not normalized
    batch        step s (0-based) takes the rows (B*s + i) mod n, i = 0 ... B-1, without augmentation. Where
                 noiseSize is null, of the sample: a pixel p becomes float32((p/255 - 0.286) / 0.353), computed
                 in float64, in each of 3 channels. Else pictures are noise of that side: the row's [3, S, S] are
                 float32(sqrt(3) * (2u - 1)) from the stream "pixels/<row>". In noise, channels differ and
                 windows of max-pooling have no equal maxima
    dropout      noise in [0, 1) from the stream "dropout/<step>", used up by one dropout after the other, each in
                 C order; units whose noise is at least 0.5 are kept
    bank update  a visited row v becomes normalize(0.5*v + 0.5*f); the gradient has used the bank before it

`inputs` in the file holds SHA-256 digests of the first three, so that a test can tell wrong inputs from a
wrong step.

Everything runs twice: in float64, which stands for the truth, and in float32, whose distance from float64
says how much rounding any float32 implementation may be forgiven. Both on one thread. The float64 run starts
from the float32 values.

A tensor is recorded as
    shape         its dimensions
    norm          L2 norm of the whole float64 tensor
    values        base64 of little-endian float64: the float64 run at min(64, size) positions, which are
                  word mod size for consecutive words of the stream "sample/<name>" (positions may repeat)
    float32Error  |a32 - a64| / |a64|, L2, for PyTorch's float32 run: `sampled` at those positions, `whole` on
                  the whole tensor; absolute if a64 is zero, as the gradient of a bias before a BatchNorm is:
                  its norm is then below 1e-12
Gradients are those of the loss alone: weight decay and momentum come after them. Names are PyTorch's;
"embeddings" are f, [B, D], and "bankRows" the rows written back, [B, D], both of the first step.

`reluKinks` tells what float32 can be held to. Where a ReLU's input is nearer to zero than rounding, two right
float32 programs may disagree about its sign, and a single such unit moves whole gradients by about 0.5 %.
    margin     the smallest |input| of any ReLU in the first step of the float64 run
    gap        the smallest distance of the two largest numbers in a window of max-pooling there, of those windows
               whose largest is positive; null without max-pooling
    rounding   the largest |a32 - a64| of those inputs, for PyTorch's float32 run
    flips      how many of them have another sign in float32
resnet18Softmax has flips, as any network of its size would. The others have none: they are small, and their seeds
were chosen (`--find-seed 100`) for a clearance above rounding, so their gradients can be compared tightly.

`losses` part company even so: within ten steps rounding grows to a percent, in PyTorch's own float32 run too.

Adding a network: a torch.nn.Module and a line in tools/networks.py. Adding an objective: a function below and a
line in OBJECTIVES. Then a line in CASES.
"""

import argparse
import base64
import gzip
import hashlib
import json
import platform
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import philox
from networks import NETWORKS, make_parameters, set_dropout_noise

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = "src/data/sample/t10k-images-idx3-ubyte.gz"
PIXEL_MEAN = 0.286
PIXEL_STD = 0.353
FLOATS = (torch.float64, torch.float32)
ZERO = 1e-12  # a norm below which a tensor is zero but for float64's rounding


@dataclass(frozen=True)
class Case:
    """One golden file: which step, on what, for how long."""

    network: str  # key of networks.NETWORKS
    objective: str  # key of OBJECTIVES
    stem: str | None = "cifar"  # None for networks with one kind of first layers
    seed: int = 0
    width: int = 16  # channels of the first stage
    dim: int = 128  # D, of an embedding
    instances: int = 512  # n, bank rows and pictures
    batch: int = 32  # B
    steps: int = 50
    temperature: float = 0.1
    learningRate: float = 0.03
    momentum: float = 0.9
    weightDecay: float = 5e-4  # on every parameter
    bankMomentum: float = 0.5
    noiseSize: int | None = None  # S: pictures are noise of that side; None: those of the sample
    positions: int = 64  # numbers recorded of each tensor


# --- Where small errors decide --------------------------------------------------------------------------------


class Kinks:
    """Watches a network's ReLUs and max-poolings: inputs and windows of every later forward pass."""

    def __init__(self, model: nn.Module):
        self.relu_inputs: list[Tensor] = []
        self.gaps: list[Tensor] = []
        for module in model.modules():
            if isinstance(module, nn.ReLU):
                module.register_forward_hook(self._keep_inputs)
            elif isinstance(module, nn.MaxPool2d):
                module.register_forward_hook(self._keep_gaps)

    def clear(self) -> None:
        self.relu_inputs.clear()
        self.gaps.clear()

    def _keep_inputs(self, _: nn.Module, inputs: tuple[Tensor], __: Tensor) -> None:
        self.relu_inputs.append(inputs[0].detach().double())

    def _keep_gaps(self, pool: nn.MaxPool2d, inputs: tuple[Tensor], _: Tensor) -> None:
        padded = functional.pad(inputs[0].detach().double(), [pool.padding] * 4, value=-torch.inf)
        windows = padded.unfold(2, pool.kernel_size, pool.stride).unfold(3, pool.kernel_size, pool.stride)
        first, second = windows.flatten(4).topk(2).values.unbind(-1)
        self.gaps.append((first - second)[first > 0])


# --- Objectives: (case, embeddings [B, D], rows [B], bank [n, D]) -> loss in nats, mean over the batch -----


def non_parametric_softmax(case: Case, embeddings: Tensor, rows: Tensor, bank: Tensor) -> Tensor:
    """Cross-entropy of f against all bank rows, its own row the class. Source: Wu et al. 2018, Eq. 2."""
    return functional.cross_entropy(embeddings @ bank.T / case.temperature, rows)


OBJECTIVES = {
    "nonParametricSoftmax": non_parametric_softmax,
}

# What a network other than ResNet-18 is compared on: few pictures, and steps small enough that ten of them agree.
SMALL = Case(
    network="resnet18",
    objective="nonParametricSoftmax",
    stem=None,
    width=8,
    dim=32,
    instances=64,
    batch=8,
    steps=10,
    learningRate=0.0003,
    positions=16,
)

CASES = {
    "resnet18Softmax": Case(network="resnet18", objective="nonParametricSoftmax", learningRate=0.0001),
    "resnet18SoftmaxSmall": Case(
        network="resnet18",
        objective="nonParametricSoftmax",
        seed=226,
        width=8,
        instances=64,
        batch=8,
        learningRate=0.003,
    ),
    "resnet18ImagenetStem": replace(SMALL, seed=33, stem="imagenet", noiseSize=64),
    "resnet50": replace(SMALL, network="resnet50", seed=226, stem="cifar", width=4, noiseSize=16, learningRate=2e-6, positions=6),
    "alexnet": replace(SMALL, network="alexnet", seed=27, noiseSize=63),
    "vgg16": replace(SMALL, network="vgg16", seed=18, noiseSize=32),
    "vgg16_bn": replace(SMALL, network="vgg16_bn", seed=23, noiseSize=32),
}


# --- Inputs, made from the seed ----------------------------------------------------------------------------


def symmetric_uniform(seed: int, label: str, shape: tuple[int, ...], bound: float) -> np.ndarray:
    """float32 in [-bound, bound), rounded once from float64."""
    u = philox.uniform(seed, label, int(np.prod(shape)))
    return (bound * (2 * u - 1)).astype(np.float32).reshape(shape)


def make_bank(case: Case) -> np.ndarray:
    """[n, D] float32, of unit length in expectation."""
    return symmetric_uniform(case.seed, "bank", (case.instances, case.dim), np.sqrt(3 / case.dim))


def read_pictures(path: Path) -> np.ndarray:
    """Pictures of a gzipped idx3 file: [N, H, W] uint8."""
    data = gzip.decompress(path.read_bytes())
    magic, count, height, width = np.frombuffer(data, ">i4", 4).tolist()
    if magic != 0x803:
        raise SystemExit(f"{path}: magic {magic:#x}, expected 0x803 (idx3 of bytes); give another --pictures")
    return np.frombuffer(data, np.uint8, offset=16).reshape(count, height, width)


def make_batch(case: Case, pictures: np.ndarray, step: int) -> np.ndarray:
    """Pictures of a 0-based step: [B, 3, H, W] float32."""
    rows = batch_rows(case, step)
    if case.noiseSize is not None:
        shape = (3, case.noiseSize, case.noiseSize)
        return np.stack([symmetric_uniform(case.seed, f"pixels/{row}", shape, np.sqrt(3)) for row in rows])
    gray = ((pictures[rows] / 255.0 - PIXEL_MEAN) / PIXEL_STD).astype(np.float32)
    return np.repeat(gray[:, None], 3, axis=1)


def batch_rows(case: Case, step: int) -> np.ndarray:
    """Rows of a 0-based step: [B] int64."""
    return (case.batch * step + np.arange(case.batch)) % case.instances


# --- The run -----------------------------------------------------------------------------------------------


@dataclass
class Run:
    """What one run computed. The tensors are those of the first step."""

    losses: list[float]
    gradients: dict[str, np.ndarray]
    running_statistics: dict[str, np.ndarray]
    embeddings: np.ndarray  # [B, D]
    bank_rows: np.ndarray  # [B, D]
    relu_inputs: np.ndarray  # [every unit of every ReLU]
    gap: float | None  # smallest of every window of max-pooling


def build(case: Case, dtype: torch.dtype) -> nn.Module:
    """The network in training mode, with its initial parameters."""
    model = NETWORKS[case.network](case.width, case.dim, case.stem)
    parameters = make_parameters(model, case.seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(parameters[name]))
    return model.to(dtype).train()


def train(case: Case, pictures: np.ndarray, dtype: torch.dtype) -> Run:
    """Trains for case.steps steps in one floating-point type."""
    model = build(case, dtype)
    kinks = Kinks(model)
    bank = torch.from_numpy(make_bank(case)).to(dtype)
    objective = OBJECTIVES[case.objective]
    optimizer = torch.optim.SGD(
        model.parameters(), lr=case.learningRate, momentum=case.momentum, weight_decay=case.weightDecay
    )
    run = Run([], {}, {}, np.empty(0), np.empty(0), np.empty(0), None)
    for step in range(case.steps):
        rows = torch.from_numpy(batch_rows(case, step))
        pixels = torch.from_numpy(make_batch(case, pictures, step)).to(dtype)
        set_dropout_noise(model, case.seed, step, case.batch)
        embeddings = functional.normalize(model(pixels), eps=1e-12)  # [B, D]
        loss = objective(case, embeddings, rows, bank)
        optimizer.zero_grad()
        loss.backward()
        with torch.no_grad():
            mixed = case.bankMomentum * bank[rows] + (1 - case.bankMomentum) * embeddings
            new_rows = functional.normalize(mixed, eps=1e-12)  # [B, D]
            bank[rows] = new_rows
        run.losses.append(loss.item())
        if step == 0:
            run.gradients = {name: as_array(p.grad) for name, p in model.named_parameters()}
            run.running_statistics = {
                name: as_array(value) for name, value in model.named_buffers() if value.is_floating_point()
            }
            run.embeddings = as_array(embeddings)
            run.bank_rows = as_array(new_rows)
            run.relu_inputs = as_array(torch.cat([x.flatten() for x in kinks.relu_inputs]))
            run.gap = min((gap.min().item() for gap in kinks.gaps), default=None)
        kinks.clear()
        optimizer.step()
    return run


def as_array(tensor: Tensor) -> np.ndarray:
    """A float64 copy."""
    return np.array(tensor.detach().numpy(), np.float64)


def find_seed(case: Case, pictures: np.ndarray, seeds: int) -> None:
    """Prints, best first, the seeds whose first forward pass keeps clearest of all kinks.

    Clearance: the least of all |x| / rounding, where x is what Kinks watches, in float64, and rounding is float32's
    RMS error in that layer; for gaps the RMS over all layers.
    """
    clearances = []
    for seed in range(seeds):
        double, single = (watch_first_pass(replace(case, seed=seed), pictures, dtype) for dtype in FLOATS)
        errors = [(a - b).square().mean() for a, b in zip(double.relu_inputs, single.relu_inputs)]
        clear = [x.abs().min() / error.sqrt() for x, error in zip(double.relu_inputs, errors)]
        clear += [gap.min() / torch.stack(errors).mean().sqrt() for gap in double.gaps]
        clearances.append((min(clear).item(), seed))
    for clearance, seed in sorted(clearances, reverse=True)[:5]:
        print(f"seed {seed}: clearance {clearance:.2f}")


def watch_first_pass(case: Case, pictures: np.ndarray, dtype: torch.dtype) -> Kinks:
    """What the first forward pass comes by, in training mode."""
    model = build(case, dtype)
    set_dropout_noise(model, case.seed, 0, case.batch)
    kinks = Kinks(model)
    with torch.no_grad():
        model(torch.from_numpy(make_batch(case, pictures, 0)).to(dtype))
    return kinks


# --- The file ----------------------------------------------------------------------------------------------


def relative_error(found: np.ndarray, truth: np.ndarray) -> float:
    """|found - truth| / |truth|, L2, to three digits; absolute where the truth is zero."""
    size = float(np.linalg.norm(truth))
    return float(f"{np.linalg.norm(found - truth) / (1 if size < ZERO else size):.2e}")


def describe(case: Case, name: str, truth: np.ndarray, single: np.ndarray) -> dict:
    """A tensor's entry in the file; the header of this program tells its fields."""
    flat, flat_single = truth.reshape(-1), single.reshape(-1)
    positions = philox.words(case.seed, f"sample/{name}", min(case.positions, flat.size)) % flat.size
    sampled = flat[positions]
    return {
        "shape": list(truth.shape),
        "norm": float(np.linalg.norm(flat)),
        "values": base64.b64encode(sampled.astype("<f8").tobytes()).decode("ascii"),
        "float32Error": {
            "sampled": relative_error(flat_single[positions], sampled),
            "whole": relative_error(flat_single, flat),
        },
    }


def sha256(*arrays: np.ndarray) -> str:
    """Digest of arrays' little-endian float32 bytes, one array after the other."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.astype("<f4").tobytes())
    return digest.hexdigest()


def make_golden(name: str, pictures: np.ndarray) -> dict:
    """The content of a golden file."""
    case = CASES[name]
    truth = train(case, pictures, torch.float64)
    single = train(case, pictures, torch.float32)
    parameters = make_parameters(build(case, torch.float64), case.seed)

    def describe_all(of_truth: dict[str, np.ndarray], of_single: dict[str, np.ndarray]) -> dict:
        return {key: describe(case, key, value, of_single[key]) for key, value in of_truth.items()}

    return {
        "about": "PyTorch's results for step parity; tools/makeGolden.py tells how to read and remake this",
        "command": f"python tools/makeGolden.py {name}",
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "torch": torch.__version__,
            "cpuCapability": torch.backends.cpu.get_cpu_capability(),
        },
        "case": {
            **asdict(case),
            "imageSize": list(make_batch(case, pictures, 0).shape[2:]),
            "pixelMean": PIXEL_MEAN,
            "pixelStd": PIXEL_STD,
            "batchNormMomentum": 0.1,
            "batchNormEpsilon": 1e-5,
            "normalizeEpsilon": 1e-12,
        },
        "inputs": {
            "parameterCount": sum(value.size for value in parameters.values()),
            "parametersSha256": sha256(*parameters.values()),  # in the order of `gradients`
            "bankSha256": sha256(make_bank(case)),
            "firstBatchSha256": sha256(make_batch(case, pictures, 0)),
        },
        "losses": {"float64": truth.losses, "float32": single.losses},
        "reluKinks": {
            "margin": float(np.abs(truth.relu_inputs).min()),
            "gap": truth.gap,
            "rounding": float(np.abs(single.relu_inputs - truth.relu_inputs).max()),
            "flips": int(np.sum((single.relu_inputs > 0) != (truth.relu_inputs > 0))),
            "units": truth.relu_inputs.size,
        },
        "firstStep": {
            "gradients": describe_all(truth.gradients, single.gradients),
            "runningStatistics": describe_all(truth.running_statistics, single.running_statistics),
            "embeddings": describe(case, "embeddings", truth.embeddings, single.embeddings),
            "bankRows": describe(case, "bankRows", truth.bank_rows, single.bank_rows),
        },
    }


def print_json(value: object, depth: int = 0) -> str:
    """JSON of which a line holds whatever fits into 110 columns, and a tensor even if it does not."""
    line = json.dumps(value)
    if not isinstance(value, dict) or "values" in value or depth + len(line) <= 110:
        return line
    inner = " " * (depth + 1)
    entries = [f"{inner}{json.dumps(key)}: {print_json(item, depth + 1)}" for key, item in value.items()]
    return "{\n" + ",\n".join(entries) + "\n" + " " * depth + "}"


def print_summary(golden: dict) -> None:
    """The figures worth a look before committing the file."""
    print(json.dumps(golden["versions"]))
    for step in (1, 10, golden["case"]["steps"]):
        double, single = (golden["losses"][kind][step - 1] for kind in ("float64", "float32"))
        print(f"loss at step {step}: float64 {double:.9f}, float32 {single:.9f}")
    print(f"ReLU kinks: {golden['reluKinks']}")
    for kind in ("gradients", "runningStatistics"):
        for part in ("sampled", "whole"):
            tensors = golden["firstStep"][kind].items()
            errors = sorted((tensor["float32Error"][part], name) for name, tensor in tensors)
            if not errors:
                continue
            low, middle, high = errors[0], errors[len(errors) // 2], errors[-1]
            print(f"{kind}, float32 error, {part}: {low}, median {middle[0]}, {high}")
    for kind in ("embeddings", "bankRows"):
        print(f"{kind}, float32 error: {golden['firstStep'][kind]['float32Error']}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes test/golden/<case>.json from PyTorch.")
    parser.add_argument("case", choices=sorted(CASES))
    parser.add_argument(
        "--pictures", type=Path, default=ROOT / SAMPLE, help=f"gzipped idx3; default {SAMPLE}"
    )
    parser.add_argument("--output", type=Path, help="default test/golden/<case>.json")
    parser.add_argument(
        "--find-seed",
        type=int,
        metavar="SEEDS",
        help="write nothing; search this many seeds for a large clearance",
    )
    options = parser.parse_args()
    output = options.output or ROOT / "test" / "golden" / f"{options.case}.json"

    philox.check_known_answers()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    pictures = read_pictures(options.pictures)
    if options.find_seed is not None:
        find_seed(CASES[options.case], pictures, options.find_seed)
        return
    golden = make_golden(options.case, pictures)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(print_json(golden) + "\n")
    print_summary(golden)
    print(f"{output}: {output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
