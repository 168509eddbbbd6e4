# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that a power cut leaves either as they were or whole."""

import os
from pathlib import Path


def write_durably(path: Path, data: bytes) -> None:
    """Write a file beside its place, sync it to the disk, then rename it, and sync the rename.

    Raises OSError; a file that lay at `path` is then as it was.
    """
    part = path.with_name(f'{path.name}.{os.getpid()}.part')
    try:
        with part.open('wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        rename_durably(part, path)
    finally:
        part.unlink(missing_ok=True)  # still there only where a step failed


def create_durably(path: Path, data: bytes) -> bool:
    """Write a file that is not there yet; of several processes that try, one succeeds and the others get False.

    The file is whole from the moment it has its name.
    """
    part = path.with_name(f'{path.name}.{os.getpid()}.part')
    with part.open('wb') as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(part)  # unlike a rename, a link never replaces what is there
    except FileExistsError:
        return False
    finally:
        part.unlink()
    _sync_folder(path.parent)
    return True


def rename_durably(source: Path, target: Path) -> None:
    """Rename a file within its folder so that the new name survives a power cut."""
    source.replace(target)
    _sync_folder(target.parent)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
