# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The student: one network, one pass, two heads: class logits, and the std that an ensemble would show."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from uncd_ros.checks import check_range
from uncd_ros.errors import ConfigError
from uncd_ros.network.coarse import CoarseMaps, CoarseTerms, halved
from uncd_ros.network.decoders import DECODERS
from uncd_ros.network.feature_distance import FeatureDistance
from uncd_ros.network.heads import HEADS, make_head
from uncd_ros.network.trunk import Maps, Trunk, TrunkShape

StdMaps = Literal['classes', 'mean', 'none']
"""Which std maps a pass gives: one for each class, their mean, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentConfig:
    """Everything needed to build the network of a student, or of a member of its ensemble.

    Raises ConfigError where a value is out of range.
    """

    num_classes: int
    """C, 2 to 255; 255 itself is the ignore label."""
    encoder: Literal['efficientnet_lite0', 'mobilenet_v2', 'resnet18', 'little_unet'] = 'efficientnet_lite0'
    """What gives the features; `little_unet` goes with the decoders `unet` and `wnet`, the others with the rest."""
    width: float = 1.0
    """Multiplies the encoder's channels; 0.05 to 4."""
    decoder: Literal['deeplab', 'fpn', 'unet', 'wnet'] = 'deeplab'
    """What joins the features: DeepLabv3+'s concatenation, a feature pyramid, a U-Net, or two U-Nets in a row."""
    decoder_channels: int = 256
    """Of the decoder, and of the convolution of a head; 1 to 2048. A U-Net has as many as its encoder."""
    head: Literal['dense', 'separable'] = 'separable'
    """Convolution of the heads: the paper's dense 3x3, or depthwise separable for CPU robots."""
    input_height: int = 360
    """Pixels, 16 to 8192; images are resized to this before the first layer."""
    input_width: int = 480
    """Pixels, 16 to 8192."""
    mean: tuple[float, float, float] = (127.0, 127.0, 127.0)
    """Per RGB channel, in [0, 255]; x -> (x - mean) / std."""
    std: tuple[float, float, float] = (128.0, 128.0, 128.0)
    """Per RGB channel, 0.01 to 1000."""

    @property
    def input_size(self) -> tuple[int, int]:
        """Height and width of the input, pixels."""
        return self.input_height, self.input_width

    def __post_init__(self) -> None:
        check_range('student.num_classes', self.num_classes, 2, 255)
        check_range('student.width', self.width, 0.05, 4.0)
        check_range('student.decoder_channels', self.decoder_channels, 1, 2048)
        check_range('student.input_height', self.input_height, 16, 8192)
        check_range('student.input_width', self.input_width, 16, 8192)
        for mean, std in zip(self.mean, self.std, strict=True):
            check_range('student.mean', mean, 0.0, 255.0)
            check_range('student.std', std, 0.01, 1000.0)
        if self.decoder not in DECODERS:
            raise ConfigError(f'student.decoder is {self.decoder!a}, expected one of {", ".join(DECODERS)}')
        if self.encoder not in (encoders := DECODERS[self.decoder].encoders):
            expected = f'one of {", ".join(encoders)} with decoder {self.decoder}'
            raise ConfigError(f'student.encoder is {self.encoder!a}, expected {expected}')
        if self.head not in HEADS:
            raise ConfigError(f'student.head is {self.head!a}, expected one of {", ".join(HEADS)}')


class _Maps(NamedTuple):
    logits: Tensor
    """(B, C, h, w) float; softmax over C is the class distribution."""
    std: Tensor
    """(B, C, h, w) float in [0, 1]; the ensemble's predicted standard deviation a class.

    (B, 1, h, w), its mean over the classes, or (B, 0, h, w), nothing, where a pass was asked for no more.
    """
    features: Tensor | None = None
    """(B, D) float; the encoder's deepest features as `MahalanobisFeatures` gives them; None where there are none."""
    coarse: CoarseMaps | None = None
    """None where a pass gave none."""
    auxiliary: Tensor | None = None
    """(B, C, h, w) float; in training, logits of the first of two nets in a row; None where there is but one."""


class StudentOutput(_Maps):
    """What one pass gives; a named tuple, which training wrappers and exporters walk through unlike a dataclass.

    What several scores share is computed once, when the first of them asks for it.
    """

    @cached_property
    def top(self) -> tuple[Tensor, Tensor]:
        """(B, h, w) largest logit and (B, h, w) int64 its class."""
        # max, not argmax: on the CPU that takes four times as long over a dimension that is not the last.
        values, indices = self.logits.max(dim=1)
        return values, indices

    @cached_property
    def others(self) -> Tensor:
        """(B, h, w) sum over the other classes of exp(logit - largest logit).

        (1 - p) / p, p being the softmax of the predicted class; exact where p rounds to 1.
        """
        values, indices = self.top
        # In place, which no gradient ever passes: memory that is touched first costs more here than the arithmetic.
        relative = (self.logits - values[:, None]).exp_()
        return relative.scatter_(1, indices[:, None], 0.0).sum(dim=1)

    def labels(self) -> Tensor:
        """(B, h, w) int64, the most probable class."""
        return self.top[1]


class Normalise(nn.Module):
    """uint8 RGB -> the network's input; part of every network, so that no caller can forget it."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.size = config.input_size
        self.register_buffer('mean', torch.tensor(config.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer('std', torch.tensor(config.std).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, h, w) values in [0, 255] -> (B, 3, h, w) float32."""
        return (images.float() - self.mean) / self.std

    def resize(self, images: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """(B, 3, H, W) uint8 -> (B, 3, *size) uint8, antialiased; the network's input size by default."""
        size = size or self.size
        if images.shape[-2:] == size:
            return images
        # The CPU kernel works on bytes; CUDA has none, so it goes through float and rounds back.
        pixels = images if images.device.type == 'cpu' else images.float()
        resized = functional.interpolate(pixels, size, mode='bilinear', align_corners=False, antialias=True)
        return resized if images.device.type == 'cpu' else resized.round().clamp(0, 255).byte()


class MahalanobisFeatures(nn.Module):
    """Centres and whitens the encoder's deepest features f, averaged over the image: (f - mean) W.

    With covariance S of the training frames and W W^T = S^-1, the length of the result is the Mahalanobis distance:
    |(f - mean) W|^2 = (f - mean)^T S^-1 (f - mean). Calibration may scale W.
    Until they are fitted, W is the identity and mean is 0.
    """

    mean: Tensor
    whitening: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        # Not persistent: training checkpoints do not hold them, a model folder does (model/weights.py).
        self.register_buffer('mean', torch.zeros(channels), persistent=False)
        self.register_buffer('whitening', torch.eye(channels), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(B, D, h, w) -> (B, D)."""
        return (features.float().mean(dim=(2, 3)) - self.mean) @ self.whitening


class Student(nn.Module):
    """A prediction head and an uncertainty head on one trunk."""

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.config = config
        self.normalise = Normalise(config)
        self.trunk = make_trunk(config)
        self.prediction_head = make_head(config.head, self.trunk.channels, config.decoder_channels, config.num_classes)
        self.uncertainty_head = make_head(config.head, self.trunk.channels, config.decoder_channels, config.num_classes)
        self.mahalanobis = MahalanobisFeatures(cast(tuple[int, ...], self.trunk.encoder.channels)[-1])
        self.feature_distance: FeatureDistance | None = None
        """Fitted after training, where there is an anomaly score; training checkpoints do not hold it."""
        # Most pixels are certain: start at sigmoid(-3) = 0.05 instead of 0.5, the largest std there is.
        nn.init.constant_(cast(Tensor, self.uncertainty_head[-1].bias), -3.0)

    def preprocess(self, images: Tensor, *, bgr: bool = False, size: tuple[int, int] | None = None) -> Tensor:
        """(B, H, W, 3) uint8 RGB, or BGR, of any size -> (B, 3, *size) normalised; the input's size by default."""
        resized = self.normalise.resize(images.permute(0, 3, 1, 2), size)
        normalised: Tensor = self.normalise(resized.flip(1) if bgr else resized)
        return normalised.contiguous(memory_format=torch.channels_last)

    def forward(
        self, x: Tensor, *, std: StdMaps = 'classes', features: bool = True, coarse: CoarseTerms = 'none'
    ) -> StudentOutput:
        """(B, 3, h, w) normalised -> maps at the input's size; what is not asked for is not computed.

        A student without fitted `feature_distance` gives no coarse maps.
        """
        size = x.shape[-2:]
        maps: Maps = self.trunk(x)
        fine_logits = self.prediction_head(maps.fine)
        logits = upsample(fine_logits, size)
        return StudentOutput(
            logits=logits,
            std=logits[:, :0] if std == 'none' else upsample(self._std(maps.fine, std), size),
            features=self.mahalanobis(maps.deepest) if features else None,
            coarse=None if coarse == 'none' else self._coarse(fine_logits, maps.fine, coarse),
            auxiliary=maps.auxiliary,
        )

    def _coarse(self, logits: Tensor, fine: Tensor, terms: CoarseTerms) -> CoarseMaps | None:
        if self.feature_distance is None:
            return None
        features, logits = halved(fine), halved(logits)
        return CoarseMaps(
            logits=logits,
            std=logits[:, :0] if terms == 'without_std' else self._std(features, 'mean'),
            distance=self.feature_distance(features),
        )

    def _std(self, fine: Tensor, std: StdMaps) -> Tensor:
        """(B, channels, h/s, w/s) -> (B, C or 1, h/s, w/s)."""
        # Sigmoid and mean before the upsampling: a sixteenth of the pixels, and the mean commutes with it.
        classes = torch.sigmoid(self.uncertainty_head(fine))
        return classes.mean(dim=1, keepdim=True) if std == 'mean' else classes


def make_trunk(config: StudentConfig) -> Trunk:
    """Encoder and decoder of a network."""
    shape = TrunkShape(config.encoder, config.width, config.decoder_channels, config.num_classes)
    return DECODERS[config.decoder].trunk(shape)


def upsample(maps: Tensor, size: Sequence[int]) -> Tensor:
    """(B, C, h/s, w/s) -> (B, C, h, w), bilinear."""
    # Channels first from here on: what follows reduces over classes, which is fastest with whole maps in a row.
    return functional.interpolate(maps.contiguous(), size, mode='bilinear', align_corners=False)
