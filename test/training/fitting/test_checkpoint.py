# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A training is resumed exactly as it was begun, or refused."""

from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import MixedPrecision

from training.fitting.checkpoint import DurableCheckpointIO, resume, save_checkpoint
from uncd_ros.errors import ConfigError


def _fabric(*, mixed: bool = False) -> Fabric:
    # Fabric refuses 16-mixed by name on a CPU; its plugin works there.
    precision = [MixedPrecision('16-mixed', 'cpu')] if mixed else []
    return Fabric(accelerator='cpu', devices=1, plugins=[DurableCheckpointIO(), *precision])


def _network(fabric: Fabric) -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    network = torch.nn.Linear(2, 1)
    return fabric.setup(network, torch.optim.SGD(network.parameters(), 0.1, momentum=0.9))


def test_weights_and_epoch_come_back(tmp_path: Path) -> None:
    fabric, path = _fabric(), tmp_path / 'a.ckpt'
    network, optimizer = _network(fabric)
    save_checkpoint(fabric, path, network, optimizer, 2)
    again, other = _network(fabric)
    assert resume(fabric, path, again, other, 3) == 2
    assert torch.equal(again.weight, network.weight)
    assert [file.name for file in tmp_path.iterdir()] == ['a.ckpt']


def test_the_scale_of_the_gradients_comes_back(tmp_path: Path) -> None:
    first, path = _fabric(mixed=True), tmp_path / 'a.ckpt'
    first.strategy.precision.scaler.scale(torch.ones(()))
    first.strategy.precision.scaler.update(17.0)
    save_checkpoint(first, path, *_network(first), 1)
    second = _fabric(mixed=True)
    assert second.strategy.precision.scaler.get_scale() != 17.0
    resume(second, path, *_network(second), 2)
    assert second.strategy.precision.scaler.get_scale() == 17.0


@pytest.mark.parametrize(
    ('before', 'named'),
    [
        ({'devices': 2, 'precision': '32-true'}, 'devices was 2, is 1'),
        ({'devices': 1, 'precision': '16-mixed'}, 'precision was 16-mixed, is 32-true'),
    ],
)
def test_another_schedule_is_refused_until_the_last_epoch(
    before: dict[str, object], named: str, tmp_path: Path
) -> None:
    fabric, path = _fabric(), tmp_path / 'a.ckpt'
    save_checkpoint(fabric, path, *_network(fabric), 2)
    torch.save(torch.load(path) | {'schedule': before}, path)
    with pytest.raises(ConfigError) as refused:
        resume(fabric, path, *_network(fabric), 3)
    assert named in str(refused.value) and str(path) in str(refused.value) and '\n' not in str(refused.value)
    assert resume(fabric, path, *_network(fabric), 2) == 2  # nothing is left to train


def test_a_training_in_mixed_precision_is_not_resumed_in_full(tmp_path: Path) -> None:
    fabric, path = _fabric(mixed=True), tmp_path / 'a.ckpt'
    save_checkpoint(fabric, path, *_network(fabric), 1)
    with pytest.raises(ConfigError, match='precision was 16-mixed, is 32-true'):
        resume(_fabric(), path, *_network(_fabric()), 2)


def test_another_network_is_refused(tmp_path: Path) -> None:
    fabric, path = _fabric(), tmp_path / 'a.ckpt'
    save_checkpoint(fabric, path, *_network(fabric), 1)
    wider = torch.nn.Linear(3, 1)
    setup = fabric.setup(wider, torch.optim.SGD(wider.parameters(), 0.1))
    with pytest.raises(ConfigError, match=r'a\.ckpt: not a checkpoint of this network'):
        resume(fabric, path, *setup, 2)
