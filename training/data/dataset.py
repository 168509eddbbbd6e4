# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a data set is: a class that knows one layout, in a file of its own in training/data/datasets/."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import ClassVar

from training.data.labelled_files import frame_name
from training.data.labelled_frames import LabelledFrames, Subset
from training.run.settings import DataSettings
from uncd_ros.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class DataSet(ABC):
    """One data set in its layout; nothing is read before a split is asked for."""

    licence: ClassVar[str]
    """What a model that is trained on it may be used for."""

    root: Path
    settings: DataSettings
    size: tuple[int, int]
    """Height and width of the network's input, for frames that are rendered."""

    @abstractmethod
    def split(self, name: str) -> LabelledFrames:
        """`train`, `val` or another that there is. Raises UncdError that names what is missing."""

    def calibration(self) -> LabelledFrames | None:
        """A split of its own to calibrate on; None where drives of `train` are held out for it."""
        return None


def matches(sequence: str, patterns: tuple[str, ...]) -> bool:
    """Whether a drive has one of the names, which may hold * and ?."""
    return any(fnmatchcase(sequence, pattern) for pattern in patterns)


def split_pool(pool: LabelledFrames, dataset: DataSet, name: str) -> LabelledFrames:
    """A split of frames that lie in one place: those that <root>/<name>.txt lists, else by drive.

    By drive, `val` has those of `data.val`, and `train` all others.
    """
    listed = dataset.root / f'{name}.txt'
    if listed.is_file():
        return _listed(pool, listed)
    val = dataset.settings.val
    missing = [pattern for pattern in val if not any(matches(each, (pattern,)) for each in pool.sequences)]
    if missing or not val:
        known = ', '.join(sorted(set(pool.sequences))[:20])
        raise ConfigError(f'data.val is {list(val)}, expected some of the drives {known}; or the file {listed}')
    belongs: dict[str, Callable[[str], bool]] = {
        'val': lambda sequence: matches(sequence, val),
        'train': lambda sequence: not matches(sequence, val),
    }
    if name not in belongs:
        raise ConfigError(f'{listed}: not found, expected the names of the frames of {name}; train and val are there')
    return pool.select(belongs[name])


def _listed(pool: LabelledFrames, path: Path) -> LabelledFrames:
    """Frames by a list: a line for each, its name or the path of its image."""
    numbers = {name: index for index, name in enumerate(pool.names)}
    wanted = [frame_name(line.strip()) for line in path.read_text().splitlines() if line.strip()]
    found = [numbers.get(name, numbers.get(name.rpartition('/')[2])) for name in wanted]
    if None in found:
        missing = wanted[found.index(None)]
        raise ConfigError(f"{path}: lists '{missing}', expected names of frames such as '{pool.names[0]}'")
    return Subset.of(pool, [number for number in found if number is not None])
