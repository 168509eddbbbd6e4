# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the time of a training step goes: teacher, forward, backward, optimizer; of a member's step and a student's.

Networks are those of a config with untrained weights, batches are noise; benchmark/loading.py has the wait for data.

    python benchmark/training_step.py [--config training/configs/camvid.yaml] [--teachers 3] [--steps 8]
"""

import argparse
import copy
from statistics import median

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from training.members.loss import label_loss
from training.members.member import Member, initial_member
from training.run.settings import Settings, parse_settings
from training.teaching.objectives import make_objective
from training.teaching.teacher import Teacher, TeacherStats
from training.teaching.teachers import for_teaching
from uncd_ros.allocator import keep_freed_memory
from uncd_ros.network.student import Student
from uncd_ros.stopwatch import Stopwatch

Stages = dict[str, float]
"""Stage -> seconds."""


def batch_of(settings: Settings, size: int) -> tuple[Tensor, Tensor]:
    """(B, 3, h, w) float and (B, h, w) int64 of the size of a crop."""
    height, width = settings.crop
    images = torch.rand(size, 3, height, width).contiguous(memory_format=torch.channels_last)
    return images, torch.randint(0, settings.student.num_classes, (size, height, width))


def member_step(member: Member, optimizer: torch.optim.Optimizer, settings: Settings) -> Stages:
    x, labels = batch_of(settings, settings.members[0].batch_size)
    watch = Stopwatch()
    value = label_loss(member(x), labels)
    watch.lap('forward')
    return learn(value, optimizer, watch)


def student_step(student: Student, teacher: Teacher, optimizer: torch.optim.Optimizer, settings: Settings) -> Stages:
    x, labels = batch_of(settings, settings.student_fit.batch_size)
    watch, objective = Stopwatch(), make_objective(settings.distill)
    stats = teacher(x)
    watch.lap('teacher')
    value = objective(student(x, std=objective.std), stats, labels)
    watch.lap('forward')
    return learn(value, optimizer, watch)


def learn(value: Tensor, optimizer: torch.optim.Optimizer, watch: Stopwatch) -> Stages:
    value.backward()
    watch.lap('backward')
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    watch.lap('optimizer')
    return watch.seconds


def check(plain: Teacher, folded: Teacher, settings: Settings) -> None:
    """Folded batch norms change nothing that is taught."""
    x, _ = batch_of(settings, 2)
    expected: TeacherStats = plain(x)
    torch.testing.assert_close(folded(x).mean, expected.mean, atol=1e-4, rtol=0.0)


def in_turns(settings: Settings, teachers: int, steps: int) -> dict[str, Stages]:
    """Median of each stage; the first step of each does not count."""
    members = [laid_out(initial_member(settings)) for _ in range(teachers)]
    plain, folded = Teacher(members), Teacher([for_teaching(copy.deepcopy(each)) for each in members])
    check(plain, folded, settings)
    member, student = laid_out(initial_member(settings)).train(), laid_out(Student(settings.student)).train()
    of_member, of_student = (torch.optim.AdamW(each.parameters(), 1e-4) for each in (member, student))
    found: dict[str, list[Stages]] = {}
    for _ in range(steps + 1):
        found.setdefault('member', []).append(member_step(member, of_member, settings))
        found.setdefault('student, batch norms apart', []).append(student_step(student, plain, of_student, settings))
        found.setdefault('student', []).append(student_step(student, folded, of_student, settings))
    return {
        name: {stage: median(each[stage] for each in rows[1:]) for stage in rows[0]} for name, rows in found.items()
    }


def laid_out(network: nn.Module) -> nn.Module:
    return convert_conv2d_weight_memory_format(network, torch.channels_last)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--config', default='training/configs/camvid.yaml', help='(%(default)s)')
    parser.add_argument('--teachers', type=int, default=3, help='networks that teach (%(default)s)')
    parser.add_argument('--steps', type=int, default=8, help='of each kind (%(default)s)')
    args = parser.parse_args()
    keep_freed_memory()
    settings = parse_settings(['--config', args.config])
    table = Table('step', 'seconds', 'teacher', 'forward', 'backward', 'optimizer')
    for name, stages in in_turns(settings, args.teachers, args.steps).items():
        total = sum(stages.values())
        shares = (f'{stages.get(stage, 0.0) / total:.0%}' for stage in ('teacher', 'forward', 'backward', 'optimizer'))
        table.add_row(name, f'{total:.2f}', *shares)
    Console(width=100).print(table)


if __name__ == '__main__':
    main()
