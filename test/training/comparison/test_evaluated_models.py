# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who takes part: a run that is none, or not of this model, is refused in one line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from training.comparison.evaluate_args import parse_args
from training.evaluate import evaluate
from uncd_ros.errors import UncdError


@pytest.mark.parametrize(
    ('damage', 'named'),
    [
        (lambda run: (run / 'member01.safetensors').unlink(), 'member01.safetensors: not found'),
        (lambda run: (run / 'member01.safetensors').write_bytes(b'x'), 'member01.safetensors: not a safetensors file'),
        (lambda run: (run / 'config.json').write_text('{"name": "x"}'), 'config.json'),
        (lambda run: _rewrite(run, epochs=3), 'plan.epochs was 1, is 3'),
        (lambda run: _rewrite(run, classes=7), 'networks of 7 classes, expected 5'),
    ],
)
def test_a_run_that_is_none_is_refused(
    damage: Callable[[Path], object], named: str, tiny_run: Path, tiny_data: Path, tiny_model: Path, tmp_path: Path
) -> None:
    broken = shutil.copytree(tiny_run, tmp_path / 'run')
    damage(broken)
    options = ['--dataset', 'camvid', '--data', f'{tiny_data}/camvid', '--out', str(tmp_path / 'out')]
    with pytest.raises(UncdError) as refused:
        evaluate(parse_args([str(tiny_model), *options, '--teacher', str(broken)]))
    assert named in str(refused.value) and '\n' not in str(refused.value)


def _rewrite(run: Path, epochs: int = 1, classes: int = 5) -> None:
    config = json.loads((run / 'config.json').read_text())
    config['student']['num_classes'] = classes
    for member in config['members']:
        member['epochs'] = epochs
    (run / 'config.json').write_text(json.dumps(config))
