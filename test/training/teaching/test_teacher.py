# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ensemble's statistics in closed form."""

import torch

from training.members.member import MemberOutput
from training.teaching.teacher import Teacher, gather

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


def _labelled_by_some() -> tuple[list[torch.Tensor], torch.Tensor]:
    """Four members on three images; the first image has two judges, the second three, the third all four."""
    torch.manual_seed(0)
    members = [3 * torch.randn(3, 5, 4, 4) for _ in range(4)]
    return members, torch.tensor([[0, 1, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]], dtype=torch.bool)


def test_each_image_has_the_statistics_of_its_own_judges() -> None:
    members, may_label = _labelled_by_some()
    stats = gather(members, 2.0, (chosen.view(-1, 1, 1, 1).float() for chosen in may_label))
    for image in range(3):
        judges = [logits[image] for logits, chosen in zip(members, may_label, strict=True) if chosen[image]]
        p = torch.stack([torch.softmax(logits, dim=0) for logits in judges])
        torch.testing.assert_close(stats.mean[image], p.mean(0))
        torch.testing.assert_close(stats.std[image], p.std(0, correction=0))
        soft = torch.stack([torch.softmax(logits / 2.0, dim=0) for logits in judges]).mean(0)
        torch.testing.assert_close(stats.soft[image], soft)


class _Remembers(torch.nn.Module):
    """Says what it is told to, and how many images it was shown."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits, self.shown = logits, 0

    def forward(self, x: torch.Tensor) -> MemberOutput:
        self.shown += len(x)
        return MemberOutput(self.logits[x[:, 0, 0, 0].long()])


def test_a_member_is_shown_only_images_that_it_may_label() -> None:
    logits, may_label = _labelled_by_some()
    may_label[3] = False
    members = [_Remembers(each) for each in logits]
    x = torch.arange(3.0).view(3, 1, 1, 1)
    stats = Teacher(members)(x, may_label)
    assert [member.shown for member in members] == [2, 2, 3, 0]
    expected = gather(logits, 1.0, (chosen.view(-1, 1, 1, 1).float() for chosen in may_label))
    torch.testing.assert_close(stats.std, expected.std)
    torch.testing.assert_close(stats.mean, expected.mean)
