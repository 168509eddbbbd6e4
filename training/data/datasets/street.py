# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The procedural street: nothing to download."""

from dataclasses import dataclass

import numpy as np

from training.data.dataset import DataSet
from training.data.labelled_frames import LabelledFrames
from uncd_ros.classes import ClassInfo
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.street.scene import STREET_CLASSES, StreetScene, render_street

SEEDS = {'train': tuple(range(10)), 'calibration': tuple(range(100, 112)), 'val': (200, 201)}
"""Ten streets to train on, two to evaluate on; twelve to calibrate on, since a threshold needs many."""


@dataclass(frozen=True, kw_only=True)
class StreetFrames(LabelledFrames):
    """Frames of procedural streets, in clear weather, a sequence a seed."""

    seeds: tuple[int, ...]
    length: int
    """Frames a seed."""
    size: tuple[int, int]
    """Height and width, pixels."""

    @classmethod
    def of(cls, seeds: tuple[int, ...], length: int, size: tuple[int, int]) -> 'StreetFrames':
        """`length` frames of each street."""
        return cls(
            classes=tuple(ClassInfo(name=name, color=color) for name, color in STREET_CLASSES),
            names=tuple(f'street{seed}_{frame:04d}' for seed in seeds for frame in range(length)),
            sequences=tuple(f'street{seed}' for seed in seeds for _ in range(length)),
            seeds=seeds,
            length=length,
            size=size,
        )

    def __getitem__(self, index: int) -> LabelledFrame:
        scene = self._scene(index, unknown_objects=0)
        return LabelledFrame(
            image=scene.image, labels=scene.labels, name=self.names[index], sequence=self.sequences[index]
        )

    def _scene(self, index: int, *, unknown_objects: int) -> StreetScene:
        seed, frame = self.seeds[index // self.length], index % self.length
        height, width = self.size
        # Every tenth frame: neighbours at camera rate are nearly the same picture.
        return render_street(seed=seed, frame=10 * frame, height=height, width=width, unknown_objects=unknown_objects)


@dataclass(frozen=True, kw_only=True)
class StreetUnknowns(StreetFrames):
    """The same with an unknown object in our lane; labels are 0 normal, 1 anomalous."""

    def __getitem__(self, index: int) -> LabelledFrame:
        scene = self._scene(index, unknown_objects=1)
        return LabelledFrame(
            image=scene.image,
            labels=scene.unknown.astype(np.uint8),
            name=self.names[index],
            sequence=self.sequences[index],
        )


class Street(DataSet):
    """Streets of other seeds for each split; `data.sequence_length` frames of each."""

    licence = 'Procedural streets rendered by this package (Apache-2.0); no real image was used.'

    def split(self, name: str) -> LabelledFrames:
        """train, calibration or val."""
        if name not in SEEDS:
            raise ConfigError(f"there is no split '{name}', expected one of {', '.join(SEEDS)} on the street")
        return StreetFrames.of(SEEDS[name], self.settings.sequence_length, self.size)

    def calibration(self) -> LabelledFrames | None:
        """Streets of its own."""
        return self.split('calibration')
