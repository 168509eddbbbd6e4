# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the environment for large images holds, and that a user's own choice stays."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip('rclpy', reason='needs rclpy')

from support.pages import TEXTS
from uncd_ros.node import transport
from uncd_ros.node.transport import large_image_environment
from uncd_ros.resources import share_path


@pytest.mark.parametrize(
    ('rclpy_version', 'variable'),
    [('3.3.16', 'FASTRTPS_DEFAULT_PROFILES_FILE'), ('9.1.2', 'FASTDDS_DEFAULT_PROFILES_FILE')],
)
def test_profile_has_the_name_that_the_distribution_reads(
    monkeypatch: pytest.MonkeyPatch, rclpy_version: str, variable: str
) -> None:
    monkeypatch.setattr(transport, 'version', lambda _: rclpy_version)
    profile = Path(large_image_environment({})[variable])
    sizes = [int(size.text or 0) for size in ElementTree.parse(profile).iter() if size.tag.endswith('segment_size')]
    assert sizes == [64 * 2**20]


def test_users_own_choice_stays() -> None:
    everything = large_image_environment({})
    for name in everything:
        assert large_image_environment({name: 'mine'}).keys() == everything.keys() - {name}


def test_page_for_camera_drivers_has_the_same_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {}
    for rclpy_version in ('3.3.16', '9.1.2'):
        monkeypatch.setattr(transport, 'version', lambda _, found=rclpy_version: found)
        expected |= large_image_environment({})
    exported = dict(re.findall(r'^export (\w+)=(.+?)(?: +#.*)?$', TEXTS['docs/cameras.md'], re.M))
    share = '$(ros2 pkg prefix --share uncd_ros)'
    assert {name: value.replace(share, str(share_path())) for name, value in exported.items()} == expected
