# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Kinds of teachers: each gives F networks for a batch, whose softmaxes have a mean and a spread."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from lightning_fabric import Fabric
from torch.nn.utils import convert_conv2d_weight_memory_format

from training.data.labelled_frames import LabelledFrames
from training.members.mc_dropout import check_dropout, dropout_samples
from training.members.member import Member
from training.members.member_store import load_member, load_members, load_samples
from training.members.train_members import train_members
from training.members.train_swag import train_swag
from training.run.settings import Settings
from uncd_ros.network.layers import fuse_batch_norms


class TeacherKind(NamedTuple):
    """A way to get networks that disagree where they do not know."""

    train: Callable[[Fabric, LabelledFrames, Settings], None]
    """Train what is not trained yet, into the run folder."""
    load: Callable[[Settings], list[Member]]
    """The networks of a trained run, on the CPU and in evaluation mode."""


def _train_ensemble(fabric: Fabric, data: LabelledFrames, settings: Settings) -> None:
    train_members(fabric, data, settings)


def _train_mc_dropout(fabric: Fabric, data: LabelledFrames, settings: Settings) -> None:
    check_dropout(settings)
    train_members(fabric, data, settings)


def _load_mc_dropout(settings: Settings) -> list[Member]:
    return dropout_samples(load_member(settings, 0), settings)


TEACHERS = {
    'ensemble': TeacherKind(_train_ensemble, load_members),
    'mc_dropout': TeacherKind(_train_mc_dropout, _load_mc_dropout),
    'swag': TeacherKind(train_swag, load_samples),
}
"""Name -> kind, as in teacher.kind."""


def describe_teacher(settings: Settings) -> str:
    """For a person: 'the 5 members', say."""
    if settings.teacher.kind == 'ensemble':
        return f'the {len(settings.members)} members'
    method = {'mc_dropout': 'Monte Carlo dropout', 'swag': 'SWAG'}[settings.teacher.kind]
    return f'{settings.teacher.samples} samples by {method} from the one member'


def train_teacher(fabric: Fabric, data: LabelledFrames, settings: Settings) -> list[Member]:
    """The networks that teach, on the fabric's device; what is trained already is loaded."""
    TEACHERS[settings.teacher.kind].train(fabric, data, settings)
    return load_teacher(settings, fabric.device)


def load_teacher(settings: Settings, device: torch.device) -> list[Member]:
    """The networks of a trained run. Raises ConfigError where one is missing or damaged."""
    return [for_teaching(_ready(network, device)) for network in TEACHERS[settings.teacher.kind].load(settings)]


def for_teaching(network: Member) -> Member:
    """The network with its batch norms folded, in place: it is asked in every step, and learns no more."""
    fuse_batch_norms(network.eval())
    return network


def load_single(settings: Settings, device: torch.device, index: int = 0) -> Member:
    """One member alone, as it was trained: a student starts from it and must beat it. Raises ConfigError likewise."""
    return _ready(load_member(settings, index), device)


def _ready(network: Member, device: torch.device) -> Member:
    return convert_conv2d_weight_memory_format(network, torch.channels_last).to(device)
