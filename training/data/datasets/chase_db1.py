# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CHASE_DB1 (Fraz et al. 2012): retinal vessels of 14 children, both eyes; a drive is a child."""

from training.data.dataset import DataSet, split_pool
from training.data.labelled_files import images_in
from training.data.labelled_frames import LabelledFrames
from training.data.vessels import vessel_frames


class ChaseDb1(DataSet):
    """Image_<child><L or R>.jpg and Image_<child><L or R>_1stHO.png in one folder; the first observer is taken.

    There are no official splits; `data.val: ['11', '12', '13', '14']` is the usual one: 20 images train, 8 evaluate.
    The field of view is computed.
    """

    licence = 'CHASE_DB1, CC BY 4.0.'

    def split(self, name: str) -> LabelledFrames:
        """Train or val."""
        pool = vessel_frames(
            images_in(self.root, 'Image_*.jpg'),
            labels=lambda path: path.with_name(f'{path.stem}_1stHO.png'),
            sequence=lambda path: path.stem.removeprefix('Image_')[:-1],
        )
        return split_pool(pool, self, name)
