# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Look at the data of a training before it begins: what they hold, and every problem by file.

    python training/inspect_data.py --config training/configs/camvid.yaml [--key.subkey value ...]

Every frame is read. Ends with 1 if training would be refused. The contact sheet lies in <run>/inspection/.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
from rich.markdown import Markdown
from rich.markup import escape

from training.data.inspection import Inspection, inspect_splits
from training.data.label_sheet import label_sheet
from training.data.splits import Splits, load_splits
from training.run.progress import console
from training.run.settings import parse_settings
from uncd_ros.classes import IGNORE_INDEX, ClassInfo
from uncd_ros.errors import UncdError
from uncd_ros.evaluation.markdown import table

MOST_LISTED = 100
"""Problems that are printed."""


def inspect_data(arguments: Sequence[str] | None = None) -> int:
    """Print what is found; the number of problems."""
    settings = parse_settings(arguments)
    splits = load_splits(settings.data, settings.student)
    found = inspect_splits(splits)
    console.print(Markdown(f'{split_table(found)}\n\n{class_table(found, splits.train.classes)}'))
    for note in found.notes:
        console.print(f'note: {escape(note)}', soft_wrap=True)
    for problem in found.problems[:MOST_LISTED]:
        console.print(f'problem: {escape(problem)}', soft_wrap=True)
    console.print(f'{len(found.problems)} problems')
    if not found.problems:
        console.print(f'contact sheet: {write_sheet(splits, settings.run_folder / "inspection")}', soft_wrap=True)
    return len(found.problems)


def split_table(found: Inspection) -> str:
    """Markdown: frames, drives and sizes of each split."""
    rows = []
    for name, split in found.splits.items():
        drives = [f'{drive} ({count})' for drive, count in sorted(split.sequences.items())]
        sizes = [f'{width}x{height} ({count})' for (height, width), count in split.sizes.most_common()]
        rows.append((name, str(split.sequences.total()), _listed(drives), _listed(sizes)))
    return table(('split', 'frames', 'drives', 'sizes'), rows)


def class_table(found: Inspection, classes: Sequence[ClassInfo]) -> str:
    """Markdown: share of the labelled pixels of each class in each split, and the share of all that is ignored."""
    pixels = {name: split.pixels for name, split in found.splits.items()}
    rows = [
        (f'{index}', info.name, *(_share(each[index], each[:IGNORE_INDEX].sum()) for each in pixels.values()))
        for index, info in enumerate(classes)
    ]
    rows.append((f'{IGNORE_INDEX}', 'ignored', *(_share(each[IGNORE_INDEX], each.sum()) for each in pixels.values())))
    return table(('id', 'class', *pixels), rows)


def write_sheet(splits: Splits, folder: Path) -> Path:
    """A JPEG of some frames with their labels."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / 'contact_sheet.jpg'
    sheet = label_sheet({'train': splits.train, 'calibration': splits.calibration, 'val': splits.val})
    cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    return path


def _share(part: int, whole: int) -> str:
    return f'{part / whole:.2%}' if whole else '-'


def _listed(items: Sequence[str]) -> str:
    return ', '.join(items[:10]) + (f' and {len(items) - 10} more' if items[10:] else '')


if __name__ == '__main__':
    try:
        sys.exit(1 if inspect_data() else 0)
    except UncdError as error:
        sys.exit(f'error: {error}')
