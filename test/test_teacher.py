# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ensemble's statistics in closed form."""

import torch

from teacher import gather

SURE = 200.0  # a logit that makes softmax one-hot in float32


def _one_hot(index: int) -> torch.Tensor:
    logits = torch.zeros(1, 3, 2, 2)
    logits[:, index] = SURE
    return logits


def test_equal_members_agree() -> None:
    logits = torch.randn(1, 3, 2, 2)
    stats = gather([logits] * 4)
    torch.testing.assert_close(stats.mean, torch.softmax(logits, dim=1))
    assert stats.std.max() < 1e-6


def test_two_opposite_members_have_std_one_half() -> None:
    stats = gather([_one_hot(0), _one_hot(1)])
    expected = torch.tensor([0.5, 0.5, 0.0]).view(1, 3, 1, 1).expand(1, 3, 2, 2)
    torch.testing.assert_close(stats.std, expected)
    torch.testing.assert_close(stats.mean, expected)


def test_running_statistics_equal_those_of_the_stack() -> None:
    torch.manual_seed(0)
    members = [3 * torch.randn(2, 5, 4, 4) for _ in range(7)]
    stack = torch.stack([torch.softmax(logits, dim=1) for logits in members])
    stats = gather(iter(members))
    torch.testing.assert_close(stats.mean, stack.mean(0))
    torch.testing.assert_close(stats.std, stack.std(0, correction=0))


def test_temperature_softens_the_target_and_leaves_the_spread_alone() -> None:
    torch.manual_seed(0)
    members = [torch.randn(1, 3, 2, 2) for _ in range(3)]
    cold, warm = gather(members), gather(members, temperature=4.0)
    torch.testing.assert_close(cold.std, warm.std)
    torch.testing.assert_close(cold.soft, cold.mean)
    expected = torch.stack([torch.softmax(logits / 4, dim=1) for logits in members]).mean(0)
    torch.testing.assert_close(warm.soft, expected)
