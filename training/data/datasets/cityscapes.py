# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Cityscapes (Cordts et al. 2016): 19 classes; a drive is a city."""

from pathlib import Path

from training.data.dataset import DataSet
from training.data.label_codes import IdCode
from training.data.labelled_files import LabelledFiles, frame_files, images_in
from training.data.labelled_frames import LabelledFrames
from uncd_ros.classes import IGNORE_INDEX, ClassInfo

CLASSES: dict[int, tuple[str, tuple[int, int, int]]] = {
    7: ('road', (128, 64, 128)),
    8: ('sidewalk', (244, 35, 232)),
    11: ('building', (70, 70, 70)),
    12: ('wall', (102, 102, 156)),
    13: ('fence', (190, 153, 153)),
    17: ('pole', (153, 153, 153)),
    19: ('traffic light', (250, 170, 30)),
    20: ('traffic sign', (220, 220, 0)),
    21: ('vegetation', (107, 142, 35)),
    22: ('terrain', (152, 251, 152)),
    23: ('sky', (70, 130, 180)),
    24: ('person', (220, 20, 60)),
    25: ('rider', (255, 0, 0)),
    26: ('car', (0, 0, 142)),
    27: ('truck', (0, 0, 70)),
    28: ('bus', (0, 60, 100)),
    31: ('train', (0, 80, 100)),
    32: ('motorcycle', (0, 0, 230)),
    33: ('bicycle', (119, 11, 32)),
}
"""Label id -> name and colour, in the order of the train ids."""
LABEL_IDS = IdCode(
    # All others of 0 to 33 are not evaluated; 255 is the licence plate, -1.
    ids={**dict.fromkeys((*range(34), 255), IGNORE_INDEX), **{key: index for index, key in enumerate(CLASSES)}}
)
TRAIN_CLASSES = tuple(ClassInfo(name=name, color=color) for name, color in CLASSES.values())


class Cityscapes(DataSet):
    """leftImg8bit/<split>/<city>/*_leftImg8bit.png and gtFine/<split>/<city>/*_gtFine_labelIds.png."""

    licence = 'Cityscapes, for non-commercial use (see www.cityscapes-dataset.com/license).'

    def split(self, name: str) -> LabelledFrames:
        """Train or val; the labels of test are not public."""
        return city_frames(self.root, 'leftImg8bit', name)


def city_frames(root: Path, images: str, split: str) -> LabelledFrames:
    """Frames of a folder of images, which may be renderings of the original ones, with the original labels."""

    def labels(path: Path) -> Path:
        frame = path.name.split('_leftImg8bit')[0]
        return root / 'gtFine' / split / path.parent.name / f'{frame}_gtFine_labelIds.png'

    paths = images_in(root / images / split, '*/*_leftImg8bit*')
    return LabelledFiles.of(frame_files(paths, labels, lambda path: path.parent.name), TRAIN_CLASSES, LABEL_IDS)
