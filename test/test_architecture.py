# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The walls of the design: that the import contracts in pyproject.toml hold them, and what a linter cannot say."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.project import PROJECT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

ROS_ONLY_IN_NODE = 'Only uncd_ros.node imports ROS'
CONTRACTS = tomllib.loads((PROJECT / 'pyproject.toml').read_text())['tool']['importlinter']['contracts']
ROS_CONTRACT = next(contract for contract in CONTRACTS if contract['name'] == ROS_ONLY_IN_NODE)
HEAVY = ('torch', 'rclpy', 'cv2', 'numpy', 'matplotlib')
HEADER = '# Copyright 2026 The uncd_ros authors\n# SPDX-License-Identifier: Apache-2.0\n'
LONGEST_FILE = 250
FOLDERS = ('uncd_ros', 'training', 'test', 'benchmark', 'launch')
ALL_FILES = [PROJECT / 'setup.py', *(path for folder in FOLDERS for path in sorted((PROJECT / folder).rglob('*.py')))]


def module_name(path: Path) -> str:
    """`uncd_ros/street/canvas.py` -> 'uncd_ros.street.canvas'."""
    parts = path.relative_to(PROJECT).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def run_python(program: str) -> str:
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=False, cwd=PROJECT)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def copy(tmp_path):
    """The code and its contracts, to break."""
    for folder in ('uncd_ros', 'training'):
        shutil.copytree(PROJECT / folder, tmp_path / folder, ignore=shutil.ignore_patterns('__pycache__'))
    shutil.copy(PROJECT / 'pyproject.toml', tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ('file', 'line', 'contract'),
    [
        ('uncd_ros/monitor/alarm.py', 'import rclpy', ROS_ONLY_IN_NODE),
        ('uncd_ros/scores/image.py', 'import uncd_ros.model.store', "Layers of the robot's package"),
        ('uncd_ros/model/store.py', 'import training.run.settings', 'What runs on the robot never imports training'),
        ('training/data/folds.py', 'import training.distill', 'Layers of training'),
        ('uncd_ros/monitor/clock.py', 'import torch', 'The decision core needs no torch'),
        ('uncd_ros/monitor/ood_rule.py', 'import uncd_ros.monitor.alarm', 'No import circles'),
    ],
)
def test_a_wall_that_is_broken_is_noticed(copy, file, line, contract):
    pytest.importorskip('importlinter', reason='checks the contracts')
    program = 'import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())'
    with (copy / file).open('a') as source:
        source.write(f'{line}\n')
    done = subprocess.run(
        [sys.executable, '-c', program, '--no-cache'], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    verdicts, report = done.stdout.split('Broken contracts')
    assert any(text.startswith(contract) and text.endswith('BROKEN') for text in verdicts.splitlines()), done.stdout
    assert line.rpartition('.')[2].removeprefix('import ') in report, 'the report names the import'


def test_the_contract_about_ros_covers_every_module():
    """But the node, and the commands, whose own contract lets them reach ROS through it."""
    covered = {*ROS_CONTRACT['source_modules'], 'uncd_ros.node', 'uncd_ros.commands', 'uncd_ros.evaluate_bag'}
    package = PROJECT / 'uncd_ros'
    names = {path.stem for path in package.glob('*.py')} | {path.parent.name for path in package.glob('*/__init__.py')}
    assert {f'uncd_ros.{name}' for name in names - {'__init__'}} <= covered


def test_no_file_reaches_around_the_import_system():
    for path in ALL_FILES:
        if path.is_relative_to(PROJECT / 'uncd_ros') or path.is_relative_to(PROJECT / 'training'):
            assert 'sys.path' not in path.read_text(encoding='utf-8'), path


def test_importing_the_package_loads_nothing_heavy():
    loaded = run_python(f'import sys, uncd_ros; print([name for name in sys.modules if name in {HEAVY!r}])')
    assert loaded.strip() == '[]'


def test_the_core_imports_without_ros():
    files = sorted((PROJECT / 'uncd_ros').rglob('*.py'))
    core = [module_name(path) for path in files if not path.is_relative_to(PROJECT / 'uncd_ros' / 'node')]
    assert len(core) > 60
    run_python(
        'import importlib, sys\n'
        'class NoRos:\n'
        '    def find_spec(self, name, path=None, target=None):\n'
        f'        if name.split(".")[0] in {ROS_CONTRACT["forbidden_modules"]!r} or name.endswith("_msgs"):\n'
        '            raise ModuleNotFoundError(name)\n'
        'sys.meta_path.insert(0, NoRos())\n'
        f'for name in {core!r}: importlib.import_module(name)\n'
    )


@pytest.mark.parametrize('path', ALL_FILES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_file_has_its_licence_and_stays_short(path):
    text = path.read_text(encoding='utf-8')
    assert text.startswith(HEADER)
    assert text.count('\n') < LONGEST_FILE
