# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks that are ready to teach."""

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

from training.members.member import Member, initial_member
from training.run.settings import parse_settings
from training.teaching.teacher import Teacher
from training.teaching.teachers import for_teaching

SMOKE = Path(__file__).parents[3] / 'training/configs/smoke.yaml'


@pytest.fixture
def networks() -> list[Member]:
    """Two, with statistics in their batch norms that are not those of a new network."""
    settings = parse_settings(['--config', str(SMOKE)])
    found = [initial_member(settings) for _ in range(2)]
    for network in found:
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.running_mean.uniform_(-0.1, 0.1)
                layer.running_var.uniform_(0.5, 2.0)
    return found


def test_folded_batch_norms_teach_the_same(networks: list[Member]) -> None:
    x = torch.randn(2, 3, 64, 64)
    expected = Teacher(networks)(x)
    found = Teacher([for_teaching(copy.deepcopy(each)) for each in networks])(x)
    torch.testing.assert_close(found.mean, expected.mean, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.std, expected.std, atol=1e-5, rtol=1e-3)


def test_one_network_may_teach_several_times(networks: list[Member]) -> None:
    one = networks[0]
    for _ in range(2):
        for_teaching(one)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in one.modules())
