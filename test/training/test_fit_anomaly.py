# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An anomaly score fitted to a model folder, from frames to files and back."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from support.model_folder import edit_card
from support.tiny_frames import TINY_CLASSES
from training.comparison.evaluate_args import parse_args as parse_evaluation
from training.data.labelled_files import read_rgb
from training.evaluate import evaluate
from training.fit_anomaly import fit, parse_args
from uncd_ros.errors import UncdError
from uncd_ros.model.card import ANOMALY, WEIGHTS
from uncd_ros.model.store import load_model, save_model


def _options(data: Path, out: Path) -> list[str]:
    return [
        *('--dataset', 'camvid', '--data', f'{data}/camvid', '--holdout', 's2', '--drivable', *TINY_CLASSES),
        *('--anomaly', f'noise={data}/unknown', '--out', str(out)),
    ]


@pytest.fixture(scope='module')
def old(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, with limits in its document."""
    folder = shutil.copytree(tiny_model, tmp_path_factory.mktemp('old') / 'tiny')
    model = load_model(folder)
    save_model(folder, model.student, model.card, '# tiny\n\n## Limits\n\n- Knows nothing.\n')
    return folder


@pytest.fixture(scope='module')
def fitted(old: Path, tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp('fitted') / 'tiny'
    fit(parse_args([str(old), *_options(tiny_data, out)]))
    return out


def test_the_folder_holds_the_score_and_its_evidence(fitted: Path, old: Path) -> None:
    card = load_model(fitted).card
    assert card.anomaly is not None and card.anomaly.drivable == tuple(TINY_CLASSES)
    assert card.anomaly.calibration_data.sequences == ('s2',) and card.anomaly.calibration_data.images == 3
    best = next(iter(card.anomaly.selection.figures))
    assert card.anomaly.selection.reason.startswith(f'{best} is best by AP - FPR95')
    assert set(card.anomaly.selection.figures[best]) == {'noise_ap', 'noise_fpr95'}
    assert card.files[WEIGHTS] == load_model(old).card.files[WEIGHTS]
    document = (fitted / 'MODEL_CARD.md').read_text()
    assert document.count('## Unknown objects') == 1 and document.endswith('## Limits\n\n- Knows nothing.\n')


def test_nominal_pixels_are_spread_evenly_over_the_levels(fitted: Path, tiny_data: Path) -> None:
    model = load_model(fitted)
    assert model.card.anomaly is not None
    score, levels = model.card.anomaly.score, []
    for path in sorted((tiny_data / 'camvid' / 'train').glob('s2_*')):
        with torch.no_grad():
            output = model.student(model.student.preprocess(torch.from_numpy(read_rgb(path))[None]), coarse='all')
        assert output.coarse is not None
        levels.append(score.levels(score.score(output.coarse)).numpy())
    assert np.concatenate(levels).mean() == pytest.approx(127.5, abs=8)
    assert (np.concatenate(levels) >= 230).mean() == pytest.approx(0.1, abs=0.04)


def test_it_may_be_fitted_again_and_is_evaluated_beside_its_parts(
    fitted: Path, tiny_data: Path, tmp_path: Path
) -> None:
    fit(parse_args([str(fitted), *_options(tiny_data, tmp_path / 'again')]))
    assert (tmp_path / 'again' / 'MODEL_CARD.md').read_text().count('## Unknown objects') == 1
    options = ['--dataset', 'camvid', '--data', f'{tiny_data}/camvid', '--anomaly', f'noise={tiny_data}/unknown']
    evaluate(parse_evaluation([str(fitted), *options, '--device', 'cpu', '--out', str(tmp_path / 'report')]))
    scores = json.loads((tmp_path / 'report' / 'report.json').read_text())['anomaly']['noise']['score']
    assert next(iter(scores)) == 'served' and {'energy', 'msp'} < set(scores)


@pytest.mark.parametrize(
    ('options', 'named'),
    [
        (['--drivable', 'water'], '--drivable water: no class of the model'),
        (['--anomaly', 'a=nowhere'], 'nowhere/images: no images'),
        (['--holdout', 's9'], "data.holdout is ['s9']"),
    ],
)
def test_a_mistake_is_one_line(options: list[str], named: str, old: Path, tiny_data: Path, tmp_path: Path) -> None:
    with pytest.raises(UncdError) as refused:
        fit(parse_args([str(old), *_options(tiny_data, tmp_path / 'out'), *options]))
    assert named in str(refused.value) and '\n' not in str(refused.value)
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('damage', ['missing', 'cut', 'unnamed'])
def test_a_damaged_score_is_refused(damage: str, fitted: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(fitted, tmp_path / 'damaged')
    if damage == 'missing':
        (folder / ANOMALY).unlink()
    elif damage == 'cut':
        (folder / ANOMALY).write_bytes((folder / ANOMALY).read_bytes()[:-9])
    else:
        edit_card(folder, lambda card: card['files'].pop(ANOMALY))
    with pytest.raises(UncdError, match=ANOMALY):
        load_model(folder)
