# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every objective with every teacher, from frames of noise to a model folder that the robot loads."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from support.project import PROJECT
from support.tiny_frames import noise_streets
from training import distill as program
from training.data.splits import Splits
from training.run.distill_settings import OBJECTIVE_SETTINGS
from training.run.settings import parse_settings
from training.teaching.objectives import OBJECTIVES
from training.teaching.teachers import TEACHERS
from uncd_ros.errors import ConfigError
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model

PLANS = {
    'ensemble': '--members=[{seed: 1, epochs: 1, batch_size: 2}, {seed: 2, epochs: 1, batch_size: 2}]',
    'mc_dropout': '--members=[{seed: 1, epochs: 1, batch_size: 2}]',
    'swag': '--members=[{seed: 1, epochs: 5, batch_size: 4, lr_floor: 0.5}]',
}
SMALL = ('--student.input_height=48', '--student.input_width=64', '--crop=[48, 64]')


def _distil(run: Path, teacher: str, objective: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = noise_streets(48, 64)
    monkeypatch.setattr(
        program, 'load_splits', lambda *_: Splits(train=frames, calibration=noise_streets(48, 64), val=frames)
    )
    options = [f'--teacher.kind={teacher}', '--teacher.samples=2', PLANS[teacher], f'--distill.objective={objective}']
    fit = '--student_fit={seed: 20, epochs: 1, batch_size: 2}'
    config = f'--config={PROJECT}/training/configs/smoke.yaml'
    program.distill(parse_settings([config, fit, f'--run={run}', *SMALL, *options]))


@pytest.mark.parametrize('objective', OBJECTIVES)
@pytest.mark.parametrize('teacher', TEACHERS)
def test_a_student_of_any_method_loads_as_any_other(
    teacher: str, objective: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _distil(tmp_path, teacher, objective, monkeypatch)
    model = load_model(tmp_path / 'model')
    known = OBJECTIVES[objective].uncertainties
    spec = model.card.uncertainty
    assert spec.candidates == known and set(model.card.uncertainty_selection.figures) == set(known)
    assert known[spec.name] in (tmp_path / 'model' / 'MODEL_CARD.md').read_text()
    prediction = Predictor(model, device='cpu').predict(np.zeros((48, 64, 3), np.uint8), confidence=True)
    assert prediction.uncertainty.min() >= 0.0 and prediction.labels.shape == (48, 64)
    # The report shows a teacher of any kind like an ensemble, and the networks by themselves.
    report = json.loads((tmp_path / 'report.json').read_text())
    of_teacher = next(a for a in report['assessments'] if (a['split'], a['network']) == ('val', 'teacher'))
    assert 'predicted_std' in of_teacher['error_auroc']
    ensemble = json.loads((tmp_path / 'ensemble.json').read_text())
    assert len(ensemble['miou']) == 2 and ensemble['disagreement'] is not None
    assert model.card.provenance.teacher_networks == 2


def test_a_setting_that_the_objective_does_not_heed_is_refused() -> None:
    config = f'--config={PROJECT}/training/configs/smoke.yaml'
    for objective, heeded in OBJECTIVE_SETTINGS.items():
        option = [config, f'--distill.objective={objective}', '--distill.temperature=2.0']
        if 'temperature' in heeded:
            assert parse_settings(option).distill.temperature == 2.0
        else:
            with pytest.raises(ConfigError, match=rf'distill\.temperature is 2\.0, but the loss of {objective} has no'):
                parse_settings(option)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--teacher.kind=swag'], 'members are 2 with teacher.kind swag, expected 1'),
        (['--teacher.samples=1'], 'teacher.samples is 1, expected 2 or more'),
        (['--distill.objective=end_crd', '--distill.cross_fit=true'], 'cross_fit is true with objective end_crd'),
        (['--distill.start=initial', '--distill.reinit_head=false'], 'distill.start is initial with reinit_head false'),
        (['--distill.objective=best'], 'best'),
    ],
)
def test_what_does_not_go_together_is_one_line(options: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_settings([f'--config={PROJECT}/training/configs/smoke.yaml', *options])
    assert message in str(refused.value) and '\n' not in str(refused.value)


def test_a_stored_model_without_a_std_does_not_serve_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _distil(tmp_path, 'mc_dropout', 'end_kl', monkeypatch)
    spec = load_model(tmp_path / 'model').card.uncertainty
    with pytest.raises(ConfigError, match=r"uncertainty\.name is 'mean_std', expected one of .*: entropy, msp"):
        replace(spec, name='mean_std', upper=0.5)
