# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""IDD Lite (Mishra et al. 2019): IDD at 320x227 in 7 classes; a drive is a folder."""

from training.data.dataset import DataSet
from training.data.datasets.idd import drive_frames
from training.data.labelled_frames import LabelledFrames

CLASSES: dict[str, tuple[int, int, int]] = {
    'drivable': (128, 64, 128),
    'non-drivable': (244, 35, 232),
    'living things': (220, 20, 60),
    'vehicles': (0, 0, 142),
    'roadside objects': (220, 220, 0),
    'far objects': (70, 70, 70),
    'sky': (70, 130, 180),
}
"""Name -> colour, in the order of the level-1 ids."""


class IddLite(DataSet):
    """leftImg8bit/<split>/<drive>/*_image.jpg and gtFine/<split>/<drive>/*_label.png."""

    licence = 'IDD Lite, for research (see idd.insaan.iiit.ac.in).'

    def split(self, name: str) -> LabelledFrames:
        """Train or val."""
        return drive_frames(self.root, name, CLASSES, '_image', '_label.png')
