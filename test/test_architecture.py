# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The walls of the design: what may import what, and how long a file may grow."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
ROS_MODULES = {
    'camera',
    'demo',
    'executor',
    'image_player',
    'live_replay',
    'messages',
    'outputs',
    'params',
    'perception_node',
    'process',
    'qos',
    'recorder',
    'status',
    'worker',
}
ROS_PACKAGES = (
    'rclpy',
    'rcl_interfaces',
    'builtin_interfaces',
    'cv_bridge',
    'launch',
    'launch_ros',
    'ament_index_python',
)
HEADER = '# Copyright 2026 The uncd_ros authors\n# SPDX-License-Identifier: Apache-2.0\n'
LONGEST_FILE = 280
FOLDERS = ('uncd_ros', 'training', 'test', 'benchmark', 'launch')
PACKAGE_FILES = sorted((PROJECT / 'uncd_ros').rglob('*.py'))
ALL_FILES = [PROJECT / 'setup.py', *(path for folder in FOLDERS for path in sorted((PROJECT / folder).rglob('*.py')))]


def module_name(path: Path) -> str:
    """`uncd_ros/street/canvas.py` -> 'uncd_ros.street.canvas'."""
    parts = path.relative_to(PROJECT).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def imported(path: Path) -> Iterator[str]:
    """Top-level package of every import in a file, also of those inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (name.name.split('.')[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path}:{node.lineno} is a relative import'
            yield (node.module or '').split('.')[0]


def is_ros(package: str) -> bool:
    return package in ROS_PACKAGES or package.endswith('_msgs')


def run_python(program: str) -> str:
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=False, cwd=PROJECT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_only_the_shell_imports_ros():
    outside = {
        module_name(path): sorted(found)
        for path in PACKAGE_FILES
        if path.stem not in ROS_MODULES and (found := {name for name in imported(path) if is_ros(name)})
    }
    assert outside == {}


def test_every_module_of_the_shell_imports_ros():
    for name in ROS_MODULES:
        assert any(map(is_ros, imported(PROJECT / 'uncd_ros' / f'{name}.py'))), name


def test_the_package_never_imports_training():
    training = {path.stem for path in (PROJECT / 'training').iterdir()} | {'training'}
    guilty = {module_name(path): sorted(training & set(imported(path))) for path in PACKAGE_FILES}
    assert {name: found for name, found in guilty.items() if found} == {}


def test_nothing_in_the_folders_of_training_imports_a_command():
    folders = [path for path in sorted((PROJECT / 'training').rglob('*.py')) if path.parent.name != 'training']
    commands = {path.stem for path in (PROJECT / 'training').glob('*.py') if "'__main__'" in path.read_text()}
    assert commands == {'distill', 'ensemble', 'sweep', 'calibrate', 'evaluate'} and len(folders) > 20
    guilty = {str(path): sorted(commands & set(imported(path))) for path in folders}
    assert {name: found for name, found in guilty.items() if found} == {}


def test_no_file_reaches_around_the_import_system():
    for path in PACKAGE_FILES + sorted((PROJECT / 'training').rglob('*.py')):
        assert 'sys.path' not in path.read_text(encoding='utf-8'), path


def test_importing_the_package_loads_nothing_heavy():
    heavy = run_python(
        'import sys, uncd_ros; '
        'print([name for name in sys.modules if name in ("torch", "rclpy", "cv2", "numpy", "matplotlib")])'
    )
    assert heavy.strip() == '[]'


def test_the_core_imports_without_ros():
    core = [module_name(path) for path in PACKAGE_FILES if path.stem not in ROS_MODULES]
    run_python(
        'import importlib, sys\n'
        'class NoRos:\n'
        '    def find_spec(self, name, path=None, target=None):\n'
        f'        if name.split(".")[0] in {ROS_PACKAGES!r} or name.endswith("_msgs"):\n'
        '            raise ModuleNotFoundError(name)\n'
        'sys.meta_path.insert(0, NoRos())\n'
        f'for name in {core!r}: importlib.import_module(name)\n'
    )


@pytest.mark.parametrize('path', ALL_FILES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_file_has_its_licence_and_stays_short(path):
    text = path.read_text(encoding='utf-8')
    assert text.startswith(HEADER)
    assert text.count('\n') < LONGEST_FILE
