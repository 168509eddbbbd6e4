# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""DRIVE (Staal et al. 2004): retinal vessels, 20 images to train on and 20 to test; each is a drive of its own."""

from training.data.dataset import DataSet
from training.data.labelled_files import images_in
from training.data.labelled_frames import LabelledFrames
from training.data.vessels import vessel_frames
from uncd_ros.errors import ConfigError

FOLDERS = {'train': 'training', 'val': 'test', 'test': 'test'}


class Drive(DataSet):
    """{training,test}/{images/*.tif,1st_manual/*_manual1.gif,mask/*_mask.gif}; what is outside the mask is ignored.

    The official test images are val: they choose nothing. A drive is named by the number of its image, 21 to 40.
    """

    licence = 'DRIVE, for research.'

    def split(self, name: str) -> LabelledFrames:
        """train, and val or test, which are the same."""
        if name not in FOLDERS:
            raise ConfigError(f"there is no split '{name}', expected one of {', '.join(FOLDERS)} in DRIVE")
        folder = self.root / FOLDERS[name]
        return vessel_frames(
            images_in(folder / 'images'),
            labels=lambda path: folder / '1st_manual' / f'{path.stem.split("_")[0]}_manual1.gif',
            sequence=lambda path: path.stem.split('_')[0],
            field_of_view=lambda path: folder / 'mask' / f'{path.stem}_mask.gif',
        )
