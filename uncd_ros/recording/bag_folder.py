# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The folder of the bags: names, whole bags only, and how much of the disk they may take."""

import fcntl
import re
import shutil
import threading
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from uncd_ros.durable import rename_durably
from uncd_ros.errors import BagError

NAME = re.compile(r'event_\d{8}_\d{6}_\d{3}')
"""Of its own bags, by UTC; a bag that is renamed is its user's, and is not deleted any more."""
UNFINISHED = '.unfinished'
"""Subfolder of what is being written or deleted; a process that was killed may have left something there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskLimits:
    """How much of the disk bags may take, in bytes."""

    quota: int
    """All own bags together; the oldest make room for the new."""
    min_free: int
    """Below this nothing is written, and nothing is deleted for it: others may be filling the disk."""


class BagFolder:
    """Own bags in one folder, which this process has for itself. For several threads."""

    def __init__(self, path: Path, limits: DiskLimits) -> None:
        """Make the folder, and remove what a process that was killed left unfinished.

        Raises BagError where that cannot be, or another process writes its bags there.
        """
        self.path, self._limits = path, limits
        self._changing = threading.Lock()
        try:
            (path / UNFINISHED).mkdir(parents=True, exist_ok=True)
            self._lock_file = (path / UNFINISHED / 'lock').open('w')
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BagError(f'{path}: another event_recorder writes there, expected a folder for this one') from None
        except OSError as error:
            raise BagError(f'{path}: cannot be written to ({error.strerror})') from None
        for left in (path / UNFINISHED).iterdir():
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)

    def close(self) -> None:
        """Let others have it."""
        self._lock_file.close()

    def name(self, now: int) -> str:
        """For a bag of an event at so many nanoseconds since 1970."""
        moment = datetime.fromtimestamp(now // 10**9, timezone.utc)
        return f'event_{moment:%Y%m%d_%H%M%S}_{now // 10**6 % 1000:03d}'

    def unfinished(self, name: str) -> Path:
        """Where a bag is written."""
        return self.path / UNFINISHED / name

    def publish(self, name: str) -> Path:
        """A bag that was written to `unfinished(name)` and is whole gets its name. Raises BagError."""
        target = self.path / name
        try:
            rename_durably(self.unfinished(name), target)
        except OSError as error:
            shutil.rmtree(self.unfinished(name), ignore_errors=True)
            raise BagError(f'{target}: cannot be written ({error.strerror})') from None
        return target

    def bags(self) -> list[Path]:
        """Own bags, oldest first."""
        return sorted(each for each in self.path.iterdir() if NAME.fullmatch(each.name) and is_folder(each))

    def usage(self) -> tuple[int, int]:
        """How many own bags there are, and their bytes; none where the folder is gone or cannot be read."""
        try:
            sizes = [size(bag) for bag in self.bags()]
        except OSError:
            return 0, 0
        return len(sizes), sum(sizes)

    def lack_of_room(self, written: int) -> str:
        """Why a bag of which so many bytes are written must end, in a sentence; empty if it may go on.

        Deletes the oldest of the others as long as all together are above the quota. Raises BagError.
        """
        try:
            with self._changing:
                return self._lack_of_room(written)
        except OSError as error:
            raise BagError(f'{self.path}: cannot be looked through ({error.strerror})') from None

    def _lack_of_room(self, written: int) -> str:
        free = shutil.disk_usage(self.path).free
        if free < self._limits.min_free:
            return f'{self.path}: {free / 1e6:.0f} MB are free, expected {self._limits.min_free / 1e6:.0f} or more'
        used = {bag: size(bag) for bag in self.bags()}
        for bag in list(used):
            if sum(used.values()) + written <= self._limits.quota:
                break
            self._delete(bag)
            del used[bag]
        if written > self._limits.quota:
            return f'{self.path}: one bag fills the quota of {self._limits.quota / 1e6:.0f} MB'
        return ''

    def _delete(self, bag: Path) -> None:
        """At once under its name, so that a process which is killed meanwhile leaves no part of a bag."""
        part = self.unfinished(f'{bag.name}.deleted')
        bag.rename(part)
        shutil.rmtree(part)


def is_folder(path: Path) -> bool:
    """A link is not ours: what it leads to may be anything."""
    return path.is_dir() and not path.is_symlink()


def size(bag: Path) -> int:
    """Bytes of its files."""
    return sum(file.stat().st_size for file in bag.iterdir())
