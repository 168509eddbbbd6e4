# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Members: one start for all, and the weight of rare classes."""

import pytest
import torch

from conftest import PROJECT
from ensemble import class_weights, initial_member
from segdata import SegData
from settings import Settings, parse_settings


@pytest.fixture(scope='module')
def smoke() -> Settings:
    return parse_settings([f'--config={PROJECT}/training/configs/smoke.yaml'])


def _data(labels: torch.Tensor) -> SegData:
    classes = ('sky', 'road', 'pole')
    return SegData(images=labels[:, None], labels=labels, names=('a',), sequences=('a',), classes=classes)


def test_every_member_starts_alike(smoke: Settings) -> None:
    first, second = initial_member(smoke), initial_member(smoke)
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_member_gives_logits_at_the_size_of_its_input(smoke: Settings) -> None:
    member = initial_member(smoke).eval()
    with torch.no_grad():
        assert member(torch.zeros(1, 3, 96, 128)).shape == (1, 8, 96, 128)


def test_weights_of_classes() -> None:
    # 8 sky, 1 road, 1 pole, 2 void.
    labels = torch.tensor([0] * 8 + [1, 2, 255, 255], dtype=torch.uint8).view(1, 3, 4)
    assert class_weights(_data(labels), 0.0).tolist() == [1.0, 1.0, 1.0]
    balanced = class_weights(_data(labels), 1.0)
    # Fully balanced: every class has the same total weight, and the mean weight of a pixel is 1.
    torch.testing.assert_close(balanced * torch.tensor([0.8, 0.1, 0.1]), torch.full((3,), 1 / 3))
