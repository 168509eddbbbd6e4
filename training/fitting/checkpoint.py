# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of a training under way: written whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn

from uncd_ros.errors import ConfigError


def save_checkpoint(
    fabric: Fabric, path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, epoch: int
) -> None:
    """Write whole or not at all: a kill between two bytes leaves the previous checkpoint."""
    part = path.with_suffix('.part')
    fabric.save(part, {'network': network, 'optimizer': optimizer, 'epoch': epoch})
    if fabric.global_rank == 0:
        part.replace(path)
    fabric.barrier()


def resume(fabric: Fabric, path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, epochs: int) -> int:
    """Load the last checkpoint if there is one; return how many of the epochs are done."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        return 0
    state: dict[str, Any] = {'network': network, 'optimizer': optimizer, 'epoch': 0}
    with damage_named(path):
        fabric.load(path, state)
    done = int(state['epoch'])
    if done > epochs:
        raise ConfigError(f'{path}: trained for {done} epochs, expected {epochs} at most')
    return done


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Turn the many ways in which a file is no checkpoint into one line that names it."""
    try:
        yield
    except (OSError, RuntimeError, KeyError, ValueError, EOFError, UnpicklingError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ConfigError(f'{path}: not a checkpoint of this network ({reason})') from None
