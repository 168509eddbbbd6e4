# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Single net and ensemble in the clothes of the student, so that one judge judges them all."""

from pathlib import Path

import torch
from torch import Tensor, nn

from ensemble import Member
from fitting import load_trained
from settings import Settings, parse_settings
from teacher import Teacher
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.judge import Network
from uncd_ros.student import StudentOutput


def member_network(member: Member, temperature: float = 1.0) -> Network:
    """A single net: its logits over T, and a std of 0, for it disagrees with nobody."""
    device = _device(member)

    def network(images: Tensor) -> StudentOutput:
        logits: Tensor = member(member.normalise(member.normalise.resize(images.to(device)))) / temperature
        return StudentOutput(logits=logits, std=torch.zeros((), device=device).expand_as(logits))

    return network


def ensemble_network(teacher: Teacher) -> Network:
    """An ensemble: log M as logits, S as std."""
    member = teacher.members[0]
    device = _device(member)

    def network(images: Tensor) -> StudentOutput:
        stats = teacher(member.normalise(member.normalise.resize(images.to(device))))
        return StudentOutput(logits=stats.mean.clamp(min=1e-12).log(), std=stats.std)

    return network


def load_run(run: Path) -> Settings:
    """Settings of a run folder. Raises ConfigError where it is none."""
    config = run / 'config.json'
    if not config.is_file():
        raise ConfigError(f'{run}: no run folder, expected config.json and memberNN.ckpt as training/distill.py writes')
    try:
        return parse_settings([f'--config={config}', f'--run={run}'])
    except ConfigError as error:
        raise ConfigError(f'{config}: {error}') from None


def load_members(settings: Settings, count: int | None = None) -> list[Member]:
    """The first `count` members of a run, or all, trained to their end and in evaluation mode."""
    members = []
    for index, plan in enumerate(settings.members[:count]):
        member = Member(settings.student)
        path = settings.run_folder / f'member{index:02d}.ckpt'
        epochs = load_trained(path, member)
        if epochs < plan.epochs:
            raise ConfigError(f'{path}: trained for {epochs} epochs, expected {plan.epochs}; resume the training first')
        members.append(member.eval())
    return members


def _device(network: nn.Module) -> torch.device:
    return next(network.parameters()).device
