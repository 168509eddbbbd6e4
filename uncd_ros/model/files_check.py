# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the files of a loaded model are still those on disk: a node that runs does not need them, a restart does."""

from pathlib import Path

from uncd_ros.model.card import WEIGHTS
from uncd_ros.model.find import CARD


class ModelFiles:
    """The files of a model as they are now, to be asked later whether they have changed."""

    def __init__(self, folder: Path) -> None:
        self._states = {path: _state(path) for path in (folder / CARD, folder / WEIGHTS)}

    def fault(self) -> str:
        """What has become of the files since, in one sentence; empty if they are the same."""
        for path, before in self._states.items():
            now = _state(path)
            if now is None:
                return f'{path} is gone: the loaded model goes on, but a restart will fail'
            if now != before:
                return f'{path} was changed: the loaded model goes on, but a restart will load another'
        return ''


def _state(path: Path) -> tuple[int, int] | None:
    """Time of change and size; None if it cannot be read."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
