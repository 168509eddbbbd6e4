# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What evaluate.py is told: each mistake is one line, and nothing is judged or written before it."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.project import PROJECT
from training.comparison.evaluate_args import parse_args
from training.evaluate import evaluate
from uncd_ros.errors import UncdError


@pytest.mark.parametrize(
    ('extra', 'named'),
    [
        (['--colour', 'red'], 'colour'),
        (['--every', '0'], 'every'),
        (['--split', 'test'], 'test: no images'),
        (['--split', 'val/s9'], "no sequence 's9'"),
        (['--dataset', 'street'], 'street has the classes'),
        (['--ood', 'nowhere'], 'expected NAME=PATH'),
        (['--ood', 'a=nowhere'], 'nowhere: not found'),
        (['--ood', 'a=x', 'a=y'], 'each name once'),
        (['--ood', 'a=x', '--shift', 'a=y:z'], 'a is the name of two sets'),
        (['--shift', 'a={data}/shift'], 'expected NAME=FOLDER:classes.json'),
        (['--shift', 'a={data}/shift:none.json'], 'none.json: cannot be read'),
        (['--shift', 'a={data}/shift:../camvid/classes.json'], 'by from_camvid, expected 1'),
        (['--weather', 'hail'], 'hail'),
        (['--weather', 'heavy_rain', '--ood', 'heavy_rain=x'], 'heavy_rain is the name of two sets'),
        (['--anomaly', 'nowhere'], 'expected NAME=PATH'),
        (['--anomaly', 'a=nowhere'], 'nowhere/images: no images'),
        (['--anomaly', 'a/b=x'], '--anomaly a/b=…: expected a name of letters'),
        (['--anomaly', 'a={data}/unknown', '--drivable', 'water'], '--drivable water: no class of the model, expected'),
        (['--teacher', '{data}'], 'no run folder'),
        (['--baseline', '{data}'], 'no run folder'),
        (['--device', 'abacus'], 'abacus'),
        (['--out', '{data}/camvid/classes.json'], 'no folder can be made there'),
    ],
)
def test_a_mistake_is_one_line_that_names_it(
    extra: list[str], named: str, tiny_data: Path, tiny_model: Path, tmp_path: Path
) -> None:
    options = ['--dataset', 'camvid', '--data', f'{tiny_data}/camvid', '--out', str(tmp_path / 'out')]
    with pytest.raises(UncdError) as refused:
        evaluate(parse_args([str(tiny_model), *options, *(each.format(data=tiny_data) for each in extra)]))
    assert named in str(refused.value) and '\n' not in str(refused.value)
    assert not (tmp_path / 'out').exists()


def test_a_mistake_ends_the_program_with_one_line(tmp_path: Path) -> None:
    command = [sys.executable, 'training/evaluate.py', 'nowhere', '--dataset', 'camvid', '--out', str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: model 'nowhere' not found") and done.stderr.count('\n') == 1
