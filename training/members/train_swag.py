# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One training whose end gives a distribution of weights, and networks drawn from it, each in a file of its own."""

from collections.abc import Iterator

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim.swa_utils import update_bn

from training.data.folds import check_sequences
from training.data.labelled_frames import LabelledFrames
from training.fitting.loop import fit
from training.members.member import Member, initial_member
from training.members.member_store import checkpoint_path, store_member, store_sample, weights_path
from training.members.swag import SwagMember, first_collected, set_weights
from training.members.train_members import member_loss
from training.run.progress import console
from training.run.settings import Settings
from uncd_ros.evaluation.split_evaluator import as_batch

BATCH_NORM_FRAMES = 64
"""Training frames, evenly spaced, from which each sample's batch norms take their statistics."""


def train_swag(fabric: Fabric, data: LabelledFrames, settings: Settings) -> None:
    """Train the run's one member and store it, and samples around it; nothing is done twice.

    The member itself is stored last: once it is there, all samples are.
    """
    check_sequences(settings, data)
    plan, first = settings.members[0], first_collected(settings.members[0])
    if weights_path(settings, 0).is_file():
        console.print(f'{settings.teacher.samples} samples: already drawn')
        return
    seen = data.excluding(plan.exclude_sequences)
    network = SwagMember(initial_member(settings), settings.student)

    def collect(epoch: int) -> None:
        if epoch >= first:
            network.collect()

    loss = member_loss(seen, settings, fabric.device)
    fit(fabric, checkpoint_path(settings, 0), network, loss, seen, settings, plan, collect)
    if fabric.global_rank == 0:
        for index in range(settings.teacher.samples):
            store_sample(settings, index, draw(network, index, seen, settings))
        store_member(settings, 0, _without_moments(network, settings))
    fabric.barrier()


def draw(network: SwagMember, index: int, data: LabelledFrames, settings: Settings) -> Member:
    """Sample number `index` on the network's device; the same each time."""
    plan = settings.members[0]
    generator = torch.Generator().manual_seed(plan.seed * 100_003 + index)
    device = next(network.parameters()).device
    sample = Member(settings.student).to(device)
    set_weights(sample, network.moments.sample(generator))
    # The running statistics of a batch norm are those of the weights before it, and these are others.
    torch.manual_seed(plan.seed * 100_003 + index)
    update_bn(_batches(sample, data, plan.batch_size, device), sample)
    return sample.eval()


def _batches(network: Member, data: LabelledFrames, size: int, device: torch.device) -> Iterator[Tensor]:
    """Whole frames at the network's input size, (B, 3, h, w) normalised."""
    step = max(1, len(data) // BATCH_NORM_FRAMES)
    chosen = torch.arange(len(data))[::step][:BATCH_NORM_FRAMES]
    for indices in torch.split(chosen, size):
        frames = [network.normalise.resize(as_batch(data[index].image).to(device)) for index in indices.tolist()]
        yield network.normalise(torch.cat(frames))


def _without_moments(network: SwagMember, settings: Settings) -> Member:
    member = Member(settings.student)
    member.load_state_dict({name: value for name, value in network.state_dict().items() if name != '_extra_state'})
    return member
