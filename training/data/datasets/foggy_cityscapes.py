# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Foggy Cityscapes (Sakaridis et al. 2018): Cityscapes in three densities of synthetic fog."""

from training.data.dataset import DataSet
from training.data.datasets.cityscapes import city_frames
from training.data.labelled_frames import LabelledFrames


class FoggyCityscapes(DataSet):
    """leftImg8bit_foggy/<split>/<city>/*_leftImg8bit_foggy_beta_*.png, or leftImg8bit_foggyDBF; gtFine is beside it.

    Every density that is there is a frame of its own.
    """

    licence = 'Foggy Cityscapes, for non-commercial use as Cityscapes.'

    def split(self, name: str) -> LabelledFrames:
        """Train or val."""
        plain = 'leftImg8bit_foggy'
        return city_frames(self.root, plain if (self.root / plain).is_dir() else f'{plain}DBF', name)
