# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Runs side by side: what is one row, what its figures are, and what cannot be compared."""

import json
import statistics
from pathlib import Path
from typing import Any

import cv2
import pytest

from support.project import PROJECT
from training.compare import compare, parse_args
from training.comparison.methods import METRICS
from training.run.run_folder import claim_student
from training.run.settings import parse_settings
from uncd_ros.errors import ConfigError

CONFIG = f'--config={PROJECT}/training/configs/smoke.yaml'


def _block(miou: float, **segmentation: Any) -> dict[str, Any]:
    """What a report says of one network."""
    per_class = {'road': {'iou': miou, 'mean_uncertainty': 0.1}, 'sky': {'iou': miou, 'mean_uncertainty': 0.1}}
    labelling = {'miou': miou, 'dsc': None, 'mcc': None, 'munc': 0.01, 'threshold': None, 'per_class': per_class}
    return {
        'segmentation': {**labelling, **segmentation},
        'calibration': {'ece': 0.1, 'nll': 0.5, 'brier': 0.3},
        'error_detection': {'served': {'auroc': 0.8, 'aurc': 0.02}},
        'p_accurate_certain': 0.9,
        'p_uncertain_inaccurate': 0.7,
        'patches': {'pavpu': 0.8},
        'retention': [{'dropped': 0.0, 'miou': miou}, {'dropped': 0.1, 'miou': miou + 0.1}],
        'image_ood': {'rain': {'auroc': {'served': 0.9}}, 'fog': {'auroc': {'served': 1.0}}},
        'milliseconds': 12.0,
    }


def _run(folder: Path, miou: float, *options: str, split: str = 'val', **others: Any) -> Path:
    """A run folder with an evaluation of its student."""
    claim_student(parse_settings([CONFIG, f'--run={folder}', *options]))
    data = {'name': 'street', 'split': split, 'images': 4, 'sequences': ['s1'], 'every': 1}
    report = {'model': {'weights_sha256': 'abc'}, 'data': data, **_block(miou), **others}
    (folder / 'evaluation').mkdir()
    (folder / 'evaluation' / 'report.json').write_text(json.dumps(report))
    return folder


def _compare(out: Path, *runs: Path) -> dict[str, Any]:
    compare(parse_args([*map(str, runs), '--out', str(out)]))
    content: dict[str, Any] = json.loads((out / 'comparison.json').read_text())
    return content


def test_runs_that_differ_in_seeds_are_one_row(tmp_path: Path) -> None:
    members = '--members=[{seed: 7, epochs: 4, lr: 3.0e-3}, {seed: 8, epochs: 4, lr: 5.0e-2, optimizer: sgd}]'
    fit = '--student_fit={{seed: {}, epochs: 4, lr: 3.0e-3}}'
    runs = [
        _run(tmp_path / 'a', 0.50, teacher=_block(0.6), baseline=_block(0.4)),
        _run(tmp_path / 'b', 0.60, fit.format(21), teacher=_block(0.6), baseline=_block(0.4)),
        _run(tmp_path / 'c', 0.55, '--distill.objective=end_kl'),
        _run(tmp_path / 'd', 0.52, '--distill.objective=end_kl', '--distill.temperature=2.0'),
        _run(tmp_path / 'e', 0.70, fit.format(20), members),
    ]
    content = _compare(tmp_path / 'out', *runs)
    assert content['data']['split'] == 'val'
    methods = content['methods']
    assert list(methods) == [
        'holder, ensemble of 2, members.1.weight_decay 0.0001',
        'end_kl, ensemble of 2, distill.temperature 1.0',
        'end_kl, ensemble of 2, distill.temperature 2.0',
        'holder, ensemble of 2, members.1.weight_decay 0.01',
        'teacher: ensemble of 2',
        'single net',
    ]
    first, teacher = methods['holder, ensemble of 2, members.1.weight_decay 0.0001'], methods['teacher: ensemble of 2']
    assert first['runs'] == [str(tmp_path / 'a'), str(tmp_path / 'b')]
    assert first['metrics']['miou']['mean'] == pytest.approx(0.55)
    assert first['metrics']['miou']['std'] == pytest.approx(statistics.stdev([0.5, 0.6]))
    assert first['metrics']['ood_auroc']['mean'] == pytest.approx(0.95)
    assert first['retention'][1] == {'dropped': 0.1, 'miou': pytest.approx([0.6, 0.7])}
    # Both runs have the same teacher: it counts once.
    assert len(teacher['runs']) == 1 and teacher['metrics']['miou'] == {'mean': 0.6, 'std': None, 'values': [0.6]}
    assert 'dsc' not in first['metrics']
    text = (tmp_path / 'out' / 'comparison.md').read_text()
    assert '0.550 ± 0.071' in text and 'DSC' not in text.split('Each row')[0]
    assert '<table>' in (tmp_path / 'out' / 'comparison.html').read_text()
    for name in ('metrics', 'retention'):
        picture = cv2.imread(str(tmp_path / 'out' / 'figures' / f'{name}.png'))
        assert picture.std() > 5 and min(picture.shape[:2]) > 200


def test_two_classes_have_dsc_and_mcc(tmp_path: Path) -> None:
    run = _run(tmp_path / 'a', 0.5, segmentation=_block(0.5, dsc=0.81, mcc=0.78)['segmentation'])
    (method,) = _compare(tmp_path / 'out', run)['methods'].values()
    assert method['metrics']['dsc']['mean'] == 0.81 and method['metrics']['mcc']['mean'] == 0.78


def test_what_cannot_be_compared_is_one_line(tmp_path: Path) -> None:
    good, other_split = _run(tmp_path / 'good', 0.5), _run(tmp_path / 'train', 0.5, split='train')
    other_classes = _block(0.5)['segmentation'] | {'per_class': {'vessel': {}}}
    strange, calm = _run(tmp_path / 'strange', 0.5, segmentation=other_classes), _run(tmp_path / 'c', 0.5, image_ood={})
    bare = tmp_path / 'bare'
    claim_student(parse_settings([CONFIG, f'--run={bare}']))
    broken, foreign = _run(tmp_path / 'broken', 0.5), _run(tmp_path / 'foreign', 0.5)
    (broken / 'evaluation' / 'report.json').write_text('{')
    (foreign / 'evaluation' / 'report.json').write_text('{"assessments": []}')
    for run, message in (
        (tmp_path / 'nowhere', 'nowhere: no run, expected a folder with student.json'),
        (
            other_split,
            'train: the data it was evaluated on are street train, 4 images of s1, expected street val, 4',
        ),
        (strange, 'strange: classes are vessel, expected road, sky as in'),
        (calm, 'out-of-distribution sets are none, expected fog, rain'),
        (
            bare,
            'bare/evaluation/report.json: not found, expected the report of this run; evaluate it by: ',
        ),
        (broken, 'report.json: not JSON'),
        (foreign, "report.json: no 'data', expected a report as training/evaluate.py writes"),
    ):
        with pytest.raises(ConfigError) as refused:
            _compare(tmp_path / 'out', good, run)
        assert message in str(refused.value) and '\n' not in str(refused.value)
    assert not (tmp_path / 'out').exists()


def test_a_report_of_another_student_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    run = _run(tmp_path / 'run', 0.5)
    (run / 'model').symlink_to(tiny_model)
    with pytest.raises(ConfigError, match=r'about weights abc, expected .* evaluate it again'):
        _compare(tmp_path / 'out', run)


def test_nothing_to_compare_is_one_line() -> None:
    with pytest.raises(ConfigError) as refused:
        parse_args(['--out', 'out'])
    assert '\n' not in str(refused.value)


def test_every_metric_has_a_title_of_its_own() -> None:
    assert len({metric.title for metric in METRICS.values()}) == len(METRICS)
