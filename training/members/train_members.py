# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training the members of an ensemble, all or a share, each on labels alone."""

import re
from collections.abc import Sequence

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.nn.utils import convert_conv2d_weight_memory_format

from training.data.class_counts import class_counts
from training.data.folds import check_sequences
from training.data.labelled_frames import LabelledFrames
from training.fitting.loop import Batch, Loss, fit
from training.members.loss import label_loss
from training.members.member import Member, initial_member
from training.members.member_store import checkpoint_path, load_member, store_member, weights_path
from training.run.progress import console
from training.run.settings import Settings
from uncd_ros.errors import ConfigError


def parse_share(text: str | None, count: int) -> list[int]:
    """'0-2,4' -> [0, 1, 2, 4]; all if there is no text. Raises ConfigError for what is no share of `count` members."""
    if text is None:
        return list(range(count))
    pieces = [re.fullmatch(r'(\d+)(?:-(\d+))?', piece) for piece in text.split(',')]
    share = sorted({n for piece in pieces if piece for n in range(int(piece[1]), int(piece[2] or piece[1]) + 1)})
    if not all(pieces) or not share or share[-1] >= count:
        raise ConfigError(f'--members is {text}, expected numbers from 0 to {count - 1}, as in 0-{count - 1} or 0,1')
    return share


def train_members(
    fabric: Fabric, data: LabelledFrames, settings: Settings, chosen: Sequence[int] | None = None
) -> list[Member]:
    """The chosen members, or all, one after another; those already trained are loaded."""
    check_sequences(settings, data)
    indices = range(len(settings.members)) if chosen is None else chosen
    return [_train(fabric, index, data, settings) for index in indices]


def _train(fabric: Fabric, index: int, data: LabelledFrames, settings: Settings) -> Member:
    """Whether trained now, before or elsewhere: what comes back was read from its file."""
    plan, path = settings.members[index], weights_path(settings, index)
    if path.is_file():
        console.print(f'{path.stem}: already trained, {plan.epochs} epochs')
    else:
        seen = data.excluding(plan.exclude_sequences)
        loss = member_loss(seen, settings, fabric.device)
        checkpoint = checkpoint_path(settings, index)
        trained = fit(fabric, checkpoint, initial_member(settings), loss, seen, settings, plan)
        if fabric.global_rank == 0:
            store_member(settings, index, trained)
        fabric.barrier()
    return convert_conv2d_weight_memory_format(load_member(settings, index), torch.channels_last).to(fabric.device)


def member_loss(data: LabelledFrames, settings: Settings, device: torch.device) -> Loss[Member]:
    """What a member is trained to on these frames: their labels."""
    weights = class_weights(data, settings.balance).to(device)

    def loss(member: Member, batch: Batch) -> Tensor:
        return label_loss(member(member.normalise(batch.images)), batch.labels, weights, settings.dice)

    return loss


def class_weights(data: LabelledFrames, power: float) -> Tensor:
    """(C,) frequency^-power, scaled to a mean of 1 over pixels; a class that is not there counts as one pixel.

    Every label is read, unless power is 0, which weights all classes equally.
    """
    if power == 0.0:
        return torch.ones(len(data.classes))
    counts = torch.from_numpy(class_counts(data)).clamp(min=1).double()
    frequency = counts / counts.sum()
    weights = frequency**-power
    return (weights / (weights * frequency).sum()).float()
