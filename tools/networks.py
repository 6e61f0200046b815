"""The networks of graphs/ as PyTorch modules, for programs that compare. Parameters bear torchvision's names.

A network is NETWORKS[arch](width, dim, stem): width channels in its first layers, dim outputs in the place of its
classes, not normalized. Dropout takes its noise from outside, as our graphs do: set_dropout_noise(model, ...).

Sources: He et al. 2016 and torchvision models/resnet.py; torchvision models/alexnet.py; Simonyan and Zisserman 2015
and torchvision models/vgg.py. The CIFAR stem is that of the authors' code for Wu et al. 2018.
"""

from typing import Callable

import numpy as np
import torch
from torch import Tensor, nn

import philox


class Dropout(nn.Module):
    """Drops units whose noise, uniform in [0, 1), is below the ratio, and scales the others up."""

    def __init__(self, ratio: float = 0.5):
        super().__init__()
        self.ratio = ratio
        self.noise = torch.empty(0)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return x * (self.noise.reshape(x.shape) >= self.ratio) / (1 - self.ratio)


def shortcut(channels_in: int, channels_out: int, stride: int) -> nn.Module:
    """The identity where shapes agree, else a strided 1x1 convolution and a BatchNorm."""
    if stride == 1 and channels_in == channels_out:
        return nn.Identity()
    conv = nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels_out))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut."""

    expansion = 1

    def __init__(self, channels_in: int, channels: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = shortcut(channels_in, channels * self.expansion, stride)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + self.downsample(x))


class Bottleneck(nn.Module):
    """A 3x3 convolution between two 1x1 ones, and a shortcut. The stride sits on the 3x3 one."""

    expansion = 4

    def __init__(self, channels_in: int, channels: int, stride: int):
        super().__init__()
        wide = channels * self.expansion
        self.conv1 = nn.Conv2d(channels_in, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, wide, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(wide)
        self.downsample = shortcut(channels_in, wide, stride)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.relu(self.bn3(self.conv3(y)) + self.downsample(x))


class ResNet(nn.Module):
    """A stem (cifar: 3x3, stride 1; imagenet: 7x7, stride 2, max-pooling), four stages, pooling, a linear layer."""

    def __init__(self, block: type[BasicBlock | Bottleneck], depths: list[int], width: int, dim: int, stem: str):
        super().__init__()
        kernel, stride, padding = (3, 1, 1) if stem == "cifar" else (7, 2, 3)
        self.conv1 = nn.Conv2d(3, width, kernel, stride, padding, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.maxpool = nn.Identity() if stem == "cifar" else nn.MaxPool2d(3, 2, padding=1)
        self.conv_initial = uniform_by_fan_in if stem == "cifar" else he_fan_out
        self.linear_initial = uniform_by_fan_in
        channels = width
        for stage, depth in enumerate(depths):
            blocks = []
            for position in range(depth):
                stride = 2 if stage > 0 and position == 0 else 1
                blocks.append(block(channels, width * 2**stage, stride))
                channels = width * 2**stage * block.expansion
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, dim)

    def forward(self, x: Tensor) -> Tensor:
        """x: [B, 3, H, W]. Returns [B, D]."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean(dim=(2, 3)))


class Classified(nn.Module):
    """Convolutions, pooling to a fixed size, and three linear layers: what AlexNet and VGG have in common."""

    features: nn.Sequential
    avgpool: nn.AdaptiveAvgPool2d
    classifier: nn.Sequential

    def forward(self, x: Tensor) -> Tensor:
        """x: [B, 3, H, W]. Returns [B, D]."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


class AlexNet(Classified):
    """Of "One weird trick", as torchvision has it."""

    def __init__(self, width: int, dim: int):
        super().__init__()
        w, hidden = width, 64 * width
        self.conv_initial = self.linear_initial = uniform_by_fan_in
        self.features = nn.Sequential(
            *(nn.Conv2d(3, w, 11, 4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(w, 3 * w, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(3 * w, 6 * w, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(6 * w, 4 * w, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(4 * w, 4 * w, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2)),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(6)
        self.classifier = nn.Sequential(
            *(Dropout(), nn.Linear(4 * w * 36, hidden), nn.ReLU()),
            *(Dropout(), nn.Linear(hidden, hidden), nn.ReLU()),
            nn.Linear(hidden, dim),
        )


class Vgg16(Classified):
    """Configuration D."""

    def __init__(self, width: int, dim: int, batch_norm: bool):
        super().__init__()
        hidden = 64 * width
        self.conv_initial = he_fan_out
        self.linear_initial = normal(0.01)
        layers: list[nn.Module] = []
        channels = 3
        for stage in ((1, 1), (2, 2), (4, 4, 4), (8, 8, 8), (8, 8, 8)):
            for filters in stage:
                layers.append(nn.Conv2d(channels, filters * width, 3, padding=1))
                channels = filters * width
                layers += [nn.BatchNorm2d(channels), nn.ReLU()] if batch_norm else [nn.ReLU()]
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        self.classifier = nn.Sequential(
            *(nn.Linear(channels * 49, hidden), nn.ReLU(), Dropout()),
            *(nn.Linear(hidden, hidden), nn.ReLU(), Dropout()),
            nn.Linear(hidden, dim),
        )


NETWORKS = {
    "resnet18": lambda width, dim, stem: ResNet(BasicBlock, [2, 2, 2, 2], width, dim, stem),
    "resnet50": lambda width, dim, stem: ResNet(Bottleneck, [3, 4, 6, 3], width, dim, stem),
    "alexnet": lambda width, dim, stem: AlexNet(width, dim),
    "vgg16": lambda width, dim, stem: Vgg16(width, dim, batch_norm=False),
    "vgg16_bn": lambda width, dim, stem: Vgg16(width, dim, batch_norm=True),
}


# --- Initial parameters: (seed, name, weight of the layer) -> float64 array of the shape of the parameter ---

Initial = Callable[[int, str, Tensor], np.ndarray]


def uniform_by_fan_in(seed: int, name: str, weight: Tensor) -> np.ndarray:
    """Weights and biases uniform in +-1/sqrt(fan_in): torch.nn's default."""
    u = philox.uniform(seed, f"init/{name}", size_of(name, weight))
    return (2 * u - 1) * (1 / np.sqrt(weight[0].numel()))


def normal(std: float) -> Initial:
    """Weights normal, biases 0."""

    def initial(seed: int, name: str, weight: Tensor) -> np.ndarray:
        if name.endswith(".bias"):
            return np.zeros(size_of(name, weight))
        return std * philox.normal(seed, f"init/{name}", size_of(name, weight))

    return initial


def he_fan_out(seed: int, name: str, weight: Tensor) -> np.ndarray:
    """Weights normal of variance 2 / fan_out, biases 0. Source: torch.nn.init.kaiming_normal_"""
    return normal(np.sqrt(2 / weight[:, 0].numel()))(seed, name, weight)


def size_of(name: str, weight: Tensor) -> int:
    """Numbers of the parameter `name` of the layer that has this weight."""
    return weight.shape[0] if name.endswith(".bias") else weight.numel()


def make_parameters(model: nn.Module, seed: int) -> dict[str, np.ndarray]:
    """Initial value of every parameter, in PyTorch's order; all float32, rounded once from float64."""
    parameters = {}
    for prefix, module in model.named_modules():
        for name, parameter in module.named_parameters(prefix, recurse=False):
            if isinstance(module, nn.BatchNorm2d):
                value = np.full(len(parameter), 1.0 if name.endswith(".weight") else 0.0)
            elif isinstance(module, nn.Conv2d):
                value = model.conv_initial(seed, name, module.weight)
            else:
                value = model.linear_initial(seed, name, module.weight)
            parameters[name] = value.astype(np.float32).reshape(tuple(parameter.shape))
    return parameters


def set_dropout_noise(model: nn.Module, seed: int, step: int, batch: int) -> None:
    """Noise of a 0-based step: the stream "dropout/<step>", used up by one dropout after the other."""
    layers = list(getattr(model, "classifier", []))
    dropped = [(layer, after) for layer, after in zip(layers, layers[1:]) if isinstance(layer, Dropout)]
    sizes = [batch * after.in_features for _, after in dropped]
    noise = torch.from_numpy(philox.uniform(seed, f"dropout/{step}", sum(sizes)))
    for (layer, _), part in zip(dropped, noise.split(sizes), strict=True):
        layer.noise = part
