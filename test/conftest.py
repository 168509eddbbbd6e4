# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What several test files share."""

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings

from support.exported_model import export_model, nominal_frames
from support.project import PROJECT
from support.tiny_frames import TINY_CLASSES, TINY_SIZE, write_frames
from support.untrained_model import save_untrained, save_with_anomaly_score
from uncd_ros.model.store import load_model
from uncd_ros.network.student import StudentConfig

# Networks and images are tiny here: threads of one process would wait for one another far longer than they compute, and
# on a busy machine forty times as long. Processes that the tests start inherit it.
torch.set_num_threads(1)
os.environ['OMP_NUM_THREADS'] = '1'

# What takes long on a busy machine is not wrong.
settings.register_profile('patient', deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile('patient')


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


@pytest.fixture(scope='session')
def anomaly_model(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """The tiny model with an anomaly score that spreads noise over the levels."""
    folder = tmp_path_factory.mktemp('models') / 'tiny'
    return save_with_anomaly_score(folder, tiny_model, lowest=2.0, highest=12.0)


@pytest.fixture(scope='session')
def alarmed_model(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """The tiny model with an anomaly score that is above all nominal ones, whatever the image."""
    folder = tmp_path_factory.mktemp('models') / 'tiny'
    return save_with_anomaly_score(folder, tiny_model, lowest=-1e6, highest=-1e5)


@pytest.fixture(scope='session')
def exported_model(tmp_path_factory: pytest.TempPathFactory, anomaly_model: Path) -> Path:
    """A copy of it with all engines that can be made here; to be read, not changed."""
    folder = tmp_path_factory.mktemp('exported') / 'tiny'
    shutil.copytree(anomaly_model, folder)
    frames = nominal_frames(tmp_path_factory.mktemp('frames') / 'nominal', 12)
    ended = export_model(folder, '--calibration', str(frames))
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture(scope='session')
def data_folder() -> Path:
    """The folder of real data that the repository does not contain."""
    folder = Path(os.environ.get('UNCD_DATA', PROJECT.parent / 'shared' / 'data'))
    if not folder.is_dir():
        pytest.skip(f'no real data at {folder}; set UNCD_DATA')
    return folder


@pytest.fixture(scope='session')
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CamVid of the tiny model's classes, a labelled shift, unknown objects and a folder of OOD images."""
    root = tmp_path_factory.mktemp('data')
    camvid = root / 'camvid'
    write_frames(camvid / 'val', camvid / 'valannot', [f's1_{i:02d}' for i in range(5)], 5, 11)
    write_frames(camvid / 'train', camvid / 'trainannot', ['s1_90', 's1_91', 's2_00', 's2_01', 's2_02'], 5, 11)
    entries = [{'id': i, 'name': name, 'color': [0, 0, i]} for i, name in enumerate(TINY_CLASSES)]
    (camvid / 'classes.json').write_text(json.dumps({'ignore': 11, 'classes': entries}))
    write_frames(root / 'shift' / 'images', root / 'shift' / 'labels', ['a', 'b'], 2, 255)
    merged = [
        {'id': 0, 'name': 'low', 'from_camvid': TINY_CLASSES[:2]},
        {'id': 1, 'name': 'high', 'from_camvid': TINY_CLASSES[2:]},
    ]
    (root / 'shift' / 'classes.json').write_text(json.dumps({'ignore': 255, 'classes': merged}))
    write_frames(root / 'unknown' / 'images', root / 'unknown' / 'labels_masks', ['a', 'b', 'c'], 2, 255)
    write_frames(root / 'strange', None, ['1', '2', '3'], 5, 0)
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
