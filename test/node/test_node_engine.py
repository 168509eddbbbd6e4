# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The engine of the node: named in the diagnostics, refused with one warning, never a wrong label."""

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import Image

from support.camera_double import Camera, key_values, picture
from support.node_double import node_in_process
from uncd_ros.images.encodings import as_array
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model


def model_status(camera: Camera) -> DiagnosticStatus:
    """What the node's next diagnostics say of the model."""
    return camera.diagnostics()['segmentation: model']


def assert_labels_are_those_of_torch(camera: Camera, model: Path) -> None:
    image: Image = picture(height=48, width=64)
    mask = as_array(camera.heard('mask', camera.ask(image)))[..., 0]
    expected = Predictor(load_model(model), device='cpu').predict(as_array(image))
    assert np.mean(mask == expected.labels) > 0.999


def test_openvino_runs_and_is_named(exported_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with node_in_process(monkeypatch, exported_model, engine='openvino', precision='f32') as (_, camera):
        assert_labels_are_those_of_torch(camera, exported_model)
        status = model_status(camera)
        assert status.level == DiagnosticStatus.OK
        assert (key_values(status)['engine'], key_values(status)['precision']) == ('openvino', 'f32')


def test_a_damaged_engine_is_one_warning_and_torch(
    exported_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / 'tiny'
    shutil.copytree(exported_model, model)
    (model / 'engines' / 'openvino_f32.bin').write_bytes(b'damaged')
    with node_in_process(monkeypatch, model, engine='openvino', precision='f32') as (_, camera):
        assert_labels_are_those_of_torch(camera, model)
        status = model_status(camera)
    assert status.level == DiagnosticStatus.WARN
    assert 'engine openvino f32 is not used: ' in status.message and 'SHA-256 is' in status.message
    assert (key_values(status)['engine'], key_values(status)['precision']) == ('torch', 'f32')
    assert ''.join(capfd.readouterr()).count('is not used') == 1
