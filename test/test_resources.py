# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files that come with the package are found in the sources and in every kind of installation."""

from pathlib import Path

import pytest

from support.project import PROJECT
from uncd_ros import resources
from uncd_ros.errors import UncdError
from uncd_ros.resources import share_path


def pretend_installed(monkeypatch, package: Path) -> None:
    package.mkdir(parents=True)
    monkeypatch.setattr(resources, '__file__', str(package / 'resources.py'))


def test_in_the_sources():
    assert share_path('config') == PROJECT / 'config'
    assert share_path('config', 'perception.yaml').is_file()


@pytest.mark.parametrize(
    'site',
    [
        'lib/python3.12/site-packages',  # a virtual environment, a colcon workspace
        'local/lib/python3.12/dist-packages',  # pip on Debian
        'lib/python3/dist-packages',  # apt
        '.',  # pip --target
    ],
)
def test_under_the_prefix_of_an_installation(monkeypatch, tmp_path, site):
    pretend_installed(monkeypatch, tmp_path / site / 'uncd_ros')
    models = tmp_path / 'share/uncd_ros/models'
    models.mkdir(parents=True)
    assert share_path('models') == models


def test_an_incomplete_installation_is_told(monkeypatch, tmp_path):
    pretend_installed(monkeypatch, tmp_path / 'lib/uncd_ros')
    with pytest.raises(UncdError, match=r'models/camvid: not found beside .*uncd_ros nor in a share/uncd_ros'):
        share_path('models', 'camvid')
