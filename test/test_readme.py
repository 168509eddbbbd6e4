# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the README promises is there."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / 'README.md').read_text(encoding='utf-8')
HOUSE = README.split('## The house\n')[1].split('\n\nNothing')[0]


def house() -> list[str]:
    """Paths in the picture of the house, from the project's root."""
    paths, folder = [], ''
    for line in filter(None, HOUSE.split('\n')):
        names = line[4:38].split('  ')[0 if line[4] != ' ' else 1].split()
        if line[4] != ' ':
            folder = names[0] if len(names) == 1 and names[0].endswith('/') else ''
            paths += names
        else:
            paths += [folder + name for name in names]
    return paths


@pytest.mark.parametrize('path', house())
def test_the_picture_of_the_house_is_true(path):
    assert (PROJECT / path).exists()


def test_every_module_is_in_the_picture():
    drawn = set(house())
    modules = [path for folder in ('uncd_ros', 'training') for path in (PROJECT / folder).glob('*.py')]
    assert {str(path.relative_to(PROJECT)) for path in modules if path.name != '__init__.py'} <= drawn
    within = {path.name for path in (PROJECT / 'training').glob('*/*.py')} - {'__init__.py'}
    assert within <= set(re.findall(r'\w+\.py', HOUSE)), 'a folder is drawn with what lies in it'


@pytest.mark.parametrize('page', ['README.md', 'CONTRIBUTING.md', 'QUALITY_DECLARATION.md'])
def test_local_links_lead_somewhere(page):
    links = re.findall(r'\]\((?!http)([^)#]+)\)', (PROJECT / page).read_text(encoding='utf-8'))
    assert [link for link in links if not (PROJECT / link).exists()] == []


def test_every_command_of_make_exists():
    targets = set(re.findall(r'^([a-z-]+):', (PROJECT / 'Makefile').read_text(), re.M))
    assert set(re.findall(r'\bmake ([a-z-]+)', README)) <= targets


def test_no_figure_is_missing():
    assert re.findall(r'\{\{\w+\}\}', README) == []


def test_parameters_are_those_of_the_node():
    pytest.importorskip('rclpy', reason='needs rclpy')
    from uncd_ros.node.params import PERCEPTION

    table = README.split('| parameter | default |')[1].split('\n\n')[0]
    assert set(re.findall(r'`([a-z_.]+)`', table.replace('`camvid`', ''))) >= {each.name for each in PERCEPTION}
