# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is wrong around a node: its name, its log, the profile of its middleware."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from uncd_ros.node.surroundings import LOG_SPACE, explain_log, explain_profile, explain_twins
from uncd_ros.node.transport import large_image_environment


def test_another_node_of_the_same_full_name_is_told() -> None:
    names = ['/a/segmentation', '/segmentation', '/camera', '/segmentation']
    told = explain_twins('/segmentation', names)
    assert all(fact in told for fact in ('2 nodes are called /segmentation', 'expected 1', 'namespace'))
    assert explain_twins('/a/segmentation', names) == ''
    assert explain_twins('/not_yet_known', names) == ''


def test_a_log_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert explain_log(tmp_path) == ''
    assert 'No such file' in explain_log(tmp_path / 'gone')
    monkeypatch.setattr(os, 'access', lambda _, mode: mode != os.W_OK)
    assert explain_log(tmp_path) == f'no log can be written to {tmp_path}: it is read-only'
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: SimpleNamespace(free=LOG_SPACE - 1))
    assert explain_log(tmp_path) == f'no log can be written to {tmp_path}: the disk is full, expected 1 MiB free'


@pytest.mark.parametrize('variable', ['FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'])
def test_a_profile_that_is_not_in_force_is_told(tmp_path: Path, variable: str) -> None:
    profile = tmp_path / 'profile.xml'
    told = explain_profile({variable: str(profile)})
    assert all(fact in told for fact in (variable, str(profile), 'No such file', 'uses its defaults'))
    profile.write_text('<dds')
    told = explain_profile({variable: str(profile)})
    assert 'no XML' in told and '\n' not in told
    profile.write_text('<dds/>')
    assert explain_profile({variable: str(profile)}) == ''


def test_no_profile_and_our_own_are_well() -> None:
    assert explain_profile({}) == ''
    assert explain_profile(large_image_environment({})) == ''
