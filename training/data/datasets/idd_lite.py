# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""IDD Lite (Mishra et al. 2019): IDD at 320x227 in 7 classes; a drive is a folder."""

from pathlib import Path

from training.data.dataset import DataSet
from training.data.label_codes import IdCode
from training.data.labelled_files import LabelledFiles, frame_files, images_in
from training.data.labelled_frames import LabelledFrames
from uncd_ros.classes import IGNORE_INDEX, ClassInfo

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

        def labels(path: Path) -> Path:
            frame = path.name.split('_image')[0]
            return self.root / 'gtFine' / name / path.parent.name / f'{frame}_label.png'

        paths = images_in(self.root / 'leftImg8bit' / name, '*/*_image.*')
        classes = tuple(ClassInfo(name=each, color=color) for each, color in CLASSES.items())
        code = IdCode.plain(len(classes), IGNORE_INDEX)
        return LabelledFiles.of(frame_files(paths, labels, lambda path: path.parent.name), classes, code)
