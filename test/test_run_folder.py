# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A run folder belongs to one configuration."""

from pathlib import Path

import pytest

from conftest import PROJECT
from run_folder import claim
from settings import Settings, parse_settings
from uncd_ros.errors import ConfigError


def _settings(run: Path, *changes: str) -> Settings:
    return parse_settings([f'--config={PROJECT}/training/configs/smoke.yaml', f'--run={run}', *changes])


def test_the_same_settings_may_come_again(tmp_path: Path) -> None:
    claim(_settings(tmp_path))
    first = (tmp_path / 'config.json').read_text()
    claim(_settings(tmp_path))
    claim(_settings(tmp_path, '--out=elsewhere', '--devices=2'))
    assert (tmp_path / 'config.json').read_text() == first


def test_other_settings_are_refused_by_name(tmp_path: Path) -> None:
    claim(_settings(tmp_path))
    with pytest.raises(ConfigError, match=r'student\.head was separable, is dense\); choose another --run'):
        claim(_settings(tmp_path, '--student.head=dense'))


def test_a_setting_inside_a_list_is_named_by_its_place(tmp_path: Path) -> None:
    claim(_settings(tmp_path, '--members=[{seed: 1, epochs: 4, lr: 0.003}, {seed: 2, epochs: 4}]'))
    with pytest.raises(ConfigError, match=r'members\.1\.epochs was 4, is None'):
        claim(_settings(tmp_path, '--members=[{seed: 1, epochs: 4, lr: 0.003}]'))
    with pytest.raises(ConfigError, match=r'members\.0\.epochs was 4, is 9'):
        claim(_settings(tmp_path, '--members=[{seed: 1, epochs: 9, lr: 0.003}]'))


def test_two_runs_lie_side_by_side(tmp_path: Path) -> None:
    claim(_settings(tmp_path / 'a'))
    claim(_settings(tmp_path / 'b', '--student.head=dense'))
    assert (tmp_path / 'a' / 'config.json').read_text() != (tmp_path / 'b' / 'config.json').read_text()
