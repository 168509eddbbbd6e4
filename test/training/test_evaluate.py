# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a model folder to a report, on data and networks that the tests make."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import cv2
import pytest

from support.model_folder import edit_card
from support.tiny_frames import TINY_CLASSES
from training.comparison.evaluate_args import parse_args
from training.comparison.methods import METRICS
from training.evaluate import evaluate


@pytest.fixture(scope='module')
def report(tiny_data: Path, tiny_run: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report with everything in it."""
    out = tmp_path_factory.mktemp('out') / 'report'
    (tiny_run / 'sweeps').mkdir()
    (tiny_run / 'sweeps' / 'four.md').write_text('## Sweep\n\nThe paper against four others.\n')
    options = [
        *('--dataset', 'camvid', '--data', f'{tiny_data}/camvid', '--split', 'val', 'train/s2'),
        *('--ood', f'strange={tiny_data}/strange', '--weather', 'heavy_rain'),
        *('--shift', f'shifted={tiny_data}/shift:classes.json'),
        *('--anomaly', f'noise={tiny_data}/unknown', '--drivable', *TINY_CLASSES),
        *('--teacher', str(tiny_run), '--baseline', str(tiny_run), '--device', 'cpu', '--out', str(out)),
    ]
    evaluate(parse_args([str(tiny_model), *options]))
    return out


@pytest.fixture(scope='module')
def content(report: Path) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f'{constant} is not JSON')

    found: dict[str, Any] = json.loads((report / 'report.json').read_text(), parse_constant=refuse)
    return found


def test_the_keys_that_other_tools_rely_on(content: dict[str, Any]) -> None:
    assert content['data']['name'] == 'camvid' and content['data']['split'] == 'val'
    assert content['data']['images'] == 5 and content['data']['sequences'] == ['s1']
    for block in (content, content['teacher'], content['baseline'], content['splits']['train/s2']):
        assert {'miou', 'pixel_accuracy'} < set(block['segmentation'])
        assert set(block['segmentation']['per_class']) == set(TINY_CLASSES)
        assert set(block['segmentation']['per_class'][TINY_CLASSES[0]]) == {'iou', 'mean_uncertainty'}
        assert set(block['calibration']) == {'ece', 'nll', 'brier', 'confidence_ece'}
        assert {'served', 'uncertainty', 'entropy', 'softmax', 'maxlogit'} <= set(block['error_detection'])
        assert set(block['error_detection']['served']) == {'auroc', 'aupr', 'fpr95', 'aurc'}
        assert {'p_accurate_certain', 'p_uncertain_inaccurate'} < set(block)
        assert {'dropped', 'miou'} < set(block['retention'][0])
        assert {'served', 'mean', 'median', 'median_min_over_max', 'maxlogit'} < set(
            block['image_ood']['strange']['auroc']
        )
        assert block['image_ood']['strange']['images'] == 3
        assert block['shift']['shifted']['images'] == 2 and 0 <= block['shift']['shifted']['miou'] <= 1
        assert 'false_alarm' in block
    assert set(content['cost']) == {
        'student_ms', 'plain_ms', 'members_ms', 'members', 'student_over_plain', 'members_over_plain',
    }  # fmt: skip
    for block in (content, content['splits']['train/s2']):  # a split is compared with its own frames in bad weather
        images = block['data']['images']
        assert block['shift']['heavy_rain']['images'] == block['image_ood']['heavy_rain']['images'] == images
    assert {'target', 'observed', 'ci95', 'by_sequence'} < set(content['false_alarm'])
    assert set(content['false_alarm']['by_sequence']) == {'s1'}


def test_unknown_objects_have_keys_for_every_network(content: dict[str, Any]) -> None:
    for block in (content, content['teacher'], content['baseline']):
        noise = block['anomaly']['noise']
        assert set(noise) == {'images', 'score', 'components', 'drivable'} and noise['images'] == 3
        assert set(noise['drivable']) == {'share', 'score', 'components'} and 0 < noise['drivable']['share'] <= 1
        stds = set() if block is content['baseline'] else {'mean_std', 'predicted_std'}
        assert set(noise['score']) == set(noise['components']) == {'msp', 'entropy', 'neg_max_logit', 'energy'} | stds
        for region in (noise, noise['drivable']):
            assert set(region['score']['energy']) == {'ap', 'auroc', 'fpr95'}
            assert set(region['components']['energy']) == {'threshold', 'siou', 'ppv', 'f1'}
    assert 'anomaly' not in content['splits']['train/s2']


def test_equal_members_do_not_disagree(content: dict[str, Any]) -> None:
    teacher, baseline = content['teacher'], content['baseline']
    assert all(each['mean_uncertainty'] == 0.0 for each in teacher['segmentation']['per_class'].values())
    assert teacher['error_detection']['uncertainty']['auroc'] == 0.5
    assert teacher['segmentation']['miou'] == pytest.approx(baseline['segmentation']['miou'])
    assert teacher['calibration']['nll'] == pytest.approx(baseline['calibration']['nll'], rel=1e-4)
    assert content['spearman_to_teacher'] == {'mean_std': None, 'predicted_std': None}


def test_a_single_net_has_no_std_and_the_rule_is_the_students_alone(content: dict[str, Any]) -> None:
    assert content['served'] == 'predicted_std' and content['baseline']['served'] == 'entropy'
    assert content['baseline']['error_detection']['uncertainty']['auroc'] is None
    assert content['baseline']['segmentation']['per_class'][TINY_CLASSES[0]]['mean_uncertainty'] is None
    assert content['baseline']['false_alarm'] is None
    assert content['teacher']['image_ood']['strange']['alarm_rate'] is None


def test_only_the_student_has_a_reference_and_a_confidence(content: dict[str, Any]) -> None:
    assert 0.0 <= content['image_ood']['strange']['auroc']['mahalanobis'] <= 1.0
    assert 0.0 <= content['calibration']['confidence_ece'] <= 1.0
    for rival in ('teacher', 'baseline'):
        assert content[rival]['image_ood']['strange']['auroc']['mahalanobis'] is None
        assert content[rival]['calibration']['confidence_ece'] is None


def test_temperature_scaling_leaves_the_labels_alone_and_fits_better(content: dict[str, Any]) -> None:
    plain, scaled = content['baseline'], content['baseline_scaled']
    assert scaled['segmentation']['miou'] == plain['segmentation']['miou']
    held_out = content['splits']['train/s2']
    assert held_out['baseline_scaled']['calibration']['nll'] <= held_out['baseline']['calibration']['nll'] + 1e-3


def test_the_report_is_whole(report: Path) -> None:
    text, page = (report / 'report.md').read_text(), (report / 'report.html').read_text()
    assert 'How good is tiny?' in text and 'nan' not in text
    assert '<table>' in page and '>Sweep</h2>' in page and 'The paper against four others.' in text
    figures = {path.name for path in (report / 'figures').glob('*.png')}
    assert len(figures) == 10
    for name in figures:
        assert f'(figures/{name})' in text and f'src="figures/{name}"' in page
        picture = cv2.imread(str(report / 'figures' / name))
        assert picture.std() > 5 and min(picture.shape[:2]) > 200
    assert sum(path.stat().st_size for path in report.rglob('*.*')) < 5_000_000


def test_every_other_frame(tiny_data: Path, tiny_model: Path, tmp_path: Path) -> None:
    options = ['--dataset', 'camvid', '--data', f'{tiny_data}/camvid', '--every', '2', '--device', 'cpu']
    evaluate(parse_args([str(tiny_model), *options, '--ood', f'strange={tiny_data}/strange', '--out', str(tmp_path)]))
    content = json.loads((tmp_path / 'report.json').read_text())
    assert content['data']['images'] == 3 and content['data']['every'] == 2
    assert content['image_ood']['strange']['images'] == 2
    assert content['shift'] == {} and 'teacher' not in content
    assert math.isfinite(content['image_ood']['strange']['auroc']['served'])


def test_frames_that_calibrated_the_model_are_not_judged_by_their_own_threshold(
    tiny_data: Path, tiny_model: Path, tmp_path: Path
) -> None:
    """Unless the student was trained on them as well, when others like it have set the threshold (cross-fitting)."""
    model = shutil.copytree(tiny_model, tmp_path / 'model')
    edit_card(model, lambda card: card['calibration_data'].update(dataset='camvid', sequences=['s1', 's2']))
    edit_card(model, lambda card: card['provenance']['config'].update(data={'dataset': 'camvid', 'holdout': ['s2']}))
    options = ['--dataset', 'camvid', '--data', f'{tiny_data}/camvid', '--device', 'cpu']
    options += ['--split', 'val', 'train/s2', 'train/s1']
    evaluate(parse_args([str(model), *options, '--out', str(tmp_path / 'report')]))
    text = (tmp_path / 'report' / 'report.md').read_text()
    splits = json.loads((tmp_path / 'report' / 'report.json').read_text())['splits']
    assert 'selected on s2' in text and '`train/s2` are mildly optimistic' in text
    assert 'the threshold that the rest sets' in text
    assert {name: split['false_alarm']['is_held_out'] for name, split in splits.items()} == {
        'train/s2': True,
        'train/s1': False,
    }
    assert 'The student was trained on frames of s1' in text


def test_a_model_alone(tiny_data: Path, tiny_model: Path, tmp_path: Path) -> None:
    evaluate(
        parse_args([str(tiny_model), '--dataset', 'camvid', '--data', f'{tiny_data}/camvid', '--out', str(tmp_path)])
    )
    assert json.loads((tmp_path / 'report.json').read_text())['image_ood'] == {}


def test_a_comparison_finds_every_metric(content: dict[str, Any]) -> None:
    for network in (content, content['teacher'], content['baseline'], content['splits']['train/s2']):
        for name, metric in METRICS.items():
            value = metric.read(network)
            assert value is None or math.isfinite(value)
            if name not in ('dsc', 'mcc', 'munc'):
                assert value is not None, name
    assert content['segmentation']['munc'] is not None and content['baseline']['segmentation']['munc'] is None
