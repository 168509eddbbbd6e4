# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a label id means: the classes of a model or data set, and the one id that is no class."""

from dataclasses import dataclass

IGNORE_INDEX = 255
"""Label id of a pixel without a class: not labelled in the ground truth, or abstained from in a predicted mask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassInfo:
    """One class; its id is its place in the list of all."""

    name: str
    color: tuple[int, int, int]
    """RGB, each 0 to 255."""
