# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Monte Carlo dropout: samples differ, come back with their seed, and leave everything but dropout as it is."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from support.project import PROJECT
from training.members.mc_dropout import check_dropout, dropout_samples
from training.members.member import Member, initial_member
from training.run.settings import Settings, parse_settings
from training.teaching.teacher import Teacher
from training.teaching.teacher_network import ensemble_network
from uncd_ros.errors import ConfigError

IMAGES = torch.randint(0, 255, (1, 3, 96, 128), dtype=torch.uint8)


@pytest.fixture
def settings() -> Settings:
    plan = '--members=[{seed: 1, epochs: 1}]'
    options = ['--teacher.kind=mc_dropout', '--teacher.samples=4', plan]
    return parse_settings([f'--config={PROJECT}/training/configs/smoke.yaml', *options])


@pytest.fixture
def member(settings: Settings) -> Member:
    return initial_member(settings).eval()


@torch.no_grad()
def test_samples_differ_and_come_back_with_their_seed(settings: Settings, member: Member) -> None:
    samples = dropout_samples(member, settings)
    x = torch.randn(1, 3, 96, 128)

    def sample() -> list[torch.Tensor]:
        torch.manual_seed(3)
        return [network(x).logits for network in samples]

    first, again = sample(), sample()
    assert len(first) == 4 and not any(torch.equal(first[i], first[j]) for i in range(4) for j in range(i))
    assert all(torch.equal(one, other) for one, other in zip(first, again, strict=True))
    assert torch.equal(member(x).logits, member(x).logits), 'the single net has its dropout off'


def test_only_dropout_is_on(settings: Settings, member: Member) -> None:
    (network, *_) = dropout_samples(member, settings)
    network.eval()
    training = {type(module) for module in network.modules() if module.training}
    assert training == {nn.Dropout}


def test_an_evaluation_samples_alike_whatever_was_drawn_before(settings: Settings, member: Member) -> None:
    network = ensemble_network(Teacher(dropout_samples(member, settings)))
    first = network(IMAGES)
    before = torch.random.get_rng_state()
    torch.testing.assert_close(network(IMAGES).std, first.std, rtol=0.0, atol=0.0)
    assert first.std.max() > 0.0
    assert torch.equal(torch.random.get_rng_state(), before), 'training goes on with the numbers it would have had'


def test_a_network_without_dropout_is_refused(settings: Settings) -> None:
    check_dropout(settings)
    unet = replace(settings.student, encoder='little_unet', decoder='unet')
    with pytest.raises(ConfigError, match='has no dropout layer'):
        check_dropout(replace(settings, student=unet))
