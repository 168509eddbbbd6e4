# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model folder that loads and knows nothing."""

from pathlib import Path

from uncd_ros.classes import ClassInfo
from uncd_ros.model.card import (
    CalibrationData,
    ModelCard,
    Provenance,
    SelectionReport,
    Temperature,
    UncertaintySpec,
)
from uncd_ros.model.store import save_model
from uncd_ros.monitor.ood_rule import OodRule
from uncd_ros.network.student import Student, StudentConfig
from uncd_ros.scores.confidence import ConfidenceCurve
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES


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
            uncertainty=UncertaintySpec(
                name='predicted_std', upper=0.5, candidates=dict.fromkeys(PIXEL_UNCERTAINTIES, '')
            ),
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
