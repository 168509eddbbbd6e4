# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""IDD (Varma et al. 2019): Indian roads, 26 classes; a drive is a folder."""

from collections.abc import Mapping
from pathlib import Path

from training.data.dataset import DataSet
from training.data.label_codes import IdCode
from training.data.labelled_files import LabelledFiles, frame_files, images_in
from training.data.labelled_frames import LabelledFrames
from uncd_ros.classes import IGNORE_INDEX, ClassInfo

CLASSES: dict[str, tuple[int, int, int]] = {
    'road': (128, 64, 128),
    'drivable fallback': (81, 0, 81),
    'sidewalk': (244, 35, 232),
    'non-drivable fallback': (152, 251, 152),
    'person or animal': (220, 20, 60),
    'rider': (255, 0, 0),
    'motorcycle': (0, 0, 230),
    'bicycle': (119, 11, 32),
    'autorickshaw': (255, 204, 54),
    'car': (0, 0, 142),
    'truck': (0, 0, 70),
    'bus': (0, 60, 100),
    'vehicle fallback': (136, 143, 153),
    'curb': (220, 190, 40),
    'wall': (102, 102, 156),
    'fence': (190, 153, 153),
    'guard rail': (180, 165, 180),
    'billboard': (174, 64, 67),
    'traffic sign': (220, 220, 0),
    'traffic light': (250, 170, 30),
    'pole': (153, 153, 153),
    'obstacle fallback': (169, 187, 214),
    'building': (70, 70, 70),
    'bridge or tunnel': (150, 100, 100),
    'vegetation': (107, 142, 35),
    'sky': (70, 130, 180),
}
"""Name -> colour, in the order of the level-3 ids."""


class Idd(DataSet):
    """leftImg8bit/<split>/<drive>/*_leftImg8bit.* and gtFine/<split>/<drive>/*_gtFine_labellevel3Ids.png.

    The latter are made from IDD's polygons by its own createLabels.py --id-type level3Id.
    """

    licence = 'IDD, for research (see idd.insaan.iiit.ac.in).'

    def split(self, name: str) -> LabelledFrames:
        """Train or val."""
        return drive_frames(self.root, name, CLASSES, '_leftImg8bit', '_gtFine_labellevel3Ids.png')


def drive_frames(
    root: Path, split: str, colors: Mapping[str, tuple[int, int, int]], image_end: str, label_end: str
) -> LabelledFrames:
    """Frames of a split, whose drives are folders; images and labels begin with the frame's name and end as told.

    `colors` are those of the classes, by name, in the order of their ids.
    """

    def labels(path: Path) -> Path:
        return root / 'gtFine' / split / path.parent.name / f'{path.name.split(image_end)[0]}{label_end}'

    paths = images_in(root / 'leftImg8bit' / split, f'*/*{image_end}.*')
    classes = tuple(ClassInfo(name=each, color=color) for each, color in colors.items())
    code = IdCode.plain(len(classes), IGNORE_INDEX)
    return LabelledFiles.of(frame_files(paths, labels, lambda path: path.parent.name), classes, code)
