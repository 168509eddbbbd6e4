# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A2D2 (Geyer et al. 2020): Audi's drives, colour-coded labels, here in the 19 classes of Cityscapes."""

import json
from pathlib import Path

from training.data.dataset import DataSet, split_pool
from training.data.datasets.cityscapes import TRAIN_CLASSES
from training.data.label_codes import ColourCode
from training.data.labelled_files import LabelledFiles, frame_files, images_in
from training.data.labelled_frames import LabelledFrames
from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.errors import ImageError

CITYSCAPES = {
    'RD normal street': 'road',
    'Solid line': 'road',
    'Dashed line': 'road',
    'Zebra crossing': 'road',
    'Painted driv. instr.': 'road',
    'Drivable cobblestone': 'road',
    'Slow drive area': 'road',
    'Speed bumper': 'road',
    'RD restricted area': 'road',
    'Sidewalk': 'sidewalk',
    'Curbstone': 'sidewalk',
    'Buildings': 'building',
    'Grid structure': 'fence',
    'Poles': 'pole',
    'Traffic signal': 'traffic light',
    'Signal corpus': 'traffic light',
    'Traffic sign': 'traffic sign',
    'Nature object': 'vegetation',
    'Sky': 'sky',
    'Pedestrian': 'person',
    'Car': 'car',
    'Truck': 'truck',
    'Small vehicles': 'motorcycle',
    'Bicycle': 'bicycle',
}
"""Class of A2D2, without the number of the instance -> class of Cityscapes; all others are ignored."""


class A2D2(DataSet):
    """<drive>/camera/cam_*/*_camera_*.png, <drive>/label/cam_*/*_label_*.png and class_list.json: colour -> name.

    There are no official splits: train.txt and val.txt list frames, or `data.val` names the drives of val.
    """

    licence = 'A2D2, CC BY-ND 4.0.'

    def split(self, name: str) -> LabelledFrames:
        """Train or val."""
        images = images_in(self.root, '*/camera/cam_*/*_camera_*')
        files = frame_files(images, _labels, lambda path: path.parents[2].name)
        pool = LabelledFiles.of(files, TRAIN_CLASSES, ColourCode(ids=_colours(self.root / 'class_list.json')))
        return split_pool(pool, self, name)


def _labels(image: Path) -> Path:
    return image.parents[2] / 'label' / image.parent.name / image.name.replace('_camera_', '_label_')


def _colours(path: Path) -> dict[tuple[int, int, int], int]:
    """RGB -> class id of Cityscapes. Raises ImageError where the list cannot be read."""
    ids = {info.name: index for index, info in enumerate(TRAIN_CLASSES)}
    try:
        names: dict[str, str] = json.loads(path.read_text())
        merged = {text: CITYSCAPES.get(name.rstrip(' 0123456789'), '') for text, name in names.items()}
        return {_rgb(text): ids.get(name, IGNORE_INDEX) for text, name in merged.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise ImageError(f'{path}: {error}, expected {{"#rrggbb": name}} as A2D2 comes with') from None


def _rgb(text: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(text.removeprefix('#'))
    return red, green, blue
