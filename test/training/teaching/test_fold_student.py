# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The student of a fold and all who taught it have never seen the drives of the fold."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from support.project import PROJECT
from support.tiny_frames import in_memory
from training.data.folds import DriveFold, drive_folds
from training.data.labelled_frames import LabelledFrames
from training.data.splits import Splits
from training.fitting.loop import Batch, Loss, launch
from training.members.member import Member, initial_member
from training.run.settings import FitSettings, Settings, parse_settings
from training.teaching import fold_student
from training.teaching import train_student as teaching
from training.teaching.fold_student import fold_settings, train_fold_student
from training.teaching.teacher import Teacher, TeacherStats

SEQUENCES = ('one', 'one', 'one', 'two', 'two', 'three', 'four')
LEFT_OUT = (('one',), ('one', 'two'), ('one', 'two'), ('two',), ('three',), ('three',), ('four',), ('four',))


@pytest.fixture(scope='module')
def data() -> LabelledFrames:
    torch.manual_seed(0)
    images = torch.randint(0, 255, (len(SEQUENCES), 3, 48, 64), dtype=torch.uint8)
    return in_memory(images, images[:, 0] % 8, SEQUENCES)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    config = f'--config={PROJECT}/training/configs/smoke.yaml'
    smoke = parse_settings([config, '--distill.cross_fit=true', '--crop=[48, 64]', f'--run={tmp_path}'])
    plan = FitSettings(epochs=4, batch_size=2)
    members = tuple(replace(plan, seed=i, exclude_sequences=drives) for i, drives in enumerate(LEFT_OUT))
    return replace(smoke, data=replace(smoke.data, workers=0), members=members, student_fit=plan)


@pytest.fixture
def folds(settings: Settings, data: LabelledFrames) -> list[DriveFold]:
    return drive_folds(settings, Splits(train=data, calibration=data.select(lambda _: False), val=data))


def test_drives_that_the_same_members_leave_out_are_a_fold(
    settings: Settings, data: LabelledFrames, folds: list[DriveFold]
) -> None:
    assert {fold.sequences: fold.members for fold in folds} == {
        ('four',): (6, 7),
        ('one',): (0, 1, 2),
        ('three',): (4, 5),
        ('two',): (1, 2, 3),
    }
    three = replace(
        settings,
        members=tuple(replace(plan, exclude_sequences=('three', 'two')) for plan in settings.members[:2])
        + tuple(replace(plan, exclude_sequences=('one', 'four')) for plan in settings.members[2:4]),
    )
    empty = data.select(lambda _: False)
    grouped = drive_folds(three, Splits(train=data, calibration=empty, val=data))
    assert [(fold.sequences, fold.members) for fold in grouped] == [
        (('four', 'one'), (2, 3)),
        (('three', 'two'), (0, 1)),
    ]
    assert drive_folds(three, Splits(train=data, calibration=data, val=data)) == []


def _networks(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[Member]:
    """All members, as if they were trained."""
    networks = [initial_member(replace(settings, init_seed=1 + index)) for index in range(len(LEFT_OUT))]
    monkeypatch.setattr(fold_student, 'load_single', lambda _settings, _device, index: networks[index])
    return networks


def test_no_frame_of_a_fold_is_seen_by_its_student_or_by_a_teacher_of_it(
    settings: Settings, data: LabelledFrames, folds: list[DriveFold], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    asked: list[tuple[list[Member], Tensor]] = []

    class Spy(Teacher):
        def __call__(self, x: Tensor, may_label: Tensor | None = None) -> TeacherStats:
            asked.append((self.members, may_label))
            return super().__call__(x, may_label)

    original = teaching.fit

    def fit(fabric: Any, checkpoint: Path, network: nn.Module, loss: Loss, *rest: Any) -> nn.Module:
        def spy(network: nn.Module, batch: Batch) -> Tensor:
            shown.extend(batch.sequences)
            return loss(network, batch)

        return original(fabric, checkpoint, network, spy, *rest)

    monkeypatch.setattr(teaching, 'Teacher', Spy)
    monkeypatch.setattr(teaching, 'fit', fit)
    networks = _networks(settings, monkeypatch)
    for number, fold in enumerate(folds):
        shown.clear()
        asked.clear()
        train_fold_student(launch(settings), number, fold, networks, data, settings)
        assert set(shown) == set(SEQUENCES) - set(fold.sequences)
        numbers = {networks.index(member) for members, _ in asked for member in members}
        assert numbers == set(fold.members)
        assert all(set(fold.sequences) <= set(LEFT_OUT[number]) for number in numbers)
        # Two that are without a frame's drive as well label it alone; else all three, who keep the fold unseen.
        labelled = torch.cat([may_label for _, may_label in asked], dim=1).T.tolist()
        for sequence, may_label in zip(shown, labelled, strict=True):
            if fold.sequences == ('one',) and sequence == 'two':
                assert may_label == [False, True, True]
            elif fold.sequences == ('two',) and sequence == 'one':
                assert may_label == [True, True, False]
            else:
                assert may_label == [True] * len(fold.members)


def test_it_starts_from_a_member_that_has_not_seen_the_fold(
    settings: Settings, data: LabelledFrames, folds: list[DriveFold], monkeypatch: pytest.MonkeyPatch
) -> None:
    still = replace(settings, student_fit=FitSettings(epochs=1, batch_size=2, lr=1e-12, weight_decay=0.0))
    networks = _networks(settings, monkeypatch)
    (fold,) = (fold for fold in folds if fold.sequences == ('three',))
    student = train_fold_student(launch(still), 0, fold, networks, data, still)
    name = 'low.0.weight'
    assert torch.allclose(student.trunk.state_dict()[name], networks[4].trunk.state_dict()[name])
    assert (settings.run_folder / 'student.fold0.ckpt').is_file()


def test_it_takes_about_as_many_steps_as_the_student_that_ships(
    settings: Settings, data: LabelledFrames, folds: list[DriveFold]
) -> None:
    epochs = {fold.sequences[0]: fold_settings(settings, fold, data).student_fit.epochs for fold in folds}
    # 4 epochs of 7 frames are 28 views: 7 epochs of 4 are as many, 6 of 5 and 5 of 6 two more.
    assert epochs == {'one': 7, 'two': 6, 'three': 5, 'four': 5}
