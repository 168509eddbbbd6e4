# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report of a student of any method: not all are taught the paper's uncertainty."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from training.comparison.evaluate_args import parse_args
from training.evaluate import evaluate
from training.teaching.objectives import OBJECTIVES
from uncd_ros.model.card import DOCUMENT, UncertaintySpec
from uncd_ros.model.store import load_model, save_model
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES, STDS


@pytest.mark.parametrize('objective', OBJECTIVES)
def test_a_student_of_every_method_has_a_report(
    objective: str, tiny_data: Path, tiny_run: Path, tiny_model: Path, tmp_path: Path
) -> None:
    model, taught = load_model(tiny_model), dict(OBJECTIVES[objective].uncertainties)
    spec = UncertaintySpec(name='msp', upper=PIXEL_UNCERTAINTIES['msp'].upper, candidates=taught)
    card = replace(model.card, uncertainty=spec)
    save_model(tmp_path / 'model', model.student, card, (tiny_model / DOCUMENT).read_text())
    options = ['--dataset', 'camvid', '--data', f'{tiny_data}/camvid', '--device', 'cpu', '--teacher', str(tiny_run)]
    evaluate(parse_args([str(tmp_path / 'model'), *options, '--out', str(tmp_path / 'report')]))
    report = json.loads((tmp_path / 'report' / 'report.json').read_text())
    assert set(report['spearman_to_teacher']) == taught.keys() & set(STDS)
    page = (tmp_path / 'report' / 'report.html').read_text()
    assert ('Student against teacher' in page) is ('mean_std' in taught)
