# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names of the files of a bag."""

import re
from pathlib import Path

BAG_SUFFIXES = ('.mcap', '.db3')


def is_bag_file(path: Path) -> bool:
    """Whether a file is named as those of a rosbag2 are, `.zstd` being what it adds when it compresses one."""
    return path.name.removesuffix('.zstd').endswith(BAG_SUFFIXES)


def natural_order(path: Path) -> list[tuple[int, int, str]]:
    """Sort key in which numbers count as numbers, and come before letters."""
    pieces = re.findall(r'\d+|\D+', path.name.lower())
    return [(0, int(piece), '') if piece.isdecimal() else (1, 0, piece) for piece in pieces]
