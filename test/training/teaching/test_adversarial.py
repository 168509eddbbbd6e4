# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A step against a member: small to the eye, and against what this member says."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from support.project import PROJECT
from training.members.member import Member, initial_member
from training.run.settings import parse_settings
from training.teaching.adversarial import STEP, Adversarial


@pytest.fixture(scope='module')
def member() -> Member:
    return initial_member(parse_settings([f'--config={PROJECT}/training/configs/smoke.yaml'])).eval()


@pytest.fixture
def images() -> Tensor:
    torch.manual_seed(0)
    return torch.rand(2, 3, 48, 64) * 255.0


def _doubt(member: Member, seen: Tensor, images: Tensor) -> float:
    """Cross-entropy on `seen` of what the member predicts of `images`."""
    with torch.no_grad():
        logits, expected = (member(member.normalise(each)).logits for each in (seen, images))
    return functional.cross_entropy(logits, expected.argmax(dim=1)).item()


def test_every_pixel_moves_by_one_step_and_stays_in_range(member: Member, images: Tensor) -> None:
    moved = (Adversarial([member])(images) - images).abs()
    assert moved.max() <= STEP + 1e-3
    assert moved.mean() > 0.8 * STEP
    assert Adversarial([member])(images).min() >= 0.0
    assert Adversarial([member])(images).max() <= 255.0


def test_the_member_doubts_more_than_after_noise_of_the_same_size(member: Member, images: Tensor) -> None:
    noisy = (images + STEP * torch.randn_like(images).sign()).clamp(0.0, 255.0)
    before, attacked, shaken = (_doubt(member, seen, images) for seen in (images, Adversarial([member])(images), noisy))
    assert attacked > before
    assert attacked - before > 2.0 * abs(shaken - before)


def test_it_works_where_gradients_are_off_and_leaves_none_behind(member: Member, images: Tensor) -> None:
    with torch.no_grad():
        moved = Adversarial([member])(images)
    assert not moved.requires_grad
    assert all(each.grad is None for each in member.parameters())


def test_members_take_turns_by_the_seed(member: Member, images: Tensor) -> None:
    class Spy:
        def __init__(self) -> None:
            self.asked = 0

        normalise = member.normalise

        def __call__(self, x: Tensor) -> object:
            self.asked += 1
            return member(x)

    torch.manual_seed(0)
    spies = [Spy(), Spy()]
    attack = Adversarial(spies)  # type: ignore[arg-type]
    for _ in range(12):
        attack(images)
    assert min(each.asked for each in spies) >= 2
