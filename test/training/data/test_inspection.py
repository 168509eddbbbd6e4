# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is wrong with data is found by file, and refused before training."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from support.datasets import write
from support.project import PROJECT
from training.data.inspection import check_data, inspect_splits
from training.data.splits import Splits, load_splits
from training.inspect_data import inspect_data
from training.run.settings import DataSettings
from uncd_ros.errors import ConfigError
from uncd_ros.network.student import StudentConfig

DRIVES = ('may', 'june', 'july')


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three drives of three frames, each with both classes and ignored pixels."""
    entries = [{'id': index, 'name': name, 'color': [0, 90 * index, 0]} for index, name in enumerate(('field', 'crop'))]
    (tmp_path / 'classes.json').write_text(json.dumps({'ignore': 9, 'classes': entries}))
    rng = np.random.default_rng(0)
    ids = np.zeros((4, 6), np.uint8)
    ids[:, 3:], ids[0] = 1, 9
    for drive in DRIVES:
        for frame in range(3):
            write(tmp_path / 'images' / drive / f'{frame}.png', rng.integers(0, 255, (4, 6, 3), np.uint8))
            write(tmp_path / 'labels' / drive / f'{frame}.png', ids)
    return tmp_path


def _splits(root: Path, **settings: object) -> Splits:
    chosen = {'val': ('july',), 'holdout': ('june',)} | settings
    return load_splits(DataSettings(dataset='folder', root=str(root), **chosen), StudentConfig(num_classes=2))


def _problem(root: Path, **settings: object) -> str:
    """The one problem, which training refuses in one line."""
    splits = _splits(root, **settings)
    (problem,) = inspect_splits(splits).problems
    with pytest.raises(ConfigError) as refused:
        check_data(splits)
    assert str(refused.value) == problem and '\n' not in problem
    return problem


def test_good_data_are_counted(root: Path) -> None:
    write(root / 'images' / 'may' / '0.png', np.zeros((6, 8, 3), np.uint8))
    write(root / 'labels' / 'may' / '0.png', np.zeros((6, 8), np.uint8))
    splits = _splits(root)
    found = inspect_splits(splits)
    check_data(splits)
    train = found.splits['train']
    assert found.problems == () and found.notes == ()
    assert dict(train.sizes) == {(4, 6): 2, (6, 8): 1} and dict(train.sequences) == {'may': 3}
    assert train.pixels[[0, 1, 255]].tolist() == [48 + 18, 18, 12]


def test_a_damaged_image_is_found_by_reading_it(root: Path) -> None:
    path = root / 'images' / 'may' / '1.png'
    path.write_bytes(path.read_bytes()[:-12])
    splits = _splits(root)
    assert (
        '1.png' in inspect_splits(splits).problems[0] and 'damaged or cut short' in inspect_splits(splits).problems[0]
    )
    check_data(splits)  # does not read images: the first epoch will


@pytest.mark.parametrize(
    ('label', 'message'),
    [
        (None, r'labels/may/1\.png: not found'),
        (np.zeros((4, 5), np.uint8), r'labels/may/1\.png: label has shape \(4, 5\), expected \(4, 6\)'),
        (np.full((4, 6), 2, np.uint8), r'labels/may/1\.png: unknown label ids \[2\]'),
        (np.zeros((4, 6), np.uint16), r'labels/may/1\.png: values are uint16'),
    ],
)
def test_a_bad_label_is_a_problem_of_its_file(label: np.ndarray | None, message: str, root: Path) -> None:
    path = root / 'labels' / 'may' / '1.png'
    path.unlink() if label is None else write(path, label)
    assert re.search(message, _problem(root))


def test_the_same_image_in_two_splits(root: Path) -> None:
    (root / 'images' / 'july' / '2.png').write_bytes((root / 'images' / 'may' / '0.png').read_bytes())
    problem = _problem(root)
    assert 'july/2.png: in val, and the same image as' in problem and problem.endswith('may/0.png in train')


def test_a_drive_that_trains_and_calibrates(root: Path) -> None:
    for split, frames in {'train': '0 1', 'calibration': '2', 'val': '2'}.items():
        drive = 'may' if split != 'val' else 'july'
        for frame in frames.split():
            for kind in ('images', 'labels'):
                target = root / split / kind / drive / f'{frame}.png'
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes((root / kind / drive / f'{frame}.png').read_bytes())
    problems = inspect_splits(_splits(root)).problems
    assert "drive 'may' is in train and in calibration, expected it in one" in ' '.join(problems)
    assert 'calibration has 1 frames, expected 2 or more' in problems


def test_one_class_everywhere(root: Path) -> None:
    for frame in range(3):
        write(root / 'labels' / 'may' / f'{frame}.png', 1)
    assert _problem(root) == "train: every labelled pixel is 'crop', expected two classes or more"
    for frame in range(3):
        write(root / 'labels' / 'may' / f'{frame}.png', 9)
    assert _problem(root) == 'train: no pixel has a class, all are ignored, expected two classes or more'


def test_what_may_be_meant_is_a_note(root: Path) -> None:
    write(root / 'labels' / 'june' / '0.png', 9)
    assert inspect_splits(_splits(root)).notes == (
        'calibration: frames without any labelled pixel teach nothing: june/0',
    )
    for path in (root / 'labels').rglob('*.png'):
        write(path, np.tile(np.asarray([0, 1], np.uint8), (4, 3)))
    assert inspect_splits(_splits(root)).notes == ('no pixel is ignored: right if every pixel has a class',)


def test_several_problems_are_counted_in_one_line(root: Path) -> None:
    for frame in range(2):
        (root / 'labels' / 'may' / f'{frame}.png').unlink()
    with pytest.raises(ConfigError, match=r'may/0\.png: not found.* \(1 more problems; training/inspect_data'):
        check_data(_splits(root))


def test_the_program_prints_tables_and_problems_and_writes_a_sheet(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = [f'--config={PROJECT}/training/configs/smoke.yaml', f'--data.root={root}', '--data.dataset=folder']
    options += ['--data.val=["july"]', '--data.holdout=["june"]', '--student.num_classes=2', f'--run={tmp_path}/run']
    assert inspect_data(options) == 0
    said = capsys.readouterr().out
    assert '6x4 (3)' in said and 'crop' in said and '0 problems' in said
    assert (tmp_path / 'run' / 'inspection' / 'contact_sheet.jpg').is_file()
    (root / 'labels' / 'may' / '0.png').unlink()
    assert inspect_data(options) == 1
    assert 'problem: ' in (said := capsys.readouterr().out) and 'may/0.png: not found' in said
