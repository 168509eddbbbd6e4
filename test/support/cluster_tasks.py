# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tasks that die on a cluster; they are imported where they run."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from uncd_ros.errors import ConfigError


def die_once(marker: Path) -> int:
    """Killed in the first attempt; gives the threads of the second."""
    import torch

    _die_first(marker)
    return torch.get_num_threads()


def die_always(_item: object) -> None:
    """Killed in every attempt."""
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(item: str) -> None:
    """Ends with a fault of the user."""
    raise ConfigError(f'{item} is wrong')


def working_folder(_item: object) -> Path:
    """Where a task runs."""
    return Path.cwd()


def train_member_killed_once(task: object) -> None:
    """Train a member; once its first epoch is in the checkpoint, its process is killed with SIGKILL.

    Each epoch is noted in the run folder, so that the test sees which were trained again.
    """
    # Here, for a robot that tests its node has nothing installed to train with.
    from training.fitting import loop
    from training.members.cluster_members import train_member

    save = loop.save_checkpoint
    loop.save_checkpoint = _noted(save)
    try:
        train_member(task)
    finally:
        loop.save_checkpoint = save


def _noted(save: Callable[..., None]) -> Callable[..., None]:
    def save_and_note(fabric: object, path: Path, network: object, optimizer: object, epoch: int) -> None:
        save(fabric, path, network, optimizer, epoch)
        with path.with_suffix('.epochs').open('a') as file:
            file.write(f'{epoch}\n')
        _die_first(path.with_suffix('.killed'))

    return save_and_note


def _die_first(marker: Path) -> None:
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
