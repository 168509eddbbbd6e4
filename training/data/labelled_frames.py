# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled frames one at a time, read or rendered when they are asked for: memory does not grow with their number."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from uncd_ros.classes import ClassInfo
from uncd_ros.errors import ImageError
from uncd_ros.evaluation.label_images import read_labels
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.images.codec import read_image
from uncd_ros.street.scene import STREET_CLASSES, render_street


class LabelledFrames(Protocol):
    """Frames by number."""

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """What the label ids mean."""

    @property
    def sequences(self) -> tuple[str, ...]:
        """Drive that each frame belongs to."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> LabelledFrame: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledFiles:
    """Images and label images of one size each."""

    pairs: tuple[tuple[Path, Path], ...]
    """Image and labels of each frame; `<sequence>_<frame>` is the image's name."""
    classes: tuple[ClassInfo, ...]
    ignore: int
    """Label id, in the files, of pixels without a class."""

    @property
    def sequences(self) -> tuple[str, ...]:
        """Drive that each frame belongs to."""
        return tuple(_sequence(path) for path, _ in self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> LabelledFrame:
        path, labels = self.pairs[index]
        image = np.ascontiguousarray(read_image(path)[..., ::-1])
        return LabelledFrame(
            image=image,
            labels=read_labels(labels, image.shape[:2], len(self.classes), self.ignore),
            name=path.stem,
            sequence=_sequence(path),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetFrames:
    """Frames of procedural streets, in clear weather, a sequence a seed."""

    seeds: tuple[int, ...]
    length: int
    """Frames a seed."""
    height: int
    width: int

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """What the label ids mean."""
        return tuple(ClassInfo(name=name, color=color) for name, color in STREET_CLASSES)

    @property
    def sequences(self) -> tuple[str, ...]:
        """Drive that each frame belongs to."""
        return tuple(f'street{seed}' for seed in self.seeds for _ in range(self.length))

    def __len__(self) -> int:
        return len(self.seeds) * self.length

    def __getitem__(self, index: int) -> LabelledFrame:
        seed, frame = self.seeds[index // self.length], index % self.length
        # Every tenth frame: neighbours at camera rate are nearly the same picture.
        scene = render_street(seed=seed, frame=10 * frame, height=self.height, width=self.width)
        return LabelledFrame(
            image=scene.image, labels=scene.labels, name=f'street{seed}_{frame:04d}', sequence=f'street{seed}'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subset:
    """Some frames of a set."""

    whole: LabelledFrames
    indices: Sequence[int]

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """What the label ids mean."""
        return self.whole.classes

    @property
    def sequences(self) -> tuple[str, ...]:
        """Drive that each frame belongs to."""
        names = self.whole.sequences
        return tuple(names[index] for index in self.indices)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> LabelledFrame:
        return self.whole[self.indices[index]]


def camvid_frames(root: Path, split: str) -> LabelledFiles:
    """SegNet's layout of CamVid: `<split>/*.{jpg,png}`, `<split>annot/*.png`, classes.json; sequence_frame names."""
    classes = ClassList.read(root / 'classes.json')
    return LabelledFiles(
        pairs=_pairs(root / split, root / f'{split}annot'), classes=classes.infos, ignore=classes.ignore
    )


def shift_frames(root: Path, classes: 'ClassList') -> LabelledFiles:
    """Frames of a shifted domain: `images/*.{jpg,png}`, `labels/*.png`."""
    return LabelledFiles(pairs=_pairs(root / 'images', root / 'labels'), classes=classes.infos, ignore=classes.ignore)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassList:
    """classes.json: what the ids of a data set mean."""

    path: Path
    infos: tuple[ClassInfo, ...]
    ignore: int
    """Label id, in the files, of pixels without a class."""
    sources: tuple[tuple[str, ...], ...]
    """`from_camvid`: names of the model's classes that each of these takes in; empty where it is not given."""

    @classmethod
    def read(cls, path: Path) -> 'ClassList':
        """Raises ImageError that names the file."""
        try:
            content = json.loads(path.read_text())
            entries: list[dict[str, Any]] = sorted(content['classes'], key=lambda entry: entry['id'])
            return cls(
                path=path,
                # A merged class has no colour of its own.
                infos=tuple(ClassInfo(name=e['name'], color=tuple(e.get('color', (0, 0, 0)))) for e in entries),
                ignore=content['ignore'],
                sources=tuple(tuple(entry.get('from_camvid', ())) for entry in entries),
            )
        except OSError as error:
            raise ImageError(f'{path}: cannot be read ({error.strerror}), expected a list of classes') from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            expected = '{"ignore": id, "classes": [{id, name, color}]}'
            raise ImageError(f'{path}: {error!r}, expected {expected}') from None

    def merge(self, names: Iterable[str]) -> NDArray[np.int64]:
        """(C,) id here of each of the model's classes. Raises ImageError for one that no class, or two, take in."""
        targets = []
        for name in names:
            takers = [index for index, sources in enumerate(self.sources) if name in sources]
            if len(takers) != 1:
                raise ImageError(
                    f"{self.path}: {len(takers)} classes take in the model's class '{name}' by from_camvid, expected 1"
                )
            targets.append(takers[0])
        return np.asarray(targets, np.int64)


def _pairs(images: Path, labels: Path) -> tuple[tuple[Path, Path], ...]:
    paths = sorted(path for path in images.glob('*') if path.suffix in {'.jpg', '.png'})
    if not paths:
        raise ImageError(f'{images}: no images, expected *.jpg or *.png')
    return tuple((path, labels / f'{path.stem}.png') for path in paths)


def _sequence(path: Path) -> str:
    return path.stem.split('_')[0]
