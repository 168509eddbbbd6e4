# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is exported gives the node's results, in this package and without it, and says how well."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from support.exported_model import export_model, nominal_frames
from uncd_ros.errors import ConfigError, UnsuitableEngineError
from uncd_ros.export.frames import open_frames
from uncd_ros.export.measure import Measured, calibrate
from uncd_ros.model.engine_choice import open_engine
from uncd_ros.model.engine_record import Accuracy, Parity, read_engine
from uncd_ros.model.openvino_engine import check_cpu
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_card, load_model
from uncd_ros.model.torch_engine import TorchEngine
from uncd_ros.street.drive import StreetDrive

SCENE = StreetDrive(height=48, width=64).scene(7).image
PARITY = Parity(
    source='somewhere',
    images=20,
    labels_equal=0.99,
    uncertainty_difference=0.01,
    confidence_difference=0.01,
    score_shift=0.2,
    score_difference=0.4,
)
SCORES = tuple(0.5 + i / 100 for i in range(20))


def runs_here(precision: str) -> bool:
    """Whether this CPU has what the precision needs."""
    try:
        check_cpu(precision)
    except UnsuitableEngineError:
        return False
    return True


def test_onnx_runs_without_this_package(exported_model: Path) -> None:
    onnxruntime = pytest.importorskip('onnxruntime', reason='needs onnxruntime')
    expected = Predictor(load_model(exported_model), device='cpu').predict(SCENE, confidence=True)
    session = onnxruntime.InferenceSession(exported_model / 'engines' / 'model.onnx')
    names = [each.name for each in session.get_outputs()]
    found = dict(zip(names, session.run(None, {'image': SCENE[None]}), strict=True))
    assert np.mean(found['labels'][0] == expected.labels) > 0.999
    np.testing.assert_allclose(found['uncertainty'][0], expected.uncertainty, atol=1e-4)
    assert found['score'][0] == pytest.approx(expected.score, abs=1e-5)
    assert found['labels'].dtype == found['confidence'].dtype == np.uint8
    assert expected.confidence is not None
    assert np.abs(found['confidence'][0].astype(int) - expected.confidence).mean() < 2.0


@pytest.mark.parametrize('precision', ['f32', 'int8'])
def test_openvino_gives_the_anomaly_when_asked_for(exported_model: Path, precision: str) -> None:
    if not runs_here(precision):
        pytest.skip(f'the CPU has no {precision}')
    model = load_model(exported_model)
    engine = open_engine(exported_model / 'engines' / f'openvino_{precision}.json', model)
    predictor = Predictor(model, engine=engine)
    expected = Predictor(model, device='cpu').predict(SCENE, anomaly=True).anomaly
    plain, found = predictor.predict(SCENE), predictor.predict(SCENE, anomaly=True)
    assert plain.anomaly is None and found.anomaly is not None and expected is not None
    np.testing.assert_array_equal(found.labels, plain.labels)
    difference = np.abs(found.anomaly.astype(int) - expected)
    assert difference.mean() < (1.0 if precision == 'f32' else 30.0)


def test_each_engine_has_its_parity_its_probe_and_its_checksums(exported_model: Path) -> None:
    card = load_card(exported_model)
    names = {path.stem for path in (exported_model / 'engines').glob('*.json')}
    made = {f'openvino_{precision}' for precision in ('f32', 'bf16', 'int8') if runs_here(precision)}
    assert names == {'onnx_f32', *made}
    for name in names:
        record = read_engine(exported_model / 'engines' / f'{name}.json')
        assert record.weights_sha256 == card.weights_sha256
        assert record.parity.images == 12 and record.probe.images == 3
        assert record.files
    record = read_engine(exported_model / 'engines' / 'openvino_f32.json')
    assert record.parity.labels_equal > 0.999
    assert record.calibration and record.calibration.inherited and record.calibration.ood == card.ood


def test_the_model_folder_stays_what_it_was(exported_model: Path, anomaly_model: Path) -> None:
    load_model(exported_model)
    assert (exported_model / 'model.json').read_bytes() == (anomaly_model / 'model.json').read_bytes()


def test_int8_needs_frames(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / 'tiny'
    shutil.copytree(tiny_model, folder)
    ended = export_model(folder)
    assert ended.returncode == 0
    assert 'int8 is left out: it needs frames, expected --calibration' in ended.stdout
    assert not list((folder / 'engines').glob('*int8*'))


def test_a_folder_that_is_not_there_is_one_line(tiny_model: Path) -> None:
    ended = export_model(tiny_model, '--calibration', '/nowhere')
    assert ended.returncode == 1
    assert ended.stderr == 'error: --calibration /nowhere: no such folder, expected one of images, or street\n'


def test_frames_are_those_of_the_drives_that_calibrated_the_model(tiny_model: Path, tmp_path: Path) -> None:
    card, folder = load_card(tiny_model), nominal_frames(tmp_path / 'train', 4)
    labels = tmp_path / 'trainannot'
    labels.mkdir()
    cv2.imwrite(str(labels / 'a_0000.png'), np.full((48, 64), 3, np.uint8))
    every = open_frames(str(folder), card)
    assert len(every) == 4 and set(every.sequences) == {'a', 'b'}
    known = replace(card, calibration_data=replace(card.calibration_data, sequences=('a',)))
    frames = open_frames(str(folder), known)
    assert frames.sequences == ('a', 'a')
    first, second = frames[0], frames[1]
    assert first.labels is not None and np.unique(first.labels).tolist() == [3]
    assert second.labels is None
    with pytest.raises(ConfigError, match='--calibration is street, but tiny was calibrated on none'):
        open_frames('street', card)


def test_an_engine_without_frames_inherits_only_what_is_the_same(tiny_model: Path) -> None:
    card = load_card(tiny_model)
    same = Measured(parity=replace(PARITY, score_difference=0.001), scores=SCORES)
    found = calibrate(card, same, None)
    assert not isinstance(found, str) and found.inherited and found.ood == card.ood
    refusal = calibrate(card, Measured(parity=PARITY, scores=SCORES), None)
    assert isinstance(refusal, str) and 'export it with --calibration' in refusal


def test_frames_set_an_engine_s_own_threshold(tiny_model: Path, tmp_path: Path) -> None:
    card = load_card(tiny_model)
    frames = open_frames(str(nominal_frames(tmp_path / 'frames', 20)), card)
    found = calibrate(card, Measured(parity=PARITY, scores=SCORES[::-1]), frames)
    assert not isinstance(found, str) and not found.inherited
    assert found.ood.calibration_scores == SCORES
    assert found.ood.false_alarm_rate == card.ood.false_alarm_rate
    assert 1 <= found.ood.effective_n <= 20


def test_frames_that_the_student_was_trained_on_set_no_threshold(tiny_model: Path, tmp_path: Path) -> None:
    card = load_card(tiny_model)
    frames = open_frames(str(nominal_frames(tmp_path / 'frames', 20)), card)
    data = replace(card.calibration_data, sequences=('a', 'c'), fingerprint=card.provenance.data_fingerprint)
    cross_fitted = replace(card, calibration_data=data)
    assert cross_fitted.is_cross_fitted
    few = Measured(parity=PARITY, scores=SCORES)
    refusal = calibrate(cross_fitted, few, frames)
    assert isinstance(refusal, str) and 'the student was trained on the drive a, and 0 windows of' in refusal
    # 0.3 higher than torch on all of them; the scores of the frames as they are do not count.
    pairs = tuple((score, score + 0.3) for score in np.linspace(*np.quantile(card.ood.calibration_scores, (0, 1)), 60))
    found = calibrate(cross_fitted, replace(few, windows=pairs), frames)
    assert not isinstance(found, str) and 'carried over by 60 windows' in found.reason
    assert found.ood.threshold() == pytest.approx(card.ood.threshold() + 0.3)
    held_out = replace(card, calibration_data=replace(data, fingerprint='another'))
    assert not isinstance(calibrate(held_out, few, frames), str)


@pytest.mark.parametrize(
    ('change', 'is_calibrated'),
    [
        ({'confidence_difference': 0.3}, False),
        # Labels decide where there are any: another confidence may be as right as the first.
        (
            {
                'confidence_difference': 0.3,
                'torch': Accuracy(miou=0.6, confidence_ece=0.01, error_auroc=0.9),
                'engine': Accuracy(miou=0.6, confidence_ece=0.012, error_auroc=0.9),
            },
            True,
        ),
        (
            {
                'torch': Accuracy(miou=0.6, confidence_ece=0.01, error_auroc=0.9),
                'engine': Accuracy(miou=0.5, confidence_ece=0.05, error_auroc=0.9),
            },
            False,
        ),
    ],
)
def test_a_confidence_that_is_not_calibrated_any_more_refuses_the_engine(
    tiny_model: Path, change: dict[str, object], is_calibrated: bool
) -> None:
    parity = replace(PARITY, score_difference=0.001, **change)
    found = calibrate(load_card(tiny_model), Measured(parity=parity, scores=SCORES), None)
    assert isinstance(found, str) != is_calibrated
    if isinstance(found, str):
        assert found.startswith('its confidence is not calibrated')


def test_records_are_json_that_others_can_read(exported_model: Path) -> None:
    content = json.loads((exported_model / 'engines' / 'openvino_f32.json').read_text())
    assert content['engine'] == 'openvino' and content['parity']['labels_equal'] > 0.999


def test_torch_is_the_reference(tiny_model: Path) -> None:
    engine = TorchEngine(load_model(tiny_model), 'cpu')
    assert (engine.name, engine.precision, engine.device_name) == ('torch', 'f32', 'cpu')
