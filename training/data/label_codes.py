# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How label files say what a pixel shows: by the id of a class, by a colour, or as a mask."""

import gzip
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.errors import ImageError
from uncd_ros.images.codec import read_image

_PNG_COLOUR_TYPE, _PALETTE = 25, 3
"""Byte of a PNG's header that tells how it stores colours, and the value that says: by a palette."""


class LabelCode(Protocol):
    """From a label file to class ids."""

    def read(self, path: Path) -> NDArray[np.uint8]:
        """(H, W) class ids, 255 ignore. Raises ImageError that names the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdCode:
    """A file of ids: 8 bit grey, or a palette, whose indices are the ids whatever its colours are."""

    ids: Mapping[int, int]
    """Id in the file -> class id, or 255."""
    table: NDArray[np.int16] = field(init=False, repr=False, compare=False)
    """(256,) the same; -1 for an id that is unknown."""

    def __post_init__(self) -> None:
        table = np.full(256, -1, np.int16)
        for key, value in self.ids.items():
            table[key] = value
        object.__setattr__(self, 'table', table)

    @classmethod
    def plain(cls, num_classes: int, ignore: int) -> 'IdCode':
        """Files that hold class ids as they are."""
        return cls(ids={ignore: IGNORE_INDEX} | {index: index for index in range(num_classes)})

    def read(self, path: Path) -> NDArray[np.uint8]:
        """(H, W) class ids."""
        stored = _read_indices(path)
        if stored.ndim != 2:
            raise ImageError(
                f'{path}: a colour image of shape {stored.shape}, expected one id per pixel (8 bit grey or a palette)'
            )
        labels = self.table[stored]
        if (labels < 0).any():
            unknown = np.unique(stored[labels < 0]).tolist()
            ignored = sorted(key for key, value in self.ids.items() if value == IGNORE_INDEX)
            known = sorted(key for key, value in self.ids.items() if value != IGNORE_INDEX)
            raise ImageError(
                f'{path}: unknown label ids {unknown}, expected {known[0]} to {known[-1]} or {_listed(ignored)}'
            )
        return np.asarray(labels, np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourCode:
    """A file of colours; what has a colour of no class is an error."""

    ids: Mapping[tuple[int, int, int], int]
    """RGB -> class id, or 255."""

    def read(self, path: Path) -> NDArray[np.uint8]:
        """(H, W) class ids."""
        packed = _packed(read_image(path)[..., ::-1].astype(np.int32))
        colours = np.asarray(list(self.ids), np.int32)
        keys = _packed(colours)
        order = np.argsort(keys)
        place = np.searchsorted(keys[order], packed).clip(max=len(keys) - 1)
        known = keys[order][place] == packed
        if not known.all():
            value = int(packed[~known][0])
            rgb = (value >> 16, value >> 8 & 255, value & 255)
            raise ImageError(f'{path}: colour {rgb} is of no class, expected one of the {len(keys)} that are listed')
        return np.asarray(np.asarray(list(self.ids.values()), np.uint8)[order][place], np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskCode:
    """A file that is dark where class 0 is seen and bright where class 1 is."""

    def read(self, path: Path) -> NDArray[np.uint8]:
        """(H, W) of 0 and 1."""
        return (read_mask(path) > 127).astype(np.uint8)


def read_mask(path: Path) -> NDArray[np.uint8]:
    """(H, W) grey values of any image, also .gif and .gz. Raises ImageError that names the file."""
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == '.gz' else path.read_bytes()
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image.convert('L'), np.uint8)
    except FileNotFoundError:
        raise ImageError(f'{path}: not found, expected a mask') from None
    except (OSError, EOFError, UnidentifiedImageError) as error:
        raise ImageError(f'{path}: cannot be read as an image ({" ".join(str(error).split())})') from None


def _read_indices(path: Path) -> NDArray[Any]:
    """(H, W) values of a file as they are stored; OpenCV alone would turn the indices of a palette into colours."""
    if path.is_file():
        with path.open('rb') as file:
            header = file.read(_PNG_COLOUR_TYPE + 1)
        if header.startswith(b'\x89PNG') and header[-1] == _PALETTE:
            read_image(path)  # which refuses a file that is cut short
            with Image.open(path) as image:
                return np.asarray(image)
    return read_image(path, cv2.IMREAD_UNCHANGED)


def _packed(colours: NDArray[np.int32]) -> NDArray[np.int32]:
    return colours[..., 0] << 16 | colours[..., 1] << 8 | colours[..., 2]


def _listed(values: list[int]) -> str:
    return ', '.join(map(str, values))
