# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The student of a fold: it is like the one that ships, but neither it nor its teachers have seen the fold's drives."""

import math
from collections.abc import Sequence
from dataclasses import replace

from lightning_fabric import Fabric

from training.data.folds import DriveFold
from training.data.labelled_frames import LabelledFrames
from training.members.member import Member
from training.run.progress import console
from training.run.settings import Settings
from training.teaching.teachers import load_single
from training.teaching.train_student import train_student
from uncd_ros.network.student import Student


def train_fold_student(
    fabric: Fabric, number: int, fold: DriveFold, networks: Sequence[Member], data: LabelledFrames, settings: Settings
) -> Student:
    """A student that is trained on all other drives, and taught by the fold's members; `networks` are all members.

    It starts from the first of them, for the first of all may have seen the drives. Resumes from its checkpoint,
    student.fold<number>.ckpt.
    """
    name, teachers = f'student.fold{number}', [networks[index] for index in fold.members]
    console.print(f'{name}: without {", ".join(fold.sequences)}, taught by {len(teachers)} members')
    start = load_single(settings, fabric.device, fold.members[0])
    return train_student(fabric, start, teachers, data, fold_settings(settings, fold, data), name)


def fold_settings(settings: Settings, fold: DriveFold, data: LabelledFrames) -> Settings:
    """Settings of a fold's student: its members, and its drives left out.

    It takes about as many steps as the student that ships: fewer frames, more epochs. A student that has learnt for a
    shorter time is less sure, and a threshold from its scores would not fit the one that ships.
    """
    left = len(data) - len(fold.select(data))
    epochs = math.ceil(settings.student_fit.epochs * len(data) / left)
    return replace(
        settings,
        members=tuple(settings.members[index] for index in fold.members),
        student_fit=replace(settings.student_fit, epochs=epochs, exclude_sequences=fold.sequences),
    )
