# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the environment for large images holds, and that a user's own choice stays."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip('rclpy', reason='needs rclpy')

from uncd_ros.node import transport
from uncd_ros.node.transport import large_image_environment


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
