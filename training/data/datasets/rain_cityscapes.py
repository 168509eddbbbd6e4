# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""RainCityscapes (Hu et al. 2019): 295 frames of Cityscapes, each in 36 kinds of synthetic rain."""

from training.data.dataset import DataSet
from training.data.datasets.cityscapes import city_frames
from training.data.labelled_frames import LabelledFrames


class RainCityscapes(DataSet):
    """leftImg8bit_rain/<split>/<city>/*_leftImg8bit_rain_alpha_*_pattern_*.png; gtFine is beside it."""

    licence = 'RainCityscapes, for non-commercial use as Cityscapes.'

    def split(self, name: str) -> LabelledFrames:
        """Train or val."""
        return city_frames(self.root, 'leftImg8bit_rain', name)
