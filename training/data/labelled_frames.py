# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled frames one at a time, read or rendered when they are asked for: memory does not grow with their number."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from uncd_ros.classes import ClassInfo
from uncd_ros.evaluation.results import LabelledFrame


@dataclass(frozen=True, kw_only=True)
class LabelledFrames(ABC):
    """Frames by number; two of them may differ in size."""

    classes: tuple[ClassInfo, ...]
    """What the label ids mean."""
    names: tuple[str, ...]
    """Of each frame, for a person."""
    sequences: tuple[str, ...]
    """Drive that each frame belongs to."""

    @abstractmethod
    def __getitem__(self, index: int) -> LabelledFrame: ...

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[LabelledFrame]:
        return (self[index] for index in range(len(self)))

    def labels(self, index: int) -> NDArray[np.uint8]:
        """(H, W) class ids of a frame, 255 ignore, 254 unlabelled; cheaper than the frame where they lie in files."""
        return self[index].labels

    def file(self, index: int) -> Path | None:  # noqa: ARG002
        """Image file of a frame; None for one that lies in no file."""
        return None

    def select(self, keep: Callable[[str], bool]) -> 'LabelledFrames':
        """The frames whose sequence `keep` accepts."""
        return Subset.of(self, [i for i, sequence in enumerate(self.sequences) if keep(sequence)])

    def excluding(self, sequences: tuple[str, ...]) -> 'LabelledFrames':
        """The frames of all other sequences."""
        return self.select(lambda sequence: sequence not in sequences) if sequences else self

    def fingerprint(self) -> str:
        """SHA-256 over names and pixels; every frame is read."""
        digest = hashlib.sha256('\n'.join(self.names).encode())
        for frame in self:
            digest.update(np.ascontiguousarray(frame.image).data)
            digest.update(np.ascontiguousarray(frame.labels).data)
        return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Subset(LabelledFrames):
    """Some frames of a set."""

    whole: LabelledFrames
    indices: Sequence[int]

    @classmethod
    def of(cls, whole: LabelledFrames, indices: Sequence[int]) -> 'Subset':
        """The frames of these numbers, in their order."""
        return cls(
            classes=whole.classes,
            names=tuple(whole.names[index] for index in indices),
            sequences=tuple(whole.sequences[index] for index in indices),
            whole=whole,
            indices=indices,
        )

    def __getitem__(self, index: int) -> LabelledFrame:
        return self.whole[self.indices[index]]

    def file(self, index: int) -> Path | None:
        """Image file of a frame."""
        return self.whole.file(self.indices[index])

    def labels(self, index: int) -> NDArray[np.uint8]:
        """(H, W) class ids of a frame."""
        return self.whole.labels(self.indices[index])


@dataclass(frozen=True, kw_only=True)
class Joined(LabelledFrames):
    """One set behind another."""

    first: LabelledFrames
    second: LabelledFrames

    @classmethod
    def of(cls, first: LabelledFrames, second: LabelledFrames) -> 'Joined':
        """Both have the same classes."""
        return cls(
            classes=first.classes,
            names=first.names + second.names,
            sequences=first.sequences + second.sequences,
            first=first,
            second=second,
        )

    def __getitem__(self, index: int) -> LabelledFrame:
        count = len(self.first)
        return self.first[index] if index < count else self.second[index - count]

    def labels(self, index: int) -> NDArray[np.uint8]:
        """(H, W) class ids of a frame."""
        count = len(self.first)
        return self.first.labels(index) if index < count else self.second.labels(index - count)
