# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The student's lesson with each of its switches."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from support.project import PROJECT
from support.tiny_frames import noise_streets
from training.fitting.loop import launch
from training.members.mc_dropout import dropout_samples
from training.members.member import Member, initial_member
from training.members.train_members import train_members
from training.run.progress import EpochProgress
from training.run.settings import Settings, parse_settings
from training.teaching import train_student as teaching
from training.teaching.objectives import OBJECTIVES
from training.teaching.teacher import Teacher, TeacherStats
from training.teaching.train_student import train_student
from uncd_ros.errors import ConfigError
from uncd_ros.network.student import Student


def _settings(run: Path, *changes: str) -> Settings:
    config = f'--config={PROJECT}/training/configs/smoke.yaml'
    short = ['--student_fit={seed: 20, epochs: 1, batch_size: 2}', '--crop=[48, 64]', f'--run={run}']
    return parse_settings([config, *short, *changes])


def _train(settings: Settings) -> Student:
    return train_student(
        launch(settings), _members(settings)[0], _members(settings), noise_streets(*settings.crop), settings
    )


def _members(settings: Settings) -> list[Member]:
    """None of them starts from the seed that the student's fresh heads come from."""
    return [initial_member(replace(settings, init_seed=1 + seed)) for seed in range(len(settings.members))]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the teacher was asked, batch by batch."""
    questions: list[tuple[Any, ...]] = []

    class Spy(Teacher):
        def __call__(self, x: torch.Tensor, may_label: torch.Tensor | None = None) -> TeacherStats:
            questions.append((x, may_label))
            return super().__call__(x, may_label)

    monkeypatch.setattr(teaching, 'Teacher', Spy)
    return questions


def test_by_default_every_member_labels_every_image(tmp_path: Path, asked: list[tuple[Any, ...]]) -> None:
    _train(_settings(tmp_path))
    assert [(len(x), may_label) for x, may_label in asked] == [(2, None), (2, None)]


def test_a_blend_lies_between_what_was_learnt_and_where_it_began(tmp_path: Path) -> None:
    settings = _settings(tmp_path, '--distill.reinit_head=false')
    start = _members(settings)[0]
    taught, again = (
        _train(settings),
        _train(_settings(tmp_path, '--distill.reinit_head=false', '--distill.wise_ft_alpha=0.25')),
    )
    for part, origin in (('trunk', start.trunk), ('prediction_head', start.head)):
        began = origin.state_dict()
        learnt, found = (getattr(each, part).state_dict() for each in (taught, again))
        for name in (name for name, value in began.items() if value.is_floating_point()):
            torch.testing.assert_close(found[name], 0.25 * learnt[name] + 0.75 * began[name])
    heads = (each.uncertainty_head.state_dict() for each in (taught, again))
    assert all(torch.equal(one, other) for one, other in zip(*(head.values() for head in heads), strict=True))


def test_a_fresh_head_cannot_be_blended(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'distill\.wise_ft_alpha is 0\.5 with reinit_head true'):
        _settings(tmp_path, '--distill.wise_ft_alpha=0.5')


def test_cross_fitting_asks_those_who_have_not_seen_the_sequence(tmp_path: Path, asked: list[tuple[Any, ...]]) -> None:
    plans = [
        f'{{epochs: 1, seed: {seed}, exclude_sequences: [{name}]}}' for seed, name in enumerate(['one', 'two'] * 2)
    ]
    student = _train(_settings(tmp_path, f'--members=[{",".join(plans)}]', '--distill.cross_fit=true'))
    assert all(value.isfinite().all() for value in student.state_dict().values())
    may_label = torch.cat([question[1] for question in asked], dim=1)
    # Two images a sequence; each is labelled by the two members that are without it.
    assert may_label.shape == (4, 4)
    assert may_label.sum(0).tolist() == [2, 2, 2, 2] and may_label.sum(1).tolist() == [2, 2, 2, 2]
    assert torch.equal(may_label[0], may_label[2]) and torch.equal(may_label[0], ~may_label[1])


def test_unlabelled_frames_join_and_cutmix_mixes_them(tmp_path: Path, asked: list[tuple[Any, ...]]) -> None:
    (tmp_path / 'drive').mkdir()
    for index in range(4):
        cv2.imwrite(str(tmp_path / 'drive' / f'{index}.png'), np.full((30, 30, 3), 60 * index, np.uint8))
    switches = ('--distill.cutmix=1', f'--distill.unlabelled=["{tmp_path}/drive"]', '--distill.unlabelled_every=2')
    student = _train(_settings(tmp_path, *switches))
    assert sum(len(x) for x, _ in asked) == 6
    assert all(value.isfinite().all() for value in student.state_dict().values())


def test_outliers_of_every_kind_are_taught(tmp_path: Path) -> None:
    kinds = '--distill.outlier_kinds=[texture, piece, colours, adversarial]'
    student = _train(_settings(tmp_path, '--distill.outliers=1', kinds))
    assert all(value.isfinite().all() for value in student.state_dict().values())


def test_outliers_need_a_kind(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'distill\.outlier_kinds is empty with distill\.outliers 1\.0'):
        _settings(tmp_path, '--distill.outliers=1', '--distill.outlier_kinds=[]')


@pytest.mark.parametrize('fresh', [True, False])
def test_the_student_starts_as_the_first_member_but_for_fresh_heads(fresh: bool, tmp_path: Path) -> None:
    # A step so small that it changes nothing: the student is as it started.
    still = '--student_fit={seed: 20, epochs: 1, batch_size: 2, lr: 1.0e-12, weight_decay: 0.0}'
    settings = _settings(tmp_path, still, f'--distill.reinit_head={json.dumps(fresh)}')
    first, student = _members(settings)[0], _train(settings)
    kept = torch.allclose(student.prediction_head[-1].weight, first.head[-1].weight, atol=1e-6)
    assert kept is not fresh
    assert torch.allclose(student.trunk.state_dict()['low.0.weight'], first.trunk.state_dict()['low.0.weight'])


@pytest.mark.parametrize('objective', OBJECTIVES)
def test_two_nets_in_a_row_teach_two_nets_in_a_row(objective: str, tmp_path: Path) -> None:
    vessels = ('--student.encoder=little_unet', '--student.decoder=wnet', '--student.decoder_channels=8', '--dice=1')
    members = '--members=[{epochs: 1, batch_size: 2}, {epochs: 1, seed: 1, batch_size: 2}]'
    settings = _settings(tmp_path, *vessels, members, f'--distill.objective={objective}')
    fabric, data = launch(settings), noise_streets(*settings.crop)
    start, members = initial_member(settings), train_members(fabric, data, settings)
    student = train_student(fabric, members[0], members, data, settings)
    for before, after in ((start.trunk, members[0].trunk), (members[0].trunk, student.trunk)):
        assert not torch.equal(before.first_head.weight, after.first_head.weight)
        assert after.first_head.weight.isfinite().all()


@pytest.mark.parametrize('target', ['all_classes', 'predicted_class'])
@pytest.mark.parametrize('scale', ['linear', 'log', 'standardised'])
def test_every_scale_and_target_trains_the_uncertainty_head(target: str, scale: str, tmp_path: Path) -> None:
    student = _train(_settings(tmp_path, f'--distill.target={target}', f'--distill.scale={scale}'))
    head = student.uncertainty_head[-1].weight
    assert head.isfinite().all()
    torch.manual_seed(0)
    assert not torch.equal(head, Student(student.config).uncertainty_head[-1].weight)


def test_a_student_may_start_as_the_members_did(tmp_path: Path) -> None:
    still = '--student_fit={seed: 20, epochs: 1, batch_size: 2, lr: 1.0e-12, weight_decay: 0.0}'
    settings = _settings(tmp_path, still, '--distill.start=initial')
    began, first = initial_member(settings).trunk.low[0].weight, _members(settings)[0].trunk.low[0].weight
    student = _train(settings)
    assert torch.allclose(student.trunk.low[0].weight, began, atol=1e-6)
    assert not torch.allclose(began, first)


@pytest.mark.parametrize('objective', OBJECTIVES)
def test_a_student_that_is_killed_ends_as_it_would_have(
    objective: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With samples by dropout, whose masks must come again as well."""
    fit = '--student_fit={seed: 20, epochs: 2, batch_size: 2}'
    options = (fit, f'--distill.objective={objective}')

    def train(run: Path) -> Student:
        settings = _settings(run, *options, '--teacher.kind=mc_dropout', '--members=[{epochs: 1}]')
        single = _members(settings)[0].eval()
        torch.manual_seed(0)
        frames = noise_streets(*settings.crop)
        return train_student(launch(settings), single, dropout_samples(single, settings), frames, settings)

    whole = train(tmp_path / 'whole').state_dict()
    with monkeypatch.context() as killed:
        killed.setattr(EpochProgress, 'epoch', _die_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path / 'killed')
    torch.testing.assert_close(train(tmp_path / 'killed').state_dict(), whole, rtol=1e-4, atol=1e-5)


def _die_at_the_second(_progress: EpochProgress, number: int) -> None:
    if number == 2:
        raise KeyboardInterrupt


@pytest.mark.parametrize('objective', ['end_kl', 'end_crd'])
def test_a_head_that_learns_nothing_stays_as_it_is(objective: str, tmp_path: Path) -> None:
    student = _train(_settings(tmp_path, f'--distill.objective={objective}'))
    torch.manual_seed(0)
    began = Student(student.config).uncertainty_head.state_dict()
    for name, value in student.uncertainty_head.state_dict().items():
        assert torch.equal(value, began[name]), name
