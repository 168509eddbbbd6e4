# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What several test files share."""

import os
from pathlib import Path

import pytest
import torch

from uncd_ros.model_card import FORMAT_VERSION, ClassInfo, ModelCard, Provenance, UncertaintySpec
from uncd_ros.model_store import save_card, save_weights
from uncd_ros.ood import OodRule
from uncd_ros.student import Student, StudentConfig

PROJECT = Path(__file__).resolve().parents[1]


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
    checksum = save_weights(folder, Student(config))
    classes = range(config.num_classes)
    save_card(
        folder,
        ModelCard(
            format_version=FORMAT_VERSION,
            name=folder.name,
            student=config,
            classes=tuple(ClassInfo(name=f'class {i}', color=(50 * i, 255 - 50 * i, 128)) for i in classes),
            uncertainty=UncertaintySpec(name='predicted_std', upper=0.5),
            image_score='mean',
            ood=OodRule(calibration_scores=tuple(i / 100 for i in range(100)), effective_n=100, false_alarm_rate=0.01),
            provenance=Provenance(config={}, seeds=(0,), source_commit='none', data_fingerprint='none'),
            metrics={},
            weights_sha256=checksum,
        ),
    )
    return folder


@pytest.fixture(scope='session')
def data_folder() -> Path:
    """The folder of real data that the repository does not contain."""
    folder = Path(os.environ.get('UNCD_DATA', PROJECT.parent / 'shared' / 'data'))
    if not folder.is_dir():
        pytest.skip(f'no real data at {folder}; set UNCD_DATA')
    return folder
