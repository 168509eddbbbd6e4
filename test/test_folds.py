# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who has seen what: sequences that are not there are refused before anything is trained."""

from dataclasses import replace

import pytest
import torch

from conftest import PROJECT
from folds import check_sequences
from segdata import SegData
from settings import Settings, parse_settings
from uncd_ros.errors import ConfigError


def _settings(*without: tuple[str, ...]) -> Settings:
    settings = parse_settings([f'--config={PROJECT}/training/configs/smoke.yaml'])
    return replace(settings, members=tuple(replace(settings.members[0], without=each) for each in without))


def _data(*sequences: str) -> SegData:
    blank = torch.zeros(len(sequences), 3, 2, 2, dtype=torch.uint8)
    return SegData(images=blank, labels=blank[:, 0], names=sequences, sequences=sequences, classes=())


def test_a_sequence_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"members\.1\.without: no sequence 'x' in training, .* \['a', 'b'\]"):
        check_sequences(_settings((), ('x',)), _data('a', 'b', 'b'))
    student = replace(_settings(()), student_fit=_settings(('y',)).members[0])
    with pytest.raises(ConfigError, match=r"student_fit\.without: no sequence 'y'"):
        check_sequences(student, _data('a', 'b'))


def test_somebody_who_sees_nothing_is_named() -> None:
    with pytest.raises(ConfigError, match=r'members\.0\.without is .* leaves nothing to train on'):
        check_sequences(_settings(('a', 'b')), _data('a', 'b'))
