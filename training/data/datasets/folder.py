# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Your own data: images, PNGs of label ids, and classes.json."""

import re
from pathlib import Path

from training.data.class_list import ClassList
from training.data.dataset import DataSet, split_pool
from training.data.label_codes import IdCode
from training.data.labelled_files import LabelledFiles, frame_files, images_in
from training.data.labelled_frames import LabelledFrames
from uncd_ros.errors import ConfigError


class Folder(DataSet):
    """images/**/<frame>.{jpg,png,...}, labels/**/<frame>.png of the same sub-folders and stems, and classes.json.

    Splits: train/images, train/labels, val/images and val/labels instead; or train.txt and val.txt list the frames; or
    `data.val` names the drives of val. A split `calibration`, a folder or a list, takes the place of `data.holdout`.
    A drive is a sub-folder, or what `data.sequence_pattern` finds in the name of a frame.
    """

    licence = 'Data of your own: state here whose they are and what the model may be used for.'

    def split(self, name: str) -> LabelledFrames:
        """train, val, or another folder or list."""
        own = self.root / name
        return self._frames(own) if (own / 'images').is_dir() else split_pool(self._frames(self.root), self, name)

    def calibration(self) -> LabelledFrames | None:
        """A folder or a list of that name, if there is one."""
        name = 'calibration'
        is_there = (self.root / name / 'images').is_dir() or (self.root / f'{name}.txt').is_file()
        return self.split(name) if is_there else None

    def _frames(self, base: Path) -> LabelledFrames:
        images, labels = base / 'images', base / 'labels'
        classes = ClassList.read(self.root / 'classes.json')
        files = frame_files(
            images_in(images, '**/*'),
            lambda path: (labels / path.relative_to(images)).with_suffix('.png'),
            lambda path: self._drive(path, images),
            base=images,
        )
        return LabelledFiles.of(files, classes.infos, IdCode.plain(len(classes.infos), classes.ignore))

    def _drive(self, path: Path, images: Path) -> str:
        pattern = self.settings.sequence_pattern
        if not pattern:
            return path.parent.relative_to(images).as_posix() if path.parent != images else images.name
        found = re.search(pattern, path.stem)
        if not found or not found[1]:
            raise ConfigError(f"{path}: data.sequence_pattern '{pattern}' finds no name of a drive in '{path.stem}'")
        return found[1]
