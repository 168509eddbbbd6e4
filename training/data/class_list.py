# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""classes.json: names and colours of the classes of a data set, and the id of what has none."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncd_ros.classes import ClassInfo
from uncd_ros.errors import ConfigError, ImageError


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassList:
    """What the ids of a data set mean."""

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
            classes = cls(
                path=path,
                # A merged class has no colour of its own.
                infos=tuple(ClassInfo(name=e['name'], color=tuple(e.get('color', (0, 0, 0)))) for e in entries),
                ignore=content['ignore'],
                sources=tuple(tuple(entry.get('from_camvid', ())) for entry in entries),
            )
        except OSError as error:
            raise ImageError(f'{path}: cannot be read ({error.strerror}), expected a list of classes') from None
        except (ValueError, KeyError, TypeError, AttributeError, ConfigError) as error:
            expected = '{"ignore": id, "classes": [{id, name, color}]}'
            raise ImageError(f'{path}: {error!r}, expected {expected}') from None
        if (ids := [entry['id'] for entry in entries]) != list(range(len(ids))):
            raise ImageError(f'{path}: the ids of the classes are {ids}, expected 0, 1, 2 and so on without a gap')
        return classes

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
