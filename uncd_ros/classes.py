# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a label id means: the classes of a model or data set, and the one id that is no class."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from uncd_ros.checks import check_range, check_text

IGNORE_INDEX = 255
"""Label id of a pixel without a class: not labelled in the ground truth, or abstained from in a predicted mask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassInfo:
    """One class; its id is its place in the list of all. Raises ConfigError where a field does not fit."""

    name: str
    color: tuple[int, int, int]
    """RGB, each 0 to 255."""

    def __post_init__(self) -> None:
        check_text('classes.name', self.name)
        for value in self.color:
            check_range(f'classes.color of {self.name}', value, 0, 255)


def class_difference(before: Sequence[ClassInfo], after: Sequence[ClassInfo]) -> str:
    """The first label id that means another class after than before, in words; empty if there is none.

    The names count: who keeps label ids, as a costmap does, knows no colours.
    """
    names = zip_longest((info.name for info in before), (info.name for info in after))
    for label, (old, new) in enumerate(names):
        if old != new:
            return f'id {label} is {_quoted(new)} instead of {_quoted(old)}'
    return ''


def _quoted(name: str | None) -> str:
    return 'no class' if name is None else f"'{name}'"
