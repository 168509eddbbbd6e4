# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Labelled frames in files."""

import gzip
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.label_codes import LabelCode
from training.data.labelled_frames import LabelledFrames
from uncd_ros.classes import IGNORE_INDEX, ClassInfo
from uncd_ros.errors import ImageError
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.images.codec import decode, read_image
from uncd_ros.sources.folder import IMAGE_SUFFIXES


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFile:
    """Where one frame lies."""

    image: Path
    labels: Path
    sequence: str
    """Drive that the frame belongs to."""
    name: str
    """Of the frame, for a person and for lists of frames."""


def frame_name(file: str) -> str:
    """`a/b_0.02.png` -> 'a/b_0.02', `c.ppm.gz` -> 'c'; a name without the ending of an image stays as it is."""
    path = Path(file.removesuffix('.gz'))
    return (path.with_suffix('') if path.suffix.lower() in IMAGE_SUFFIXES else path).as_posix()


FieldOfView = Callable[[FrameFile, NDArray[np.uint8]], NDArray[np.bool_]]
"""(file, image) -> (H, W) true where the camera sees something."""


@dataclass(frozen=True, kw_only=True)
class LabelledFiles(LabelledFrames):
    """Images and label images; the two of a frame have one size."""

    files: tuple[FrameFile, ...]
    code: LabelCode
    field_of_view: FieldOfView | None = None
    """Pixels outside of it are ignored."""

    @classmethod
    def of(
        cls,
        files: tuple[FrameFile, ...],
        classes: tuple[ClassInfo, ...],
        code: LabelCode,
        field_of_view: FieldOfView | None = None,
    ) -> 'LabelledFiles':
        """Frames named as their images are."""
        return cls(
            classes=classes,
            names=tuple(file.name for file in files),
            sequences=tuple(file.sequence for file in files),
            files=files,
            code=code,
            field_of_view=field_of_view,
        )

    def __getitem__(self, index: int) -> LabelledFrame:
        file = self.files[index]
        image = read_rgb(file.image)
        labels = self.code.read(file.labels)
        if labels.shape != image.shape[:2]:
            raise ImageError(
                f'{file.labels}: label has shape {labels.shape}, expected {image.shape[:2]} as its image {file.image}'
            )
        if self.field_of_view is not None:
            labels = np.where(self.field_of_view(file, image), labels, np.uint8(IGNORE_INDEX))
        return LabelledFrame(image=image, labels=labels, name=file.name, sequence=file.sequence)

    def file(self, index: int) -> Path | None:
        """Image file of a frame."""
        return self.files[index].image

    def labels(self, index: int) -> NDArray[np.uint8]:
        """(H, W) class ids; the image is not read unless the field of view is found in it."""
        return self.code.read(self.files[index].labels) if self.field_of_view is None else self[index].labels


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) RGB. Raises ImageError for a file that is missing, damaged or cut short."""
    if path.suffix != '.gz':
        return np.ascontiguousarray(read_image(path)[..., ::-1])
    image = decode(gzip.decompress(path.read_bytes()))
    if image is None:
        raise ImageError(f'{path}: damaged or cut short, expected a whole image')
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def images_in(folder: Path, pattern: str = '*') -> list[Path]:
    """Image files of a folder, by name. Raises ImageError where there is none."""
    paths = sorted(path for path in folder.glob(pattern) if path.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        raise ImageError(f'{folder}: no images, expected {pattern} of {", ".join(IMAGE_SUFFIXES)}')
    return paths


def frame_files(
    images: Iterable[Path], labels: Callable[[Path], Path], sequence: Callable[[Path], str], base: Path | None = None
) -> tuple[FrameFile, ...]:
    """A frame for each image; `labels` and `sequence` say from its path what belongs to it.

    It is named as its image, with the sub-folders from `base` on.
    """
    return tuple(
        FrameFile(
            image=path,
            labels=labels(path),
            sequence=sequence(path),
            name=frame_name(path.name if base is None else path.relative_to(base).as_posix()),
        )
        for path in images
    )
