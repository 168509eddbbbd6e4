# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learning rates of the parts of a network, and what is told of each epoch."""

from pathlib import Path

import torch
from torch import nn

from support.project import PROJECT
from support.tiny_frames import noise_streets
from training.fitting.loop import Batch, fit, launch
from training.run.settings import FitSettings, parse_settings


class _TwoParts(nn.Module):
    """The loss is the sum of both weights, so that each step moves a weight by its learning rate."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.head = (nn.Linear(1, 1, bias=False) for _ in range(2))
        for part in (self.encoder, self.head):
            nn.init.zeros_(part.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.encoder(x) + self.head(x)).sum()


def _train(path: Path, plan: FitSettings, epochs: list[int]) -> _TwoParts:
    settings = parse_settings([f'--config={PROJECT}/training/configs/smoke.yaml', '--crop=[48, 64]'])

    def loss(network: _TwoParts, _batch: Batch) -> torch.Tensor:
        return network(torch.ones(1, 1))

    frames = noise_streets(48, 64)
    return fit(launch(settings), path, _TwoParts(), loss, frames, settings, plan, epochs.append)


def test_the_encoder_learns_at_its_share_of_the_rate(tmp_path: Path) -> None:
    plan = FitSettings(epochs=2, batch_size=4, lr=0.1, encoder_lr=0.25, optimizer='sgd', weight_decay=0.0, warmup=0.0)
    epochs: list[int] = []
    network = _train(tmp_path / 'two.ckpt', plan, epochs)
    assert float(network.head.weight) < 0.0
    torch.testing.assert_close(network.encoder.weight, 0.25 * network.head.weight)
    assert epochs == [1, 2]


def test_epochs_that_are_done_are_not_told_again(tmp_path: Path) -> None:
    plan, told = FitSettings(epochs=2, batch_size=4), []
    for _ in range(2):
        _train(tmp_path / 'done.ckpt', plan, told)
    assert told == [1, 2]
