# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every drive teaches and every drive calibrates: from three tiny drives to a model folder, killed on the way."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from support.project import PROJECT
from support.tiny_frames import TINY_CLASSES, TINY_SIZE, write_frames
from training.calibration.distance_fit import fit_feature_distance
from training.comparison.evaluate_args import parse_args as parse_evaluation
from training.comparison.evaluated_models import evaluated_models
from training.comparison.evaluation_data import calibration_frames
from training.data.labelled_frames import LabelledFrames
from training.data.splits import load_splits, settings_as_trained
from training.distill import distill
from training.fit_anomaly import fit as fit_anomaly
from training.fit_anomaly import parse_args as parse_anomaly
from training.run.progress import EpochProgress
from training.run.settings import FitSettings, Settings, parse_settings
from training.sweep import main as sweep
from uncd_ros.errors import ConfigError
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model

DRIVES = ('s1', 's2', 's3')


@pytest.fixture(scope='module')
def start(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Settings]:
    """Settings of a run on three drives of noise, two members a fold."""
    root = tmp_path_factory.mktemp('drives')
    entries = [{'id': i, 'name': name, 'color': [0, 0, i]} for i, name in enumerate(TINY_CLASSES)]
    train = [f'{drive}_{index}' for drive in DRIVES for index in range(4)]
    for split, names in (('train', train), ('val', ['s1_8', 's2_8'])):
        write_frames(root / split, root / f'{split}annot', names, len(entries), 11)
    (root / 'classes.json').write_text(json.dumps({'ignore': 11, 'classes': entries}))

    def settings(run: Path, **changes: object) -> Settings:
        smoke = parse_settings([f'--config={PROJECT}/training/configs/smoke.yaml', '--distill.cross_fit=true'])
        plan = FitSettings(epochs=1, batch_size=4)
        whole = replace(
            smoke,
            data=replace(smoke.data, dataset='camvid', root=str(root), workers=0),
            student=replace(
                smoke.student, num_classes=5, width=0.25, decoder_channels=8, input_height=48, input_width=64
            ),
            crop=TINY_SIZE,
            members=tuple(replace(plan, seed=i, exclude_sequences=(DRIVES[i % 3],)) for i in range(6)),
            student_fit=replace(plan, epochs=2),
            calibration=replace(smoke.calibration, false_alarm_rate=0.25),
            run=str(run),
        )
        return replace(whole, **changes)

    return settings


@pytest.fixture(scope='module')
def run(start: Callable[..., Settings], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('run')
    distill(start(folder))
    return folder


def test_a_model_comes_out_that_every_drive_taught_and_calibrated(run: Path) -> None:
    predictor = Predictor(load_model(run / 'model'))
    card = predictor.card
    assert card.calibration_data.sequences == DRIVES and card.calibration_data.images == 12
    assert len(card.ood.calibration_scores) == 12 and card.is_cross_fitted
    assert np.isfinite(predictor.predict(np.zeros((48, 64, 3), np.uint8)).score)
    # One student for each fold lies beside the one that ships; a report for the members of each.
    assert {path.name for path in run.glob('student*.ckpt')} == {
        'student.ckpt',
        *(f'student.fold{number}.ckpt' for number in range(3)),
    }
    assert {path.name for path in run.glob('ensemble*.json')} == {f'ensemble_0{i}_0{i + 3}.json' for i in range(3)}


def test_the_report_says_how_far_the_folds_agree_and_what_is_promised(run: Path) -> None:
    report = json.loads((run / 'report.json').read_text())
    rows = {(row['split'], row['network']) for row in report['assessments']}
    assert rows == {(split, who) for split in ('val', 'calibration') for who in ('student', 'baseline', 'teacher')}
    calibration = report['calibration']
    folds = calibration['cross_fit']['folds']
    assert [fold['sequences'] for fold in folds] == [[drive] for drive in DRIVES]
    assert sum(fold['effective_n'] for fold in folds) == calibration['effective_n']
    assert calibration['cross_fit']['effective_n_of_one_drive'] == max(fold['effective_n'] for fold in folds)
    assert set(calibration['false_alarms']['by_sequence']) == set(DRIVES)
    assert 0.5 < calibration['cross_fit']['bound'] <= 1.0
    for text in ((run / 'report.md').read_text(), (run / 'model' / 'MODEL_CARD.md').read_text()):
        assert 'cross-conformal prediction (CV+) bounds the false-alarm rate by 2 x 25.0%' in text
        assert 'It was not trained on them' not in text and 'of the others' in text


def test_the_students_of_folds_are_models_of_drives_that_they_do_not_know(run: Path) -> None:
    card = load_model(run / 'model').card
    found = {drive: load_model(run / 'folds' / drive).card for drive in DRIVES}
    folds = json.loads((run / 'report.json').read_text())['calibration']['cross_fit']['folds']
    for drive, fold in zip(DRIVES, folds, strict=True):
        assert not found[drive].is_cross_fitted
        assert found[drive].calibration_data.sequences == (drive,)
        assert found[drive].provenance.config['data']['holdout'] == (drive,)
        assert found[drive].provenance.seeds == tuple(range(6))[DRIVES.index(drive) :: 3]
        assert len(found[drive].ood.calibration_scores) == 8
        assert found[drive].ood.threshold() == fold['others_threshold']
        assert (found[drive].image_score, found[drive].confidence) == (card.image_score, card.confidence)


def test_who_taught_the_student_of_a_fold_stands_beside_it(run: Path, tmp_path: Path) -> None:
    model = load_model(run / 'folds' / 's2')
    options = ['--dataset', 'camvid', '--teacher', str(run), '--baseline', str(run), '--out', str(tmp_path)]
    args = parse_evaluation([str(run / 'folds' / 's2'), *options])
    left_out = []

    def frames(settings: Settings) -> LabelledFrames:
        left_out.append([plan.exclude_sequences for plan in settings.members])
        return calibration_frames(replace(args, data=Path(settings.data.root or '')), settings)

    notes = {each.name: each.note for each in evaluated_models(args, model, frames)}
    assert notes['teacher'].startswith('members 1, 4, which taught the model, of the run')
    assert notes['baseline'].startswith('the first of these members') and left_out == [[('s2',), ('s2',)]]
    whole = evaluated_models(args, load_model(run / 'model'), frames)
    assert whole[1].note.startswith('the 6 members of the run')


def test_its_folds_fit_an_anomaly_score(run: Path, tiny_data: Path, tmp_path: Path) -> None:
    root = json.loads((run / 'config.json').read_text())['data']['root']
    options = ['--dataset', 'camvid', '--data', root, '--drivable', *TINY_CLASSES]
    options += ['--anomaly', f'noise={tiny_data}/unknown', '--out', f'{tmp_path}/out']
    with pytest.raises(ConfigError, match='every drive taught the model, expected --folds RUN/folds, or'):
        fit_anomaly(parse_anomaly([str(run / 'model'), *options]))
    fit_anomaly(parse_anomaly([str(run / 'model'), '--folds', str(run / 'folds'), *options]))
    model = load_model(tmp_path / 'out')
    spec = model.card.anomaly
    assert spec is not None and spec.calibration_data.sequences == DRIVES and spec.calibration_data.images == 12
    document = (tmp_path / 'out' / 'MODEL_CARD.md').read_text()
    assert all(f'of 4 frames of {drive} show one.' in document for drive in DRIVES)
    # The distance is to the features of the model's own training frames, not of those of a fold.
    own = replace(settings_as_trained(model.card, 'camvid'), root=root)
    expected = load_model(run / 'model').student
    fit_feature_distance(expected, load_splits(own, model.card.student).train)
    torch.testing.assert_close(model.student.feature_distance.means, expected.feature_distance.means)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--folds', '/nowhere'], r'--folds /nowhere: no model folder, expected one for each fold'),
        (['--folds', '/nowhere', '--holdout', 's1'], r'--folds and --holdout: expected one of them'),
    ],
)
def test_folds_that_cannot_be_are_refused(
    run: Path, tiny_data: Path, options: list[str], message: str, tmp_path: Path
) -> None:
    data = ['--dataset', 'camvid', '--drivable', *TINY_CLASSES, '--anomaly', f'noise={tiny_data}/unknown']
    with pytest.raises(ConfigError, match=message):
        fit_anomaly(parse_anomaly([str(run / 'model'), *data, *options, '--out', str(tmp_path / 'out')]))


def test_a_student_of_a_fold_that_is_killed_ends_as_it_would_have(
    start: Callable[..., Settings], run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('config.json', *(f'member0{index}.safetensors' for index in range(6))):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    settings = start(tmp_path)
    original = EpochProgress.epoch

    def die(progress: EpochProgress, number: int) -> None:
        original(progress, number)
        if (tmp_path / 'student.fold1.ckpt').is_file():
            raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(EpochProgress, 'epoch', die)
        with pytest.raises(KeyboardInterrupt):
            distill(settings)
    assert not (tmp_path / 'student.fold2.ckpt').exists() and not (tmp_path / 'model').exists()
    distill(settings)
    whole, resumed = (load_model(folder / 'model').card for folder in (run, tmp_path))
    assert resumed.image_score == whole.image_score
    assert resumed.ood.calibration_scores == pytest.approx(whole.ood.calibration_scores, rel=1e-3)
    assert resumed.temperature.value == pytest.approx(whole.temperature.value, rel=1e-3)


@pytest.mark.parametrize(
    ('left_out', 'excluded', 'message'),
    [
        (('s1', 's2', 's1', 's2'), (), r"distill\.cross_fit: 0 members are without sequence 's3', expected 2 or more"),
        (('s1', 's2', 's3') * 2, ('s1',), r"student_fit\.exclude_sequences is \['s1'\] with data\.holdout \[\]"),
    ],
)
def test_what_cannot_be_cross_fitted_is_refused_before_anything_is_trained(
    left_out: tuple[str, ...], excluded: tuple[str, ...], message: str, start: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = start(
        tmp_path / 'run',
        members=tuple(FitSettings(epochs=1, exclude_sequences=(drive,)) for drive in left_out),
        student_fit=FitSettings(epochs=1, exclude_sequences=excluded),
    )
    with pytest.raises(ConfigError, match=message):
        distill(settings)
    assert not (tmp_path / 'run').exists()


def test_a_sweep_without_a_holdout_is_refused_in_one_line(start: Callable[..., Settings], tmp_path: Path) -> None:
    (tmp_path / 'run.yaml').write_text(json.dumps(asdict(start(tmp_path / 'run'))))
    (tmp_path / 'sweep.yaml').write_text('variants: {one: {}}')
    with pytest.raises(ConfigError, match=r"data\.holdout is \[\], expected some of \['s1', 's2', 's3'\]"):
        sweep([f'--config={tmp_path}/run.yaml', f'--sweep={tmp_path}/sweep.yaml'])
