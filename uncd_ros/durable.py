# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files and folders that a power cut leaves either as they were or whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_durably(path: Path, data: bytes) -> None:
    """Write a file beside its place, sync it to the disk, then rename it, and sync the rename.

    Raises OSError; a file that lay at `path` is then as it was.
    """
    with _synced_part(path, data) as part:
        part.replace(path)
    _sync(path.parent)


def create_durably(path: Path, data: bytes) -> bool:
    """Write a file that is not there yet; of several processes that try, one succeeds and the others get False.

    The file is whole from the moment it has its name.
    """
    with _synced_part(path, data) as part:
        try:
            path.hardlink_to(part)  # unlike a rename, a link never replaces what is there
        except FileExistsError:
            return False
    _sync(path.parent)
    return True


def rename_durably(folder: Path, target: Path) -> None:
    """Give a folder of files its name once all of them are on the disk: it appears whole, or not at all.

    Raises OSError.
    """
    for file in folder.iterdir():
        _sync(file)
    _sync(folder)
    folder.rename(target)
    _sync(target.parent)


@contextmanager
def _synced_part(path: Path, data: bytes) -> Iterator[Path]:
    """A file with this content on the disk, beside `path` and without its name; gone in the end unless renamed."""
    part = path.with_name(f'{path.name}.{os.getpid()}.part')
    try:
        with part.open('wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield part
    finally:
        part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """A file or a folder."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
