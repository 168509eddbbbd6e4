# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Encoders, each a table of stages: MobileNetV2, EfficientNet-Lite0 and ResNet-18."""

from typing import Literal, NamedTuple

from torch import Tensor, nn

from uncd_ros.network.layers import ConvBnAct


class Stage(NamedTuple):
    """One row of an encoder's table: `repeats` blocks, the first of them with `stride`."""

    expansion: int
    channels: int
    repeats: int
    stride: int
    kernel: int


class Stem(NamedTuple):
    """The first layers: a convolution of stride 2, and for ResNets a max pooling of stride 2."""

    channels: int
    kernel: int
    act: type[nn.Module]
    pool: bool = False


class InvertedResidual(nn.Module):
    """Expand 1x1, depthwise, project 1x1; the input is added where the shape allows."""

    def __init__(self, inputs: int, stage: Stage, *, stride: int, dilation: int, eps: float) -> None:
        super().__init__()
        hidden = inputs * stage.expansion
        self.expand = ConvBnAct(inputs, hidden, 1, eps=eps) if stage.expansion > 1 else nn.Identity()
        self.depthwise = ConvBnAct(
            hidden, hidden, stage.kernel, stride=stride, dilation=dilation, groups=hidden, eps=eps
        )
        self.project = ConvBnAct(hidden, stage.channels, 1, act=nn.Identity, eps=eps)
        self.residual = stride == 1 and inputs == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, channels, h / stride, w / stride)."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


class BasicBlock(nn.Module):
    """Two 3x3 convolutions; the input, projected where the shape changes, is added."""

    def __init__(self, inputs: int, stage: Stage, *, stride: int, dilation: int, eps: float) -> None:
        super().__init__()
        channels, kernel = stage.channels, stage.kernel
        self.first = ConvBnAct(inputs, channels, kernel, stride=stride, dilation=dilation, act=nn.ReLU, eps=eps)
        self.second = ConvBnAct(channels, channels, kernel, dilation=dilation, act=nn.Identity, eps=eps)
        same = stride == 1 and inputs == channels
        self.shortcut = (
            nn.Identity() if same else ConvBnAct(inputs, channels, 1, stride=stride, act=nn.Identity, eps=eps)
        )
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, channels, h / stride, w / stride)."""
        y: Tensor = self.act(self.second(self.first(x)) + self.shortcut(x))
        return y


class EncoderTable(NamedTuple):
    """A whole encoder."""

    stem: Stem
    stages: tuple[Stage, ...]
    bn_eps: float
    """Epsilon that its batch norms were trained with."""
    block: type[InvertedResidual] | type[BasicBlock] = InvertedResidual


# MobileNetV2: Sandler et al. 2018, table 2. EfficientNet-Lite0: Tan and Le 2019, B0 without squeeze-and-excite.
# ResNet-18: He et al. 2016, table 1.
ENCODERS = {
    'mobilenet_v2': EncoderTable(
        Stem(32, 3, nn.ReLU6),
        (
            Stage(1, 16, 1, 1, 3),
            Stage(6, 24, 2, 2, 3),
            Stage(6, 32, 3, 2, 3),
            Stage(6, 64, 4, 2, 3),
            Stage(6, 96, 3, 1, 3),
            Stage(6, 160, 3, 2, 3),
            Stage(6, 320, 1, 1, 3),
        ),
        1e-5,
    ),
    'efficientnet_lite0': EncoderTable(
        Stem(32, 3, nn.ReLU6),
        (
            Stage(1, 16, 1, 1, 3),
            Stage(6, 24, 2, 2, 3),
            Stage(6, 40, 2, 2, 5),
            Stage(6, 80, 3, 2, 3),
            Stage(6, 112, 3, 1, 5),
            Stage(6, 192, 4, 2, 5),
            Stage(6, 320, 1, 1, 3),
        ),
        1e-3,
    ),
    'resnet18': EncoderTable(
        Stem(64, 7, nn.ReLU, pool=True),
        (Stage(1, 64, 2, 1, 3), Stage(1, 128, 2, 2, 3), Stage(1, 256, 2, 2, 3), Stage(1, 512, 2, 2, 3)),
        1e-5,
        BasicBlock,
    ),
}


Features = tuple[Tensor, ...]
"""What an encoder gives, fine to coarse: (B, channels, h/s, w/s) float, (B, channels, h/2s, w/2s), and so on. The
finest stride s is 4, and 1 in a U-Net."""


class Encoder(nn.Module):
    """Features at strides 4, 8 and 16, and at 32 if that is its output stride."""

    channels: tuple[int, ...]
    """Of each of its features."""

    def __init__(self, name: str, width: float = 1.0, output_stride: Literal[16, 32] = 16) -> None:
        super().__init__()
        table = ENCODERS[name]
        stem, channels = table.stem, scaled(table.stem.channels, width)
        self.stem = ConvBnAct(3, channels, stem.kernel, stride=2, act=stem.act, eps=table.bn_eps)
        self.pool = nn.MaxPool2d(3, 2, padding=1) if stem.pool else nn.Identity()
        self.blocks = nn.ModuleList()
        stride, dilation = 4 if stem.pool else 2, 1
        ends: dict[int, tuple[int, int]] = {}  # stride -> its last block, and the channels of that
        for row in table.stages:
            stage = row._replace(channels=scaled(row.channels, width))
            # Past the output stride the field of view grows by dilation, and thin objects keep their pixels.
            step = stage.stride if stride * stage.stride <= output_stride else 1
            dilation *= stage.stride // step
            stride *= step
            for i in range(stage.repeats):
                block = table.block(channels, stage, stride=step if i == 0 else 1, dilation=dilation, eps=table.bn_eps)
                self.blocks.append(block)
                channels = stage.channels
            ends[stride] = len(self.blocks) - 1, channels
        self.ends, self.channels = zip(*(end for at, end in ends.items() if at >= 4), strict=True)

    def forward(self, x: Tensor) -> Features:
        """(B, 3, h, w) normalised -> features at strides 4, 8, 16 and perhaps 32."""
        x, features = self.pool(self.stem(x)), []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self.ends:
                features.append(x)
        return tuple(features)


def scaled(channels: int, width: float) -> int:
    """Channels times the width multiplier, to the nearest multiple of 8."""
    return max(8, int(channels * width / 8 + 0.5) * 8)
