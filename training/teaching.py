# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The student's lesson: the members' mean and spread on the very view that it is shown."""

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from fitting import Batch, fit
from member import Member
from objectives import HolderLoss
from segdata import SegData
from settings import Settings
from teacher import Teacher
from uncd_ros.student import Student


def train_student(fabric: Fabric, members: list[Member], data: SegData, settings: Settings) -> Student:
    """The first member's trunk with fresh heads, taught by all members; or goes on where its checkpoint stops."""
    torch.manual_seed(settings.init_seed)
    student = Student(settings.student)
    student.trunk.load_state_dict(members[0].trunk.state_dict())
    plan = settings.distill
    teacher = Teacher(members, plan.temperature)
    objective = HolderLoss(temperature=plan.temperature, alpha=plan.alpha, beta=plan.beta)

    def loss(network: nn.Module, batch: Batch) -> Tensor:
        x = network.normalise(batch.images)
        return objective(network(x), teacher(x), batch.labels)

    checkpoint, seen = settings.student_folder / 'student.ckpt', data.without(settings.student_fit.without)
    trained: Student = fit(fabric, checkpoint, student, loss, seen, settings, settings.student_fit)
    return trained
