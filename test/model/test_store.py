# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model folder is loaded whole, or refused in one sentence that names what is wrong."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from uncd_ros.errors import ModelError
from uncd_ros.model.store import load_model, round_weights, save_card, save_weights
from uncd_ros.network.student import Student


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return shutil.copytree(tiny_model, tmp_path / 'model')


def _edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads((folder / 'model.json').read_text())
    change(content)
    (folder / 'model.json').write_text(json.dumps(content))


def test_what_was_saved_is_what_is_loaded(tiny_model: Path, tmp_path: Path) -> None:
    first = load_model(tiny_model)
    first.student.mahalanobis.mean.fill_(1 / 3)
    first.student.mahalanobis.whitening.fill_(1e6)  # more than half precision can hold
    checksum = save_weights(tmp_path, first.student)
    card = replace(first.card, weights_sha256=checksum)
    save_card(tmp_path, card)
    second = load_model(tmp_path)
    assert second.card == card
    assert not second.student.training
    for name, value in first.student.state_dict().items():
        assert torch.equal(value, second.student.state_dict()[name]), name
    assert torch.equal(first.student.mahalanobis.mean, second.student.mahalanobis.mean)
    assert torch.equal(first.student.mahalanobis.whitening, second.student.mahalanobis.whitening)


def test_rounded_weights_are_those_that_are_loaded_later(tiny_model: Path, tmp_path: Path) -> None:
    stored = load_model(tiny_model)
    student = Student(stored.card.student).eval()
    round_weights(student)
    save_card(tmp_path, replace(stored.card, weights_sha256=save_weights(tmp_path, student)))
    for name, value in load_model(tmp_path).student.state_dict().items():
        assert torch.equal(value, student.state_dict()[name]), name


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda c: c.update(format_version=99), 'format_version is 99, expected 2'),
        (lambda c: c.update(format_version=1), 'format_version is 1, which has no confidence curve'),
        (lambda c: c.pop('format_version'), 'format_version is None, expected 2'),
        (lambda c: c.pop('ood'), 'missing value for field "ood"'),
        (lambda c: c['student'].pop('num_classes'), 'missing value for field "student.num_classes"'),
        (lambda c: c.update(colour='red'), 'colour'),
        (lambda c: c['student'].update(input_width='wide'), 'student.input_width'),
        (lambda c: c['student'].update(encoder='vit'), 'student.encoder'),
        (lambda c: c['classes'].pop(), 'classes has 4 entries, expected 5'),
        (lambda c: c.update(image_score='mood'), "image_score is 'mood', expected one of mean"),
        (lambda c: c['uncertainty'].update(name='mood'), "uncertainty.name is 'mood', expected one of mean_std"),
        (lambda c: c['ood'].update(calibration_scores=[2, 1]), 'expected sorted scores'),
        (lambda c: c['confidence'].update(table=[0.5, 0.4]), 'confidence: table is not ascending'),
        (lambda c: c['student'].update(decoder_channels=24), 'expected'),
    ],
)
def test_a_wrong_card_is_one_line_that_names_it(
    model: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    _edit(model, change)
    with pytest.raises(ModelError) as refused:
        load_model(model)
    text = str(refused.value)
    assert message in text and str(model) in text and '\n' not in text


def test_damaged_weights(model: Path) -> None:
    data = bytearray((model / 'student.safetensors').read_bytes())
    data[-1] ^= 1
    (model / 'student.safetensors').write_bytes(data)
    with pytest.raises(ModelError, match=r'student\.safetensors: SHA-256 is'):
        load_model(model)


def test_truncated_card(model: Path) -> None:
    text = (model / 'model.json').read_text()
    (model / 'model.json').write_text(text[:100])
    with pytest.raises(ModelError, match=r'model\.json: not JSON'):
        load_model(model)


def test_missing_weights(model: Path) -> None:
    (model / 'student.safetensors').unlink()
    with pytest.raises(ModelError, match=r'student\.safetensors: cannot be read'):
        load_model(model)


def test_weights_of_another_network(model: Path) -> None:
    config = load_model(model).card.student
    other = Student(config)
    other.uncertainty_head = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Conv2d(1, 1, 1))
    checksum = save_weights(model, other)
    _edit(model, lambda c: c.update(weights_sha256=checksum))
    with pytest.raises(ModelError, match=r"tensor 'uncertainty_head\.0\.0\.0\.weight' is missing"):
        load_model(model)


def test_an_unknown_model_names_the_built_in_ones() -> None:
    with pytest.raises(ModelError, match=r"model 'nowhere' not found: expected a folder with model.json, or one of"):
        load_model('nowhere')
