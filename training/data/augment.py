# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Augmentation of training batches, and the shifts that calibration uses; all on the device, by kornia."""

from collections.abc import Callable

import kornia.augmentation as kaug
import torch
from kornia.constants import DataKey, Resample
from torch import Tensor, nn


class Augment(nn.Module):
    """Random window, flip and colours; the labels follow the geometry by nearest neighbour."""

    def __init__(self, crop: tuple[int, int], crop_scale: tuple[float, float], jitter: float) -> None:
        super().__init__()
        ratio = crop[1] / crop[0]
        self.both = kaug.AugmentationSequential(
            kaug.RandomResizedCrop(crop, scale=crop_scale, ratio=(0.9 * ratio, ratio / 0.9)),
            kaug.RandomHorizontalFlip(p=0.5),
            data_keys=[DataKey.IMAGE, DataKey.MASK],
            extra_args={DataKey.MASK: {'resample': Resample.NEAREST, 'align_corners': None}},
        )
        self.colours = kaug.ColorJiggle(jitter, jitter, jitter, jitter / 6, p=0.8)

    @torch.no_grad()
    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, H, W) and (B, H, W) uint8 -> (B, 3, h, w) float in [0, 255] and (B, h, w) int64."""
        views, masks = self.both(images.float() / 255.0, labels[:, None].float())
        return self.colours(views).clamp(0.0, 1.0) * 255.0, masks[:, 0].round().long()


class CutMix(nn.Module):
    """Each image with a region of another one of the batch, and the labels of that region (Yun et al. 2019)."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability
        # Whether to mix is drawn here: kornia's own p has meant different things from version to version. Lambda, the
        # share of the image that stays, is the paper's 1 - cut area; labels by the pixel do not need it.
        self.mix = kaug.RandomCutMixV2(data_keys=[DataKey.INPUT], use_correct_lambda=True)

    @torch.no_grad()
    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, h, w) float in [0, 255] and (B, h, w) int64 -> the same."""
        if self.probability == 0.0 or torch.rand(()) >= self.probability:
            return images, labels
        # Labels travel as a fourth channel: what is cut is only copied, so ids stay ids.
        mixed = self.mix(torch.cat([images, labels[:, None].to(images)], dim=1))
        return mixed[:, :3], mixed[:, 3].long()


def darken(images: Tensor) -> Tensor:
    """Night: a quarter of the light, and the sensor noise that comes with it."""
    return (images * 0.25 + torch.randn_like(images) * 8.0).clamp(0.0, 255.0)


def fog(images: Tensor) -> Tensor:
    """Dense fog: contrast down to a third, towards light grey."""
    return images * 0.35 + 0.65 * 200.0


def whiteout(images: Tensor) -> Tensor:
    """Fog that leaves hardly anything: a network may be certain everywhere, and its uncertainty low."""
    return images * 0.08 + 0.92 * 200.0


def defocus(images: Tensor) -> Tensor:
    """A lens far out of focus."""
    blurred: Tensor = kaug.RandomGaussianBlur((31, 31), (6.0, 6.0), p=1.0)(images / 255.0)
    return blurred * 255.0


def noise(images: Tensor) -> Tensor:
    """A sensor at far too high a gain."""
    return (images + torch.randn_like(images) * 40.0).clamp(0.0, 255.0)


def glare(images: Tensor) -> Tensor:
    """A camera that faces the sun: half of the range is lost above white."""
    return (images * 1.6 + 60.0).clamp(0.0, 255.0)


def _rain() -> kaug.RandomRain:
    return kaug.RandomRain((2000, 2000), drop_height=(20, 20), drop_width=(-5, 5), p=1.0)


def _snow() -> kaug.RandomSnow:
    return kaug.RandomSnow(snow_coefficient=(1.0, 1.0), brightness=(4.0, 4.0), p=1.0)


def _motion_blur() -> kaug.RandomMotionBlur:
    return kaug.RandomMotionBlur(25, angle=30.0, direction=0.5, p=1.0)


WEATHER: dict[str, Callable[[], nn.Module]] = {'heavy_rain': _rain, 'heavy_snow': _snow, 'motion_blur': _motion_blur}
"""Weather at its strongest for the final evaluation, (B, 3, H, W) in [0, 1] -> the same; nothing is selected by it."""

CALIBRATION_SHIFTS: dict[str, Callable[[Tensor], Tensor]] = {
    'darken': darken,
    'fog': fog,
    'whiteout': whiteout,
    'defocus': defocus,
    'noise': noise,
    'glare': glare,
}
"""Shifts that select the image score, (B, 3, H, W) in [0, 255] -> the same; no final evaluation uses them."""
