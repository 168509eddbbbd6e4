# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of README and docs.

Every ```sh block is run, in a scratch folder with a small drive in it, unless the line before it is a comment such as
<!-- needs: minutes -->. Of the commands in such a block it is checked that their programs exist and know the options.
"""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from support.pages import PROJECT, TEXTS, default_parameters, options, run_python

NEEDS = {
    '': 'runs in seconds',
    'a robot': 'a ROS 2 installation',
    'minutes': 'takes longer than a test may',
    'my data': 'the files that the page shows; test_own_data.py makes them and follows the page',
    'my data and minutes': 'the same, and takes longer than a test may',
    'a cluster': 'Ray on other machines',
    'data': 'a data set or a model that is not in the repository',
}
PYTHON = '.venv/bin/python'


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command of a page."""

    page: str
    words: tuple[str, ...]
    needs: str
    """A key of NEEDS."""

    def __str__(self) -> str:
        return f'{self.page}: {shlex.join(self.words)}'


def commands() -> Iterator[Command]:
    """In the order of the pages."""
    for page, text in TEXTS.items():
        for needs, block in re.findall(r'(?:<!-- needs: ([\w ]+) -->\n)?```sh\n(.+?)```', text, re.DOTALL):
            for line in re.split(r'\n| && ', block.replace('\\\n', '')):
                if words := shlex.split(line, comments=True):
                    yield Command(page=page, words=tuple(words), needs=needs)


COMMANDS = list(commands())


def program_of(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """`python -m uncd_ros.make_bag a` -> 'uncd_ros/make_bag.py', ('a',)."""
    assert words[0] == PYTHON, f'{words[0]}: expected {PYTHON}'
    if words[1] == '-m':
        path = words[2].replace('.', '/')
        return f'{path}/__main__.py' if (PROJECT / path).is_dir() else f'{path}.py', words[3:]
    return words[1], words[2:]


def check_python(words: tuple[str, ...]) -> None:
    program, arguments = program_of(words)
    assert (PROJECT / program).is_file(), program
    unknown = {word.split('=')[0] for word in arguments if re.match('--?[a-z]', word)} - options(program)
    assert not unknown, f'{program} knows no {", ".join(unknown)}'


def check_make(words: tuple[str, ...]) -> None:
    """What make would run is there, and takes what it is given."""
    command = ['make', '--dry-run', '--no-print-directory', *words[1:]]
    recipe = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout
    for word in words[1:]:
        name, _, value = word.partition('=')
        assert value in recipe or f'--{name.lower()}' in recipe, f'{word} does not arrive'
    for line in recipe.replace('\\\n', '').splitlines():
        if re.match(rf'{PYTHON} (-m (uncd_ros|benchmark)|training/|benchmark/)', line):
            check_python(tuple(shlex.split(line)))


def check_ros2(words: tuple[str, ...]) -> None:
    verb, target, name, *rest = words[1:]
    if verb == 'launch':
        declared = re.findall(r"DeclareLaunchArgument\(\s*'(\w+)'", (PROJECT / 'launch' / name).read_text())
        assert {word.split(':=')[0] for word in rest if ':=' in word} <= set(declared)
    elif verb == 'param':
        assert (target, name) == ('set', '/segmentation')
        assert rest[0] in default_parameters()
    elif verb == 'run':
        assert target == 'uncd_ros'
        assert f"f'{name} = {{NAME}}.commands:" in (PROJECT / 'setup.py').read_text()
    elif verb not in ('topic', 'service'):  # those of ROS, not ours
        raise AssertionError(f'ros2 {verb}: nothing checks this command')


def check_pip(words: tuple[str, ...]) -> None:
    """What is installed by hand is what the package needs."""
    if words[2] in ('venv', 'colcon'):  # of others
        return
    assert words[:4] == ('python3', '-m', 'pip', 'install')
    required = set(re.findall(r"'([\w-]+)[<>=~]", (PROJECT / 'setup.py').read_text()))
    assert set(words[4:]) <= required


CHECKS = {PYTHON: check_python, 'make': check_make, 'ros2': check_ros2, 'python3': check_pip}
FOREIGN = {'rosdep', 'touch', '.', 'pre-commit', 'export'}
"""Programs of others, whose options are not ours to check."""


@pytest.mark.parametrize('command', COMMANDS, ids=str)
def test_command_exists_and_knows_its_options(command):
    assert command.needs in NEEDS
    if command.words[0] not in FOREIGN:
        CHECKS[command.words[0]](command.words)


@pytest.fixture
def _scratch(tmp_path, monkeypatch):
    """A folder with a small drive: two videos, images and their label ids, and what is known about it."""
    rng = np.random.default_rng(0)
    for name in ('drive.mp4', 'rain.mp4'):
        video = cv2.VideoWriter(str(tmp_path / name), cv2.VideoWriter_fourcc(*'mp4v'), 10, (64, 48))
        for frame in rng.integers(0, 255, (4, 48, 64, 3), np.uint8):
            video.write(frame)
        video.release()
    for name, shape in (('images', (48, 64, 3)), ('ids', (48, 64))):
        (tmp_path / name).mkdir()
        for number in range(4):
            cv2.imwrite(str(tmp_path / name / f'{number}.png'), rng.integers(0, 11, shape, np.uint8))
    (tmp_path / 'events.csv').write_text('start,end,kind\n0.1,0.3,fog\n')
    (tmp_path / 'config').symlink_to(PROJECT / 'config')
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures('_scratch')
@pytest.mark.parametrize('page', sorted({command.page for command in COMMANDS if not command.needs}))
def test_the_commands_of_a_page_run(page):
    pytest.importorskip('rosbags', reason='reads and writes bags')
    for command in COMMANDS:
        if command.page == page and not command.needs:
            program, arguments = program_of(command.words)
            run_python(program, *arguments)
