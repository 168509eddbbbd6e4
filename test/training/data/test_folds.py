# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who has seen what, and who may label it; what cannot be is refused before anything is trained."""

from dataclasses import replace

import pytest
import torch

from support.project import PROJECT
from support.tiny_frames import in_memory
from training.data.folds import Folds, check_sequences, drive_folds, held_out
from training.data.labelled_frames import LabelledFrames
from training.data.splits import Splits
from training.run.settings import Settings, parse_settings
from uncd_ros.errors import ConfigError


def _settings(*exclude_sequences: tuple[str, ...], cross_fit: bool = False) -> Settings:
    config = f'--config={PROJECT}/training/configs/smoke.yaml'
    settings = parse_settings([config, f'--distill.cross_fit={cross_fit}'.lower()])
    return replace(
        settings, members=tuple(replace(settings.members[0], exclude_sequences=each) for each in exclude_sequences)
    )


def _data(*sequences: str) -> LabelledFrames:
    blank = torch.zeros(len(sequences), 3, 2, 2, dtype=torch.uint8)
    return in_memory(blank, blank[:, 0], sequences)


def test_a_sequence_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"members\.1\.exclude_sequences.*'x'.*\['a', 'b'\]"):
        check_sequences(_settings((), ('x',)), _data('a', 'b', 'b'))
    student = replace(_settings(()), student_fit=_settings(('y',)).members[0])
    with pytest.raises(ConfigError, match=r"student_fit\.exclude_sequences: no sequence 'y'"):
        check_sequences(student, _data('a', 'b'))


def test_somebody_who_sees_nothing_is_named() -> None:
    with pytest.raises(ConfigError, match=r'members\.0\.exclude_sequences is .* leaves nothing to train on'):
        check_sequences(_settings(('a', 'b')), _data('a', 'b'))


def test_members_are_evaluated_on_the_holdout_or_on_what_they_leave_out() -> None:
    settings, data = _settings(('a',), ('b',), ('a',)), _data('a', 'a', 'b', 'c')
    (whole,) = held_out(settings, Splits(train=data, calibration=_data('d'), val=data), range(3))
    assert (whole.members, whole.frames.sequences) == ((0, 1, 2), ('d',))
    folds = held_out(settings, Splits(train=data, calibration=_data(), val=data), range(3))
    assert [(fold.members, fold.frames.sequences) for fold in folds] == [((0, 2), ('a', 'a')), ((1,), ('b',))]


def test_a_member_that_nothing_could_evaluate_is_named() -> None:
    splits = Splits(train=_data('a', 'b'), calibration=_data(), val=_data('a'))
    with pytest.raises(ConfigError, match=r"members\.1\.exclude_sequences and data\.holdout are empty.*\['a', 'b'\]"):
        held_out(_settings(('a',), ()), splits, range(2))


def test_members_label_what_they_were_not_trained_on_and_all_label_what_nobody_was() -> None:
    folds = Folds.of(_settings(('a',), ('b',), ('a', 'b'), ()), _data('a', 'b', 'c'))
    may_label = folds.may_label(('b', 'a', 'c', 'unlabelled:video'))
    assert may_label.tolist() == [
        [False, True, True, True],
        [True, False, True, True],
        [True, True, True, True],
        [False, False, True, True],
    ]


def test_a_sequence_with_a_single_judge_is_refused() -> None:
    check_sequences(_settings(('a',), ('a',), ('b',), ('b',), cross_fit=True), _data('a', 'b'))
    few = _settings(('a',), ('a',), ('b',), cross_fit=True)
    with pytest.raises(
        ConfigError, match=r"distill\.cross_fit: 1 members are without sequence 'b', expected 2 or more"
    ):
        check_sequences(few, _data('a', 'b'))
    check_sequences(replace(few, student_fit=few.members[2]), _data('a', 'b'))


def test_a_single_drive_cannot_calibrate_itself() -> None:
    splits = Splits(train=_data('a', 'a'), calibration=_data(), val=_data('b'))
    with pytest.raises(
        ConfigError, match=r"data\.holdout is \[\] and 'a' is every drive of train, expected two drives"
    ):
        drive_folds(_settings(('a',), ('a',), cross_fit=True), splits)
    with pytest.raises(ConfigError, match=r"data\.holdout is \[\], expected some of \['a'\]"):
        drive_folds(_settings(('a',), ('a',)), splits)


def test_a_member_that_trains_on_every_drive_is_refused_before_it_is_trained() -> None:
    splits = Splits(train=_data('a', 'b'), calibration=_data(), val=_data('a'))
    with pytest.raises(ConfigError, match=r'members\.4\.exclude_sequences and data\.holdout are empty'):
        drive_folds(_settings(('a',), ('a',), ('b',), ('b',), (), cross_fit=True), splits)


def test_cross_fitting_and_cutmix_exclude_each_other() -> None:
    with pytest.raises(ConfigError, match=r'distill\.cross_fit and distill\.cutmix exclude each other'):
        parse_settings(
            [f'--config={PROJECT}/training/configs/smoke.yaml', '--distill.cross_fit=true', '--distill.cutmix=0.5']
        )
