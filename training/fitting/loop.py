# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop that members and student share: any epoch can be the last before a power cut."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from training.data.augment import Augment
from training.data.labelled_frames import LabelledFrames
from training.data.loading import EpochOrder, ViewDataset, Views, stream_views, worker_count
from training.fitting.checkpoint import DurableCheckpointIO, resume, save_checkpoint
from training.run.progress import EpochProgress, console
from training.run.settings import FitSettings, Settings
from uncd_ros.allocator import keep_freed_memory


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What a network is shown in one step."""

    images: Tensor
    """(B, 3, h, w) float in [0, 255], augmented."""
    labels: Tensor
    """(B, h, w) int64 class ids, 255 ignore, 254 unlabelled."""
    sequences: tuple[str, ...]
    """Drive that each image comes from."""


Network = TypeVar('Network', bound=nn.Module)
Loss = Callable[[Network, Batch], Tensor]
"""(network, batch) -> scalar."""


def launch(settings: Settings) -> Fabric:
    """The devices that train, and as many processes; one of them speaks."""
    keep_freed_memory()
    fabric = Fabric(
        accelerator='auto',
        devices=settings.devices,
        precision=settings.precision,
        plugins=[DurableCheckpointIO()],
    )
    fabric.launch()
    console.quiet = fabric.global_rank != 0
    return fabric


def fit(
    fabric: Fabric,
    checkpoint: Path,
    network: Network,
    loss: Loss[Network],
    data: LabelledFrames,
    settings: Settings,
    plan: FitSettings,
    after_epoch: Callable[[int], None] = lambda _epoch: None,
) -> Network:
    """Train `network` by `plan`, or go on where `checkpoint` stops; returns it trained, in evaluation mode.

    `after_epoch` is told the number of each epoch that is done, from 1, before its checkpoint is written.
    All randomness of an epoch comes from (seed, epoch), so a resumed run sees what an uninterrupted one sees. Raises
    UncdError for a frame that cannot be read.
    """
    steps = max(1, len(data) // (plan.batch_size * fabric.world_size))
    network = convert_conv2d_weight_memory_format(network, torch.channels_last).to(fabric.device)
    wrapped, optimizer = fabric.setup(network, _optimizer(network, plan))
    done = resume(fabric, checkpoint, wrapped, optimizer, plan.epochs)
    views = _stream(data, settings, plan, range(done, plan.epochs), steps, fabric)
    with EpochProgress(checkpoint.stem, plan.epochs, steps, plan.batch_size * fabric.world_size, done) as progress:
        for epoch in range(done, plan.epochs):
            # Of what the loss draws; frames and views have a seed of their own.
            torch.manual_seed((plan.seed * 100_003 + epoch) * 1_009 + fabric.global_rank)
            wrapped.train()
            for step in range(steps):
                _set_rate(optimizer, plan, epoch * steps + step, plan.epochs * steps)
                with progress.waiting():
                    batch = _batch(next(views), fabric.device)
                value = loss(wrapped, batch)
                fabric.backward(value)
                fabric.clip_gradients(wrapped, optimizer, max_norm=5.0)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                progress.step(value)
            progress.epoch(epoch + 1)
            after_epoch(epoch + 1)
            save_checkpoint(fabric, checkpoint, wrapped, optimizer, epoch + 1)
    return network.eval()


def _stream(
    data: LabelledFrames, settings: Settings, plan: FitSettings, epochs: range, steps: int, fabric: Fabric
) -> Iterator[Views]:
    """Views of all epochs that are left, in one stream: no epoch begins with a wait."""
    augment = Augment(settings.crop, settings.crop_scale, plan.jitter)
    order = EpochOrder(
        frames=len(data),
        batch_size=plan.batch_size,
        steps=steps,
        epochs=epochs,
        seed=plan.seed,
        process=fabric.global_rank,
        processes=fabric.world_size,
    )
    workers = worker_count(settings.data.workers, fabric.world_size)
    return stream_views(ViewDataset(frames=data, augment=augment, seed=plan.seed), order, workers, fabric.device)


def _batch(views: Views, device: torch.device) -> Batch:
    return Batch(
        images=views.images.to(device, non_blocking=True).float(),
        labels=views.labels.to(device, non_blocking=True).long(),
        sequences=views.sequences,
    )


def learning_rate(plan: FitSettings, step: int, total: int) -> float:
    """Linear warm-up, then polynomial decay lr (1 - progress)^0.9, but not below the floor."""
    lr, warmup = float(plan.lr), float(plan.warmup) * total
    if step < warmup:
        return lr * (step + 1) / (warmup + 1)
    return lr * max(math.pow(1.0 - (step - warmup) / (total - warmup), 0.9), float(plan.lr_floor))


def _optimizer(network: nn.Module, plan: FitSettings) -> torch.optim.Optimizer:
    # Plain floats: the settings' range-checked ones would end up in checkpoints, which load without pickled types.
    lr, decay = float(plan.lr), float(plan.weight_decay)
    groups = _parameter_groups(network, float(plan.encoder_lr))
    if plan.optimizer == 'sgd':
        return torch.optim.SGD(groups, lr, momentum=0.9, weight_decay=decay, nesterov=True)
    return torch.optim.AdamW(groups, lr, weight_decay=decay)


def _parameter_groups(network: nn.Module, encoder_lr: float) -> list[dict[str, Any]]:
    """One group, or two where the encoder's learning rate differs; `lr_share` is that of the group."""
    if encoder_lr == 1.0:
        return [{'params': list(network.parameters()), 'lr_share': 1.0}]
    named = list(network.named_parameters())
    encoder = [parameter for name, parameter in named if 'encoder' in name.split('.')]
    others = [parameter for name, parameter in named if 'encoder' not in name.split('.')]
    return [{'params': others, 'lr_share': 1.0}, {'params': encoder, 'lr_share': encoder_lr}]


def _set_rate(optimizer: torch.optim.Optimizer, plan: FitSettings, step: int, total: int) -> None:
    for group in optimizer.param_groups:
        # Checkpoints from before there were shares have none.
        group['lr'] = learning_rate(plan, step, total) * group.get('lr_share', 1.0)
