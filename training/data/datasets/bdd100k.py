# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""BDD100K (Yu et al. 2020), its 10k frames with segmentation, in the 19 classes of Cityscapes."""

from training.data.dataset import DataSet
from training.data.datasets.cityscapes import TRAIN_CLASSES
from training.data.label_codes import IdCode
from training.data.labelled_files import LabelledFiles, frame_files, images_in
from training.data.labelled_frames import LabelledFrames
from uncd_ros.classes import IGNORE_INDEX


class Bdd100k(DataSet):
    """images/10k/<split>/*.jpg and labels/sem_seg/masks/<split>/*.png; each frame is a drive of its own."""

    licence = 'BDD100K (see doc.bdd100k.com/license.html).'

    def split(self, name: str) -> LabelledFrames:
        """Train or val."""
        labels = self.root / 'labels' / 'sem_seg' / 'masks' / name
        paths = images_in(self.root / 'images' / '10k' / name)
        files = frame_files(paths, lambda path: labels / f'{path.stem}.png', lambda path: path.stem)
        return LabelledFiles.of(files, TRAIN_CLASSES, IdCode.plain(len(TRAIN_CLASSES), IGNORE_INDEX))
