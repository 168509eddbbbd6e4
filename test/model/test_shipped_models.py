# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The models that come with the package: whole, of the present format, and right about the demo's drive."""

import json
from pathlib import Path

import numpy as np
import pytest

from uncd_ros.model.card_json import FORMAT_VERSION
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model
from uncd_ros.monitor.alarm import AlarmParams
from uncd_ros.monitor.scene_monitor import Decision, SceneMonitor
from uncd_ros.street.drive import StreetDrive, drive_weather

FPS, STEP = 20.0, 10
"""Frames per second of the drive, and every how many of them one is looked at."""


@pytest.mark.parametrize('name', ['camvid', 'drive', 'street'])
def test_it_loads_and_predicts(name: str) -> None:
    model = load_model(name)
    assert model.card.name == name
    assert json.loads((model.folder / 'model.json').read_text())['format_version'] == FORMAT_VERSION
    classes, spec = model.card.classes, model.card.uncertainty
    prediction = Predictor(model, device='cpu').predict(np.full((120, 160, 3), 127, np.uint8), confidence=True)
    assert prediction.labels.max() < len(classes)
    assert 0.0 <= prediction.uncertainty.min() <= prediction.uncertainty.max() <= spec.upper
    assert np.isfinite(prediction.score)


@pytest.mark.parametrize('name', ['camvid', 'drive', 'street'])
def test_every_file_that_is_not_its_report_is_covered_by_a_checksum(name: str) -> None:
    model = load_model(name)
    files = {path.relative_to(model.folder) for path in model.folder.rglob('*') if path.is_file()}
    described = {path for path in files if path.parts[0] != 'report'}
    assert described == {Path(path) for path in model.card.files} | {Path('model.json')}


def test_the_flag_rises_in_the_fog_of_the_drive_and_not_before() -> None:
    model, drive = load_model('street'), StreetDrive()
    predictor, monitor = Predictor(model, device='cpu'), SceneMonitor(model.card.ood, AlarmParams())
    decisions: dict[int, Decision] = {}
    for frame in range(0, 260, STEP):
        image = drive.scene(frame).image
        score, now = predictor.predict(image).score, frame / FPS
        decisions[frame] = monitor.update(image, score, stamp=now, arrival=now)
    raised = [frame for frame, decision in decisions.items() if decision.is_ood]
    assert raised, 'the flag never rose'
    # Not in clear air, and before the fog has been at full strength for 30 frames; then it stays up.
    assert drive_weather(raised[0])[0] > 0.0
    assert raised == list(range(raised[0], 260, STEP)) and raised[0] <= 230
    assert all(decision.fault == '' for decision in decisions.values())


def test_the_vessel_net_flags_a_street() -> None:
    model, drive = load_model('drive'), StreetDrive()
    predictor = Predictor(model, device='cpu')
    scores = [predictor.predict(drive.scene(frame).image).score for frame in range(0, 100, STEP)]
    assert min(scores) > model.card.ood.threshold()
