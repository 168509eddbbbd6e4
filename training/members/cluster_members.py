# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Members of an ensemble as tasks on a Ray cluster; the run folder lies on storage that all its machines share."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace

from training.data.cache import cache_splits
from training.data.splits import data_folder, load_splits
from training.fitting.loop import launch
from training.members.member_store import weights_path
from training.members.train_members import train_members
from training.run.progress import console
from training.run.settings import Settings
from uncd_ros.cluster import run_tasks
from uncd_ros.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTask:
    """One member to train."""

    settings: Settings
    index: int
    """Number of the member."""
    tasks: int
    """Of the command; as many may share the memory of a machine."""


def check_devices(settings: Settings) -> None:
    """Raise ConfigError for several devices a member, which Ray does not lend."""
    if settings.devices != 1:
        raise ConfigError(f'devices is {settings.devices}, expected 1 with --ray: each member takes one')


def train_on_cluster(address: str, settings: Settings, chosen: Sequence[int]) -> None:
    """Train those of the chosen members that are not, into the run folder, which is claimed already.

    A member whose process is killed is trained again from its last checkpoint. Raises UncdError.
    """
    root = settings.data.root or str(data_folder(settings.data.dataset))  # the variable UNCD_DATA is of this machine
    settings = replace(settings, data=replace(settings.data, root=root))
    missing = [index for index in chosen if not weights_path(settings, index).is_file()]
    tasks = {
        weights_path(settings, index).stem: MemberTask(settings=settings, index=index, tasks=len(missing))
        for index in missing
    }
    run_tasks(address, train_member, tasks, console)


def train_member(task: MemberTask) -> None:
    """In a process of the cluster: train one member, or go on where its checkpoint stops."""
    settings = task.settings
    if not (config := settings.run_folder / 'config.json').is_file():
        raise ConfigError(
            f'{config} on {platform.node()}: not found, expected the run folder on storage that all machines share'
        )
    fabric = launch(settings)
    splits = cache_splits(load_splits(settings.data, settings.student), settings.data.cache, task.tasks)
    train_members(fabric, splits.train, settings, [task.index])
