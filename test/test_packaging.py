# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The package's own papers agree with each other and with what is there."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import uncd_ros
from support.project import PROJECT

SHARED = ('launch', 'config', 'rviz', 'foxglove', 'models')
MANIFEST = ElementTree.parse(PROJECT / 'package.xml').getroot()


@pytest.fixture(scope='module')
def egg_info(tmp_path_factory) -> Path:
    """What setup.py makes of itself."""
    folder = tmp_path_factory.mktemp('egg')
    command = [sys.executable, 'setup.py', '--quiet', 'egg_info', '--egg-base', str(folder)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    return folder / 'uncd_ros.egg-info'


def setup_argument(name: str) -> str:
    """An argument of setup(), as text."""
    calls = [node for node in ast.walk(ast.parse((PROJECT / 'setup.py').read_text())) if isinstance(node, ast.Call)]
    return next(ast.unparse(word.value) for call in calls for word in call.keywords if word.arg == name)


def test_manifest_is_format_3_with_an_spdx_licence():
    assert MANIFEST.attrib['format'] == '3'
    assert MANIFEST.findtext('name') == 'uncd_ros'
    assert MANIFEST.findtext('license') == 'Apache-2.0'
    assert MANIFEST.findtext('export/build_type') == 'ament_python'
    assert {'rclpy', 'sensor_msgs', 'launch_ros', 'python3-torch'} <= {tag.text for tag in MANIFEST.iter('exec_depend')}
    assert 'Apache License' in (PROJECT / 'LICENSE').read_text()


def test_versions_agree():
    changelog = re.findall(r'^(\d+\.\d+\.\d+) \(\d{4}-\d\d-\d\d\)$', (PROJECT / 'CHANGELOG.rst').read_text(), re.M)
    assert {uncd_ros.__version__, MANIFEST.findtext('version'), setup_argument('version').strip("'")} == {changelog[0]}


def test_every_ros_package_used_is_declared():
    sources = [path.read_text() for path in (PROJECT / 'uncd_ros').rglob('*.py')]
    used = set(
        re.findall(
            r'^\s*(?:from|import) (\w+_msgs|\w+_srvs|rclpy|\w+_interfaces|cv_bridge)\b', '\n'.join(sources), re.M
        )
    )
    assert used <= {tag.text for tag in MANIFEST.iter('exec_depend')}


def test_every_python_package_used_is_declared():
    """By its rosdep key, or in the comment about those that have none; rosbags brings two more."""
    names = {'cv2': 'opencv', 'markdown_it': 'markdown-it-py', 'ruamel': 'rosbags', 'backports': 'rosbags'}
    sources = '\n'.join(path.read_text() for path in (PROJECT / 'uncd_ros').rglob('*.py'))
    imported = set(re.findall(r'^\s*(?:from|import) (\w+)', sources, re.M)) - sys.stdlib_module_names
    ours_or_ros = {'uncd_ros', 'rclpy', 'compression'}  # the last is Python's own from 3.14 on
    foreign = {
        name for name in imported - ours_or_ros if not name.endswith(('_msgs', '_srvs', '_interfaces', '_python'))
    }
    declared = set(re.findall(r'[\w-]+', (PROJECT / 'package.xml').read_text()))
    assert {'numpy', 'torch', 'safetensors'} <= foreign
    wanted = {names.get(name, name) for name in foreign}
    assert {name for name in wanted if not {name, f'python3-{name}'} & declared} == set()


def test_everything_shared_is_installed(egg_info):
    sources = set((egg_info / 'SOURCES.txt').read_text().split('\n'))
    expected = [path for folder in SHARED for path in (PROJECT / folder).rglob('*.*')]
    assert set(SHARED) <= {path.relative_to(PROJECT).parts[0] for path in expected}
    installed = {
        str(path.relative_to(PROJECT)) for path in expected if path.is_file() and '__pycache__' not in path.parts
    }
    assert installed | {'package.xml', 'resource/uncd_ros'} <= sources
    assert not any('__pycache__' in path for path in sources)


def test_entry_points_exist(egg_info):
    scripts = re.findall(r'^(\w+) = uncd_ros\.commands:(\w+)$', (egg_info / 'entry_points.txt').read_text(), re.M)
    bags, models = {'evaluate_bag', 'make_bag'}, {'export_model', 'upgrade_model'}
    nodes = {'perception_node', 'image_player', 'event_recorder', 'viewer'}
    assert {name for name, _ in scripts} == nodes | bags | models | {'demo'}
    functions = ast.parse((PROJECT / 'uncd_ros' / 'commands.py').read_text()).body
    assert {function for _, function in scripts} <= {f.name for f in functions if isinstance(f, ast.FunctionDef)}


def test_pins_lie_within_the_ranges():
    requirements = pytest.importorskip('packaging.requirements', reason='reads version ranges')
    pins = {}
    for line in (PROJECT / 'constraints.txt').read_text().splitlines():
        if line and not line.startswith('#'):
            pin = requirements.Requirement(line)
            assert re.fullmatch(r'==[\w.]+', str(pin.specifier)), f'{line}: expected name==version'
            pins[pin.name.lower().replace('_', '-')] = str(pin.specifier)[2:]
    ranges = re.findall(r"'([a-z][\w-]+(?:\[\w+\])?[<>=~][^']*)'", (PROJECT / 'setup.py').read_text())
    assert len(ranges) > 15
    for wanted in map(requirements.Requirement, ranges):
        assert pins[wanted.name.lower()] in wanted.specifier
