# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Synthetic outliers: something in an image that no label names, for teacher and student to see before the robot does.

An ensemble agrees about what it was trained on; its members differ where the image is unusual, and there alone can a
student learn their spread (Nam et al. 2021, "Diversity Matters When Learning From Ensembles").
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.data.unlabelled import UNLABELLED
from uncd_ros.classes import IGNORE_INDEX

RADII = (0.04, 0.25)
"""Range of the mean radius of an outlier, as a share of the image's height."""
HARMONICS = 4
"""How many waves its outline has: with more it is the more ragged."""
SOFT_EDGE = 1.0
"""Pixels over which it fades into the image; a hard edge alone would tell it."""


Content = Callable[[Tensor], Tensor]
"""(B, 3, h, w) float in [0, 255] -> what an outlier shows, the same."""


class SyntheticOutliers(nn.Module):
    """Some images with a region of a random shape that shows something else, of one kind for all images of a batch."""

    def __init__(self, probability: float, contents: Mapping[str, Content]) -> None:
        """`contents` are the kinds, by name; without a probability there need be none."""
        super().__init__()
        self.probability, self.contents = probability, tuple(contents.values())

    @torch.no_grad()
    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, h, w) float in [0, 255] and (B, h, w) int64 -> the same; what an outlier covers has no label."""
        if self.probability == 0.0:
            return images, labels
        shown = torch.rand(len(images), device=images.device) < self.probability
        alpha = random_shapes(images) * shown.view(-1, 1, 1)
        content = self.contents[int(torch.randint(len(self.contents), ()))](images)
        covered = (alpha > 0.5) & (labels != IGNORE_INDEX)
        return torch.lerp(images, content, alpha[:, None]), labels.masked_fill(covered, UNLABELLED)


def random_shapes(images: Tensor) -> Tensor:
    """(B, 3, h, w) -> (B, h, w) in [0, 1]: 1 inside a closed curve around a random pixel.

    Its radius is r(phi) = R (1 + sum_k a_k cos(k phi + b_k)), with random R, a and b.
    """
    count, _, height, width = images.shape
    uniform = torch.rand(count, 3, 1, 1, device=images.device)
    y = torch.arange(height, device=images.device).view(1, -1, 1) - uniform[:, 0] * height
    x = torch.arange(width, device=images.device).view(1, 1, -1) - uniform[:, 1] * width
    phi, distance = torch.atan2(y, x), torch.hypot(y, x)
    wave = torch.zeros_like(phi)
    for k in range(1, HARMONICS + 1):
        amplitude, phase = torch.rand(count, 2, 1, 1, device=images.device).unbind(dim=1)
        wave += 0.4 / k * amplitude * torch.cos(k * phi + 2.0 * torch.pi * phase)
    smallest, largest = RADII
    radius = height * (smallest + (largest - smallest) * uniform[:, 2] ** 2) * (1.0 + wave)
    return ((radius - distance) / SOFT_EDGE).add(0.5).clamp(0.0, 1.0)


def textures(images: Tensor) -> Tensor:
    """A random colour, and noise of a random grain on it; (B, 3, h, w) in [0, 255] -> the same."""
    count, channels, *size = images.shape
    colour = torch.rand(count, channels, 1, 1, device=images.device) * 255.0
    grain = int(torch.randint(1, 33, ()))
    noise = torch.randn(count, channels, *(-(-side // grain) for side in size), device=images.device)
    contrast = torch.rand(count, 1, 1, 1, device=images.device) * 80.0
    smooth = functional.interpolate(noise, size, mode='bilinear', align_corners=False)
    return (colour + contrast * smooth).clamp(0.0, 255.0)


def pieces(images: Tensor) -> Tensor:
    """A quarter of the image before it in the batch, upside down and enlarged; (B, 3, h, w) -> the same."""
    *_, height, width = images.shape
    top, left = (int(torch.randint(0, side // 2 + 1, ())) for side in (height, width))
    piece = images.roll(1, dims=0)[..., top : top + height // 2, left : left + width // 2].flip(-2)
    return functional.interpolate(piece, (height, width), mode='bilinear', align_corners=False)


def wrong_colours(images: Tensor) -> Tensor:
    """Inverted brightness, and the channels in another order; (B, 3, h, w) in [0, 255] -> the same."""
    return 255.0 - images.roll(1, dims=1)


CONTENTS: dict[str, Content] = {'texture': textures, 'piece': pieces, 'colours': wrong_colours}
"""Kinds that need no network: setting -> content."""
