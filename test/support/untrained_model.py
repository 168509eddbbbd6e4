# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model folder that loads and knows nothing."""

from dataclasses import replace
from pathlib import Path

import torch

from uncd_ros.classes import ClassInfo
from uncd_ros.model.card import (
    DOCUMENT,
    AnomalySpec,
    CalibrationData,
    ModelCard,
    Provenance,
    SelectionReport,
    Temperature,
    UncertaintySpec,
)
from uncd_ros.model.store import load_model, save_model
from uncd_ros.monitor.ood_rule import OodRule
from uncd_ros.network.feature_distance import FeatureDistance
from uncd_ros.network.student import Student, StudentConfig
from uncd_ros.scores.anomaly import LEVELS, AnomalyScore, AnomalyTerm
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


def save_with_anomaly_score(folder: Path, source: Path, *, lowest: float, highest: float) -> Path:
    """A copy of a model, to which every class is drivable, with an anomaly score of random directions.

    Its quantiles lie evenly between `lowest` and `highest`.
    """
    model = load_model(source)
    channels, classes = model.student.trunk.channels, len(model.card.classes)
    torch.manual_seed(2)
    model.student.feature_distance = FeatureDistance(torch.randn(channels, channels), torch.randn(classes, channels))
    term = AnomalyTerm(mean=0.0, std=1.0, weight=1.0)
    steps = torch.linspace(lowest, highest, LEVELS).tolist()
    spec = AnomalySpec(
        score=AnomalyScore(terms={'energy': term, 'feature_distance': term}, quantiles=tuple(steps)),
        drivable=tuple(info.name for info in model.card.classes),
        level=255,
        smallest=0.01,
        selection=SelectionReport(figures={}, reason='none'),
        calibration_data=model.card.calibration_data,
    )
    save_model(folder, model.student, replace(model.card, anomaly=spec), (source / DOCUMENT).read_text())
    return folder
