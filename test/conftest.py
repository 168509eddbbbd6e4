# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What several test files share."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import torch

from uncd_ros.classes import ClassInfo
from uncd_ros.model.card import (
    CalibrationData,
    ModelCard,
    Provenance,
    SelectionReport,
    Temperature,
    UncertaintySpec,
)
from uncd_ros.model.store import load_model, save_model
from uncd_ros.monitor.ood_rule import OodRule
from uncd_ros.network.student import Student, StudentConfig
from uncd_ros.scores.confidence import ConfidenceCurve
from uncd_ros.street.scene import STREET_CLASSES

if TYPE_CHECKING:
    from training.data.segdata import SegData

PROJECT = Path(__file__).resolve().parents[1]
TINY_SIZE = (48, 64)
TINY_CLASSES = [f'class {index}' for index in range(5)]

# Networks and images are tiny here: threads of one process would wait for one another far longer than they compute, and
# on a busy machine forty times as long. Processes that the tests start inherit it.
torch.set_num_threads(1)
os.environ['OMP_NUM_THREADS'] = '1'


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file first: begun last, it would keep one of several workers busy while the others have ended."""
    items.sort(key=lambda item: item.path.name != 'test_distill.py')


@pytest.fixture(scope='session')
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a loadable student with 5 classes and random weights: right in shape, fast, knows nothing."""
    torch.manual_seed(0)
    config = StudentConfig(
        num_classes=5, encoder='mobilenet_v2', width=0.25, decoder_channels=16, input_height=48, input_width=64
    )
    return save_untrained(tmp_path_factory.mktemp('models') / 'tiny', config)


def save_untrained(folder: Path, config: StudentConfig) -> Path:
    """A model folder of a student with random weights, named as the folder."""
    classes = range(config.num_classes)
    save_model(
        folder,
        Student(config),
        ModelCard(
            name=folder.name,
            student=config,
            classes=tuple(ClassInfo(name=f'class {i}', color=(50 * i, 255 - 50 * i, 128)) for i in classes),
            uncertainty=UncertaintySpec(name='predicted_std', upper=0.5),
            uncertainty_selection=SelectionReport(figures={}, reason='none'),
            image_score='mean',
            image_score_selection=SelectionReport(figures={}, reason='none'),
            ood=OodRule(calibration_scores=tuple(i / 100 for i in range(100)), effective_n=100, false_alarm_rate=0.01),
            temperature=Temperature(value=1.0, ece_before=0.1, ece_after=0.1),
            # Steep: a student that knows nothing is about equally sure everywhere.
            confidence=ConfidenceCurve(
                log_odds=1000.0,
                uncertainty=-1.0,
                intercept=0.0,
                low=-1142.2,
                high=-1139.9,
                table=tuple(i / 7 for i in range(8)),
            ),
            calibration_data=CalibrationData(dataset='none', sequences=(), images=100, fingerprint='none'),
            provenance=Provenance(config={}, seeds=(0,), source_commit='none', data_fingerprint='none'),
            metrics={},
        ),
        f'# {folder.name}\n',
    )
    return folder


def noise_streets(height: int, width: int) -> 'SegData':
    """Four frames of noise in the street's classes, two a sequence: 'one' and 'two'."""
    # Here, for a robot that tests its node has nothing installed to train with.
    from training.data.segdata import SegData

    return SegData(
        images=torch.randint(0, 255, (4, 3, height, width), dtype=torch.uint8),
        labels=torch.randint(0, 8, (4, height, width), dtype=torch.uint8),
        names=('a', 'b', 'c', 'd'),
        sequences=('one', 'one', 'two', 'two'),
        classes=tuple(ClassInfo(name=name, color=color) for name, color in STREET_CLASSES),
    )


@pytest.fixture(scope='session')
def data_folder() -> Path:
    """The folder of real data that the repository does not contain."""
    folder = Path(os.environ.get('UNCD_DATA', PROJECT.parent / 'shared' / 'data'))
    if not folder.is_dir():
        pytest.skip(f'no real data at {folder}; set UNCD_DATA')
    return folder


def _write_frames(images: Path, labels: Path | None, names: list[str], num_classes: int, void: int) -> None:
    rng = np.random.default_rng(len(names))
    for folder in filter(None, (images, labels)):
        folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        cv2.imwrite(str(images / f'{name}.png'), rng.integers(0, 255, (*TINY_SIZE, 3), np.uint8))
        if labels is not None:
            ids = rng.integers(0, num_classes, (6, 8), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
            ids[:8] = void
            cv2.imwrite(str(labels / f'{name}.png'), ids)


@pytest.fixture(scope='session')
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CamVid of the tiny model's classes, a labelled shift and a folder of OOD images."""
    root = tmp_path_factory.mktemp('data')
    camvid = root / 'camvid'
    _write_frames(camvid / 'val', camvid / 'valannot', [f's1_{i:02d}' for i in range(5)], 5, 11)
    _write_frames(camvid / 'train', camvid / 'trainannot', ['s1_90', 's1_91', 's2_00', 's2_01', 's2_02'], 5, 11)
    entries = [{'id': i, 'name': name, 'color': [0, 0, i]} for i, name in enumerate(TINY_CLASSES)]
    (camvid / 'classes.json').write_text(json.dumps({'ignore': 11, 'classes': entries}))
    _write_frames(root / 'shift' / 'images', root / 'shift' / 'labels', ['a', 'b'], 2, 255)
    merged = [
        {'id': 0, 'name': 'low', 'from_camvid': TINY_CLASSES[:2]},
        {'id': 1, 'name': 'high', 'from_camvid': TINY_CLASSES[2:]},
    ]
    (root / 'shift' / 'classes.json').write_text(json.dumps({'ignore': 255, 'classes': merged}))
    _write_frames(root / 'strange', None, ['1', '2', '3'], 5, 0)
    return root


@pytest.fixture(scope='session')
def tiny_run(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """A run folder of two members that are alike to the last bit."""
    # Here, for a robot that tests its node has nothing installed to train with.
    from training.members.member import Member
    from training.members.member_store import store_member
    from training.run.run_folder import claim
    from training.run.settings import DataSettings, FitSettings, Settings

    folder = tmp_path_factory.mktemp('runs') / 'alike'
    student = load_model(tiny_model).card.student
    settings = Settings(
        name='alike',
        data=DataSettings(dataset='camvid', holdout=('s2',)),
        student=student,
        crop=TINY_SIZE,
        pretrained=False,
        members=(FitSettings(epochs=1), FitSettings(epochs=1)),
        student_fit=FitSettings(epochs=1),
        run=str(folder),
    )
    claim(settings)
    torch.manual_seed(1)
    member = Member(student)
    for index in range(2):
        store_member(settings, index, member)
    return folder
