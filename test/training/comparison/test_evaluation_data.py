# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an evaluation looks at, and what the model has seen of it before."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from support.datasets import open_tiny
from support.model_folder import edit_card
from training.comparison.evaluate_args import parse_args
from training.comparison.evaluation_data import Weathered, calibration_frames
from training.data.augment import WEATHER
from training.evaluate import evaluate
from training.run.run_folder import load_run


def test_what_the_model_saw_before_is_said(tiny_data: Path, tiny_model: Path, tmp_path: Path) -> None:
    model = shutil.copytree(tiny_model, tmp_path / 'model')
    edit_card(model, lambda card: card['calibration_data'].update(dataset='camvid', sequences=['s2']))
    config = {'data': {'dataset': 'camvid', 'holdout': ['s2']}}
    edit_card(model, lambda card: card['provenance'].update(config=config))
    wish = parse_args([str(model), '--dataset', 'camvid', '--split', 'val', 'train/s2', '--out', str(tmp_path / 'out')])
    evaluate(replace(wish, data=tiny_data / 'camvid'))
    content = json.loads((tmp_path / 'out' / 'report.json').read_text())
    assert content['data']['seen_in_training'] == ['s1']
    assert content['splits']['train/s2']['data']['seen_in_calibration'] == ['s2']
    text = (tmp_path / 'out' / 'report.md').read_text()
    assert 'trained on frames of s1' in text and 'selected on s2' in text


def test_a_single_net_is_calibrated_on_the_holdout_or_on_what_it_left_out(tiny_data: Path, tiny_run: Path) -> None:
    args = parse_args(['street', '--dataset', 'camvid', '--data', f'{tiny_data}/camvid', '--out', 'out'])
    run = load_run(tiny_run)
    assert set(calibration_frames(args, run).sequences) == {'s2'}
    folds = replace(
        run,
        data=replace(run.data, holdout=()),
        members=(replace(run.members[0], exclude_sequences=('s1',)), run.members[1]),
    )
    assert set(calibration_frames(args, folds).sequences) == {'s1'}


@pytest.mark.parametrize('name', list(WEATHER))
def test_weather_changes_the_image_the_same_way_each_time_and_the_labels_never(name: str, tiny_data: Path) -> None:
    clear = open_tiny('camvid', tiny_data / 'camvid').split('val')
    frames = Weathered.of(clear, WEATHER[name]())
    assert (len(frames), frames.sequences) == (5, clear.sequences)
    once, again = frames[2], frames[2]
    np.testing.assert_array_equal(once.image, again.image)
    np.testing.assert_array_equal(once.labels, clear[2].labels)
    assert once.image.dtype == np.uint8 and once.image.shape == clear[2].image.shape
    assert np.abs(once.image.astype(int) - clear[2].image).mean() > 3
