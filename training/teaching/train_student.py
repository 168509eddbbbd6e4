# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training the student: its targets are what the teacher says of the very view that it is shown."""

from collections.abc import Sequence

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from training.data.augment import CutMix
from training.data.folds import Folds
from training.data.labelled_frames import LabelledFrames
from training.data.outliers import CONTENTS, SyntheticOutliers
from training.data.unlabelled import join_unlabelled
from training.fitting.loop import Batch, fit
from training.members.member import Member, initial_member
from training.run.settings import Settings
from training.teaching.adversarial import Adversarial
from training.teaching.objectives import make_objective
from training.teaching.teacher import Teacher
from uncd_ros.network.student import Student


def train_student(
    fabric: Fabric,
    single: Member,
    networks: Sequence[Member],
    data: LabelledFrames,
    settings: Settings,
    name: str = 'student',
) -> Student:
    """A student taught by all networks, which starts as the single net but for its heads; resumes from its checkpoint.

    By `distill.start` it starts as the members did, instead. `name` is that of the checkpoint.
    """
    plan, objective = settings.distill, make_objective(settings.distill)
    start = single if plan.start == 'member' else initial_member(settings)
    torch.manual_seed(settings.init_seed)
    student = _starting_student(start, settings)
    student.uncertainty_head.requires_grad_(objective.std != 'none')
    teacher, cutmix = Teacher(networks, plan.temperature), CutMix(plan.cutmix)
    contents = CONTENTS | {'adversarial': Adversarial(teacher.members)}
    outliers = SyntheticOutliers(plan.outliers, {kind: contents[kind] for kind in plan.outlier_kinds})
    folds = Folds.of(settings, data) if plan.cross_fit else None

    def loss(network: nn.Module, batch: Batch) -> Tensor:
        images, labels = outliers(*cutmix(batch.images, batch.labels))
        x = student.normalise(images)
        stats = teacher(x, folds.may_label(batch.sequences) if folds else None)
        return objective(network(x, std=objective.std), stats, labels)

    checkpoint, shown = settings.student_folder / f'{name}.ckpt', _shown(data, settings)
    with objective.network(student, networks) as network:
        fit(fabric, checkpoint, network, loss, shown, settings, settings.student_fit)
    wise_ft(student, start, plan.wise_ft_alpha)
    return student


def _starting_student(start: Member, settings: Settings) -> Student:
    student = Student(settings.student)
    student.trunk.load_state_dict(start.trunk.state_dict())
    if not settings.distill.reinit_head:
        student.prediction_head.load_state_dict(start.head.state_dict())
    return student


@torch.no_grad()
def wise_ft(student: Student, start: Member, alpha: float) -> None:
    """Interpolate, in place, between the weights that were learnt and those that training began with (WiSE-FT).

    theta = alpha theta_trained + (1 - alpha) theta_start: between the two a network is often better than at either
    end, most of all on data that neither was trained on (Wortsman et al. 2022). The uncertainty head is left as it is,
    for it starts from random weights.
    """
    for trained, origin in ((student.trunk, start.trunk), (student.prediction_head, start.head)):
        before = origin.state_dict()
        for name, value in trained.state_dict().items():
            if value.is_floating_point():
                value.lerp_(before[name].to(value.device), 1.0 - alpha)


def _shown(data: LabelledFrames, settings: Settings) -> LabelledFrames:
    """What the student is trained on: sequences of the training data, and frames without labels."""
    labelled, plan = data.excluding(settings.student_fit.exclude_sequences), settings.distill
    if not plan.unlabelled:
        return labelled
    return join_unlabelled(labelled, plan.unlabelled, plan.unlabelled_every)
