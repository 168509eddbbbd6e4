# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""STARE (Hoover et al. 2000): retinal vessels, 20 images; each is a drive of its own."""

from pathlib import Path

from training.data.dataset import DataSet, split_pool
from training.data.labelled_frames import LabelledFrames
from training.data.vessels import vessel_frames
from uncd_ros.errors import ImageError


class Stare(DataSet):
    """im*.ppm.gz of stare-images.tar and im*.ah.ppm.gz of labels-ah.tar, packed or not, in one folder or in two.

    The first observer, ah, is taken. There are no official splits: train.txt and val.txt list the images, or `data.val`
    names those of val. The field of view is computed.
    """

    licence = 'STARE, for research.'

    def split(self, name: str) -> LabelledFrames:
        """Train or val."""
        found = {path.name.removesuffix('.gz'): path for path in self.root.rglob('im*.ppm*')}
        images = [path for name, path in sorted(found.items()) if name.count('.') == 1]
        if not images:
            raise ImageError(f'{self.root}: no images, expected im*.ppm.gz or im*.ppm')

        def labels(image: Path) -> Path:
            expected = f'{_number(image)}.ah.ppm'
            return found.get(expected, self.root / f'{expected}.gz')

        return split_pool(vessel_frames(images, labels, sequence=_number), self, name)


def _number(path: Path) -> str:
    return path.name.split('.')[0]
