"""Training steps in PyTorch: the other side of tools/bench/step.ts and memory.ts, which start it.

    .venv/bin/python tools/bench/step.py FOLDER --layout eager|channels_last
        [--device cpu|cuda] [--precision fp32|tf32|bf16|fp16] [--compile]

FOLDER is of writeCase in stepCases.ts: case.json, and a batch, a bank and weights as raw numbers. Prints one line of JSON
once the step is ready, then, for each number of steps read from stdin, takes as many and prints
{"seconds": ..., "losses": [...]}; for "details" it prints {"parts": ..., "bytesOverBus": ...}: seconds of a step's
convolutions and their gradients by torch.profiler, on a GPU those of their kernels, and what crosses in a step.

A step is what ours is: forward, loss, backward, SGD with momentum and weight decay on every parameter, and the batch's
rows of the bank moved halfway and normalized. The softmax is over the whole bank. NCE is after the authors' code
(lemniscate.pytorch, lib/NCEAverage.py and lib/NCECriterion.py): noise rows are gathered by index_select and compared by
bmm, Z stays as it was given, and log(p / (p + m/n)) is written with exponentials. Its noise rows are read for the steps
whose losses are compared and drawn by torch.randint after them, which is faster than the authors' alias table.
"""

import argparse
import contextlib
import json
import math
import platform
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile

sys.path.insert(0, str(Path(__file__).parent.parent))
from exchangeWeights import read_safetensors  # noqa: E402
from networks import NETWORKS  # noqa: E402

LAYOUTS = {"eager": torch.contiguous_format, "channels_last": torch.channels_last}


def resident_bytes() -> int:
    """Memory of this process; 0 where the system has no /proc."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return 1024 * int(line.split()[1])


class Softmax:
    """-log of exp(v_i.f/tau) / sum_j exp(v_j.f/tau) over all rows v_j of the bank."""

    def __init__(self, facts: dict):
        self.temperature = facts["recipe"]["objective"]["temperature"]

    def __call__(self, embeddings: Tensor, rows: Tensor, bank: Tensor) -> Tensor:
        return F.cross_entropy(embeddings @ bank.t() / self.temperature, rows)


class Nce:
    """Is a row the picture's own, or one of m drawn from the bank? Equations 4 to 7 of Wu et al. 2018."""

    def __init__(self, facts: dict, checked_noise: Tensor):
        objective = facts["recipe"]["objective"]
        self.temperature = objective["temperature"]
        self.epsilon = objective["epsilon"]
        self.negatives = objective["negatives"]
        self.instances = facts["instances"]
        self.normalizer = math.exp(facts["logNormalizer"])
        self.checked_noise = list(checked_noise)
        self.device = checked_noise.device

    def noise_rows(self, batch: int) -> Tensor:
        """[B, m]"""
        if self.checked_noise:
            return self.checked_noise.pop(0)
        return torch.randint(self.instances, (batch, self.negatives), device=self.device)

    def __call__(self, embeddings: Tensor, rows: Tensor, bank: Tensor) -> Tensor:
        batch, dim = embeddings.shape
        compared = torch.cat((rows[:, None], self.noise_rows(batch)), 1)  # [B, 1 + m]
        weights = torch.index_select(bank, 0, compared.view(-1)).view(batch, -1, dim)
        similarities = torch.bmm(weights, embeddings.unsqueeze(2)).squeeze(2)
        p = similarities.div(self.temperature).exp().div(self.normalizer)
        ratio = self.negatives / self.instances
        own, noise = p[:, 0], p[:, 1:]
        own_log = (own / (own + ratio + self.epsilon)).log()
        noise_log = (ratio / (noise + ratio + self.epsilon)).log()
        return -(own_log.sum() + noise_log.sum()) / batch


def make_network(recipe: dict, state: Path) -> nn.Module:
    """With the weights of our initialization; ReLU writes in place, as torchvision's does."""
    network = NETWORKS[recipe["arch"]](recipe["width"], recipe["embeddingDim"], recipe["stem"])
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = True
    fresh = {name: value for name, value in network.state_dict().items() if name.endswith("num_batches_tracked")}
    network.load_state_dict({**fresh, **read_safetensors(state)}, strict=True)
    return network.train()


class Step:
    """One batch, over and over."""

    def __init__(self, folder: Path, facts: dict, layout: str, device: str, precision: str, compiled: bool):
        recipe, sgd = facts["recipe"], facts["recipe"]["optimizer"]
        side, batch = recipe["imageSize"], recipe["batchSize"]

        def read(name: str, dtype: str) -> Tensor:
            return torch.from_numpy(np.fromfile(folder / name, dtype)).to(device)

        memory_format = LAYOUTS[layout]
        self.network = make_network(recipe, folder / "state.safetensors").to(device, memory_format=memory_format)
        self.encode = torch.compile(self.network) if compiled else self.network
        half = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)
        self.autocast = (
            contextlib.nullcontext if half is None else lambda: torch.autocast(device, half)
        )
        self.scaler = torch.amp.GradScaler(device, enabled=precision == "fp16")
        self.host_pictures = None
        self.pictures = read("pixels.f32", "<f4").view(batch, 3, side, side).contiguous(memory_format=memory_format)
        self.bank = read("bank.f32", "<f4").view(-1, recipe["embeddingDim"])
        self.rows = read("rows.i64", "<i8")
        self.bank_momentum = recipe["bankMomentum"]
        self.objective = (
            Softmax(facts)
            if recipe["objective"]["name"] == "softmax"
            else Nce(facts, read("noise.i64", "<i8").view(-1, batch, recipe["objective"]["negatives"]))
        )
        self.optimizer = torch.optim.SGD(
            self.network.parameters(),
            lr=facts["learningRate"],
            momentum=sgd["momentum"],
            weight_decay=sgd["weightDecay"],
        )

    def take(self) -> float:
        """Returns the loss, nats."""
        if self.host_pictures is not None:
            # A batch crosses the bus in every step, as ours does.
            self.pictures.copy_(self.host_pictures, non_blocking=True)
        with self.autocast():
            features = self.encode(self.pictures)
        embeddings = F.normalize(features.float())
        loss = self.objective(embeddings, self.rows, self.bank)
        self.optimizer.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        with torch.no_grad():
            old = self.bank.index_select(0, self.rows)
            moved = self.bank_momentum * old + (1 - self.bank_momentum) * embeddings
            self.bank.index_copy_(0, self.rows, F.normalize(moved))
        return loss.item()


def part_seconds(step: Step, on_gpu: bool, steps: int = 5) -> dict[str, float]:
    """Of one step."""
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]
    with profile(activities=activities) as profiled:
        for _ in range(steps):
            step.take()
    microseconds = {"aten::convolution": 0.0, "aten::convolution_backward": 0.0}
    for event in profiled.key_averages():
        if event.key in microseconds:
            microseconds[event.key] += event.device_time_total if on_gpu else event.cpu_time_total
    return {name: total / steps / 1e6 for name, total in microseconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Training steps in PyTorch.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layout", choices=sorted(LAYOUTS), required=True)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--precision", choices=["fp32", "tf32", "bf16", "fp16"], default="fp32")
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()

    facts = json.loads((options.folder / "case.json").read_text())
    torch.set_num_threads(facts["threads"])
    bytes_before = resident_bytes()
    on_gpu = options.device == "cuda"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options.precision != "fp32"
    torch.backends.cudnn.benchmark = True
    step = Step(options.folder, facts, options.layout, options.device, options.precision, options.compile)
    if on_gpu:
        step.host_pictures = step.pictures.cpu().pin_memory()
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    print(json.dumps({"versions": versions, "bytesBefore": bytes_before}), flush=True)
    for line in sys.stdin:
        if line.strip() == "details":
            crossing = (step.pictures.nbytes if on_gpu else 0) + 4
            print(json.dumps({"parts": part_seconds(step, on_gpu), "bytesOverBus": crossing}), flush=True)
            continue
        losses = []
        began = time.perf_counter()
        for _ in range(int(line)):
            losses.append(step.take())
        print(json.dumps({"seconds": time.perf_counter() - began, "losses": losses}), flush=True)


if __name__ == "__main__":
    main()
