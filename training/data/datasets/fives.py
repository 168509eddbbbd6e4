# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FIVES (Jin et al. 2022): retinal vessels, 600 images to train on and 200 to test; each is a drive of its own."""

from training.data.dataset import DataSet
from training.data.labelled_files import images_in
from training.data.labelled_frames import LabelledFrames
from training.data.vessels import vessel_frames
from uncd_ros.errors import ConfigError

FOLDERS = {'train': 'train', 'val': 'test', 'test': 'test'}


class Fives(DataSet):
    """{train,test}/{Original,Ground truth}/<number>_<A, D, G or N>.png; the field of view is computed.

    The letter is the disease. The official test images are val: they choose nothing.
    """

    licence = 'FIVES, CC BY 4.0.'

    def split(self, name: str) -> LabelledFrames:
        """train, and val or test, which are the same."""
        if name not in FOLDERS:
            raise ConfigError(f"there is no split '{name}', expected one of {', '.join(FOLDERS)} in FIVES")
        folder = self.root / FOLDERS[name]
        return vessel_frames(
            images_in(folder / 'Original'),
            labels=lambda path: folder / 'Ground truth' / path.name,
            sequence=lambda path: path.stem,
        )
