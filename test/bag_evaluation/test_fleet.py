# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several bags: each has the report that it has alone, and one table has them all."""

import json
from pathlib import Path

import pytest

pytest.importorskip('rosbags', reason='reads and writes bags')

from support.bag_makers import camera_bag, evaluate_bag
from uncd_ros.evaluate_bag import main


@pytest.fixture
def drives(tmp_path: Path) -> list[Path]:
    """Two drives, and between them a bag that cannot be read."""
    (tmp_path / 'bad|drive').mkdir()
    return [camera_bag(tmp_path / 'first drive', 3), tmp_path / 'bad|drive', camera_bag(tmp_path / 'last', 2, first=5)]


def test_a_damaged_bag_is_named_and_the_others_are_evaluated(
    drives: list[Path], tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'fleet'
    options = ['--model', str(tiny_model), '--device', 'cpu', '--out', str(out), '--write-bag', str(tmp_path / 'new')]
    assert main([*map(str, drives), *options]) == 1
    assert f'not evaluated: {drives[1]}: no .mcap or .db3 file' in capsys.readouterr().out
    fleet = json.loads((out / 'fleet.json').read_text())
    assert [(bag['name'], bag['images']) for bag in fleet['bags']] == [('first drive', 3), ('last', 2)]
    assert fleet['total']['images'] == 5 and list(fleet['failed']) == ['bad|drive']
    assert 'href="first%20drive/report.html"' in (out / 'fleet.html').read_text()
    assert (tmp_path / 'new' / 'last').is_dir()
    alone = evaluate_bag(drives[2], tiny_model, tmp_path / 'alone')
    assert json.loads((out / 'last' / 'report.json').read_text()) == alone


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--events', 'events.csv'], '--events is for one bag without --ray, got 2 bags'),
        (['--live', '1'], '--live is for one bag without --ray, got 2 bags'),
        (['elsewhere/last'], "2 bags have the name 'last', expected another for each"),
        (['--model', 'nowhere'], 'nowhere'),
    ],
)
def test_what_several_bags_cannot_have_is_one_line(
    drives: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    assert main([str(drives[0]), str(drives[2]), *options, '--out', str(tmp_path / 'out')]) == 1
    said = capsys.readouterr().err
    assert message in said and said.count('\n') == 1
    assert not (tmp_path / 'out').exists()
