# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints of a training under way: written whole or not at all, resumed as they were begun or not at all."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.io import TorchCheckpointIO
from lightning_fabric.utilities.types import _PATH
from torch import nn

from uncd_ros.durable import write_durably
from uncd_ros.errors import ConfigError


class DurableCheckpointIO(TorchCheckpointIO):
    """Lets Fabric write checkpoints that a kill or a power cut leaves either as they were or whole."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: _PATH, storage_options: Any | None = None) -> None:
        """Serialise in memory, then replace the file; there are no storage options for a local file."""
        assert storage_options is None
        buffer = io.BytesIO()
        torch.save(checkpoint, buffer)
        write_durably(Path(path), buffer.getvalue())


def save_checkpoint(
    fabric: Fabric, path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, epoch: int
) -> None:
    """Write what `resume` needs after `epoch` epochs, the scale of the gradients in mixed precision included."""
    fabric.save(path, _state(fabric, network, optimizer) | {'epoch': epoch, 'schedule': _schedule(fabric)})
    fabric.barrier()


def resume(fabric: Fabric, path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, epochs: int) -> int:
    """Load the last checkpoint if there is one; return how many of the epochs are done.

    Raises ConfigError for a file that is no checkpoint of this network, and for a training under way that was begun
    on another number of devices, which changes the batch and the number of steps, or in another precision.
    """
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        return 0
    state = _state(fabric, network, optimizer)
    with damage_named(path):
        header = torch.load(path, map_location='cpu', weights_only=True)
        done, before = int(header['epoch']), header.get('schedule', UNRECORDED)
    if done > epochs:
        raise ConfigError(f'{path}: trained for {done} epochs, expected {epochs} at most')
    if done < epochs and before != (now := _schedule(fabric)):
        changed = '; '.join(f'{key} was {before[key]}, is {now[key]}' for key in now if before[key] != now[key])
        raise ConfigError(f'{path}: begun on another schedule ({changed}), expected the same until its last epoch')
    if done == epochs or not header.get('precision_plugin'):
        del state['precision_plugin']  # nothing is left to scale, or there was no scaler
    with damage_named(path):
        fabric.load(path, state)
    return done


UNRECORDED = {'devices': 1, 'precision': '32-true'}
"""Schedule of checkpoints from before it was recorded: the defaults."""


def _schedule(fabric: Fabric) -> dict[str, int | str]:
    """What, besides the settings, decides which steps a training takes."""
    return {'devices': fabric.world_size, 'precision': fabric.strategy.precision.precision}


def _state(fabric: Fabric, network: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """What Fabric saves and restores by `state_dict`; the precision plugin holds the GradScaler of 16-mixed."""
    return {'network': network, 'optimizer': optimizer, 'precision_plugin': fabric.strategy.precision}


@contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Turn the many ways in which a file is no checkpoint into one line that names it."""
    try:
        yield
    except (OSError, RuntimeError, KeyError, ValueError, EOFError, UnpicklingError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ConfigError(f'{path}: not a checkpoint of this network ({reason})') from None
