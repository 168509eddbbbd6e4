# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model folder is loaded whole, or refused in one sentence that names what is wrong."""

import errno
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from support.model_folder import edit_card
from uncd_ros.durable import write_durably
from uncd_ros.errors import ModelError
from uncd_ros.model import store
from uncd_ros.model.store import load_card, load_model, save_model
from uncd_ros.model.weights import round_weights
from uncd_ros.network.student import Student


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return shutil.copytree(tiny_model, tmp_path / 'model')


def refusal(folder: Path) -> str:
    """The one line by which a model folder is refused."""
    with pytest.raises(ModelError) as refused:
        load_model(folder)
    text = str(refused.value)
    assert str(folder) in text and '\n' not in text
    return text


def test_what_was_saved_is_what_is_loaded(tiny_model: Path, tmp_path: Path) -> None:
    first = load_model(tiny_model)
    first.student.mahalanobis.mean.fill_(1 / 3)
    first.student.mahalanobis.whitening.fill_(1e6)  # more than half precision can hold
    card = save_model(tmp_path, first.student, first.card, '# Tiny')
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
    save_model(tmp_path, student, stored.card, '# Tiny')
    for name, value in load_model(tmp_path).student.state_dict().items():
        assert torch.equal(value, student.state_dict()[name]), name


@pytest.mark.parametrize(
    ('change', 'facts'),
    [
        (lambda c: c.update(format_version=99), ('format_version', '99', '4')),
        (lambda c: c.pop('format_version'), ('format_version', 'None', '4')),
        (lambda c: c.pop('ood'), ('"ood"',)),
        (lambda c: c['student'].pop('num_classes'), ('student.num_classes',)),
        (lambda c: c['student'].pop('mean'), ('student.mean',)),
        (lambda c: c.update(colour='red'), ('colour',)),
        (lambda c: c['student'].update(input_width='wide'), ('student.input_width', 'wide', 'int')),
        (lambda c: c['student'].update(input_width=True), ('student.input_width', 'True', 'int')),
        (lambda c: c['student'].update(input_width=10**400), ('student.input_width', '16 to 8192')),
        (lambda c: c['student'].update(width=0.0), ('student.width', '0.0', '0.05 to 4')),
        (lambda c: c['student'].update(mean=[1e308, 0.0, 0.0]), ('student.mean', '1e+308', '0 to 255')),
        (lambda c: c['student'].update(mean=[127.0, 127.0]), ('student.mean',)),
        (lambda c: c['student'].update(std=[0.0, 1.0, 1.0]), ('student.std', '0.0', '0.01 to 1000')),
        (lambda c: c['student'].update(num_classes=256), ('student.num_classes', '256', '2 to 255')),
        (lambda c: c['student'].update(encoder='vit'), ('student.encoder', 'vit')),
        (lambda c: c['student'].update(decoder_channels=24), ('has shape (64', 'expected (72')),
        (lambda c: c['classes'].pop(), ('classes', '4', '5')),
        (lambda c: c['classes'][0].update(name='class 1'), ('classes', 'class 1', 'more than once')),
        (lambda c: c['classes'][0].update(name=''), ('classes.name', "''")),
        (lambda c: c['classes'][0].update(name='two\nlines'), ('classes.name', 'two\\nlines', 'one line')),
        (lambda c: c['classes'][0].update(color=[0, 0, 256]), ('classes.color', '256', '0 to 255')),
        (lambda c: c.update(image_score='mood'), ('image_score', 'mood', 'energy_mahalanobis')),
        (lambda c: c['uncertainty'].update(name='mood'), ('uncertainty.name', 'mood', 'mean_std')),
        (lambda c: c['uncertainty'].update(upper=1.0), ('uncertainty.upper', '1.0', '0.5')),
        (lambda c: c['uncertainty'].update(upper=None), ('uncertainty.upper', 'nan', '0.5')),
        (lambda c: c['ood'].update(calibration_scores=[2, 1]), ('calibration_scores', 'not ascending')),
        (lambda c: c['ood'].update(calibration_scores=[]), ('calibration_scores', 'empty')),
        (lambda c: c['ood'].update(calibration_scores=[1e308], effective_n=1), ('calibration_scores', '1e+308')),
        (lambda c: c['ood'].update(effective_n=10**9), ('effective_n', '1000000000', '1 to 100')),
        (lambda c: c['ood'].update(false_alarm_rate=7), ('false_alarm_rate', '7', 'between 0 and 1')),
        (lambda c: c['temperature'].update(value=0.0), ('temperature.value', '0.0', '0.001 to 1000')),
        (lambda c: c['temperature'].update(ece_after=2.0), ('temperature.ece_after', '2.0', '0 to 1')),
        (lambda c: c['confidence'].update(table=[0.5, 0.4]), ('confidence.table', 'ascending')),
        (lambda c: c['confidence'].update(high=1e308), ('confidence.high', '1e+308')),
        (lambda c: c['calibration_data'].update(images=0), ('calibration_data.images', '0')),
        (lambda c: c.update(metrics={'miou': 1e308}), ('metrics.miou', '1e+308')),
        (lambda c: c['image_score_selection'].update(figures={'mean': {'fog': 1e308}}), ('figures.mean.fog', '1e+308')),
        (lambda c: c['files'].update({'../x': '0' * 64}), ('files', '../x', 'within')),
        (lambda c: c['files'].update({'engines/x': 'abc'}), ('files.engines/x', 'abc', '64')),
        (lambda c: c['files'].update({'engines/x': '0' * 64}), ('engines/x', 'cannot be read')),
        (lambda c: c['files'].pop('student.safetensors'), ('files', 'student.safetensors')),
        (lambda c: c['files'].pop('MODEL_CARD.md'), ('files', 'MODEL_CARD.md')),
    ],
)
def test_a_card_that_cannot_be_meant_is_refused_by_its_values_alone(
    model: Path, change: Callable[[dict[str, Any]], object], facts: tuple[str, ...]
) -> None:
    edit_card(model, change)
    text = refusal(model)
    assert all(fact in text for fact in facts), text


@pytest.mark.parametrize(
    'change',
    [
        lambda c: c['classes'][0].update(name='cat'),
        lambda c: c['ood'].update(false_alarm_rate=0.02),
        lambda c: c.update(name='another'),
        lambda c: c.pop('checksum'),
        lambda c: c.update(checksum='0' * 64),
    ],
)
def test_a_card_that_was_changed_is_refused(model: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads((model / 'model.json').read_text())
    change(content)
    (model / 'model.json').write_text(json.dumps(content))
    text = refusal(model)
    assert 'model.json' in text and 'checksum' in text


@pytest.mark.parametrize(
    ('change', 'facts'),
    [
        (lambda w: w.pop('normalise.mean', None) or w.pop('trunk.low.0.weight'), ('trunk.low.0.weight', 'missing')),
        (lambda w: w.update(other=torch.zeros(1)), ('other', 'unknown')),
        (lambda w: w['trunk.low.0.weight'].fill_(math.nan), ('trunk.low.0.weight', 'NaN')),
        (lambda w: w['mahalanobis.mean'].fill_(math.inf), ('mahalanobis.mean', 'infinity')),
        (lambda w: w['mahalanobis.whitening'].fill_(1e30), ('mahalanobis.whitening', '1e+30', '1e+06')),
        (lambda w: w['trunk.low.1.running_var'].fill_(-1.0), ('trunk.low.1.running_var', '-1', '0 or more')),
        (lambda w: w.update({'mahalanobis.mean': w['mahalanobis.mean'].half()}), ('mahalanobis.mean', 'float16')),
        (lambda w: w.update({'mahalanobis.mean': w['mahalanobis.mean'][1:].clone()}), ('mahalanobis.mean', 'shape')),
    ],
)
def test_weights_that_cannot_be_meant_are_refused_by_their_values_alone(
    model: Path, change: Callable[[dict[str, torch.Tensor]], object], facts: tuple[str, ...]
) -> None:
    tensors = load_file(model / 'student.safetensors')
    change(tensors)
    save_file(tensors, model / 'student.safetensors')
    edit_card(model, lambda _: None)
    text = refusal(model)
    assert 'student.safetensors' in text and all(fact in text for fact in facts), text


@pytest.mark.parametrize('version', [2, 3])
def test_an_older_model_names_the_command_that_converts_it(version: int, model: Path) -> None:
    edit_card(model, lambda c: c.update(format_version=version))
    assert f'python -m uncd_ros.upgrade_model {model} ' in refusal(model)


def test_layout_of_the_file_does_not_matter(model: Path) -> None:
    before = load_card(model)
    content = json.loads((model / 'model.json').read_text())
    (model / 'model.json').write_text(json.dumps(dict(reversed(content.items())), separators=(' ,', ':  ')))
    assert load_card(model) == before


def test_a_figure_that_could_not_be_measured_is_null_in_the_file(tiny_model: Path, tmp_path: Path) -> None:
    model = load_model(tiny_model)
    save_model(tmp_path, model.student, replace(model.card, metrics={'miou': math.nan}), '# Tiny')
    assert json.loads((tmp_path / 'model.json').read_text())['metrics'] == {'miou': None}
    assert math.isnan(load_card(tmp_path).metrics['miou'])


def test_a_folder_left_half_written_is_refused(tiny_model: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power fails as soon as the first file of another model is in its place."""
    written: list[str] = []

    def fail_after_one(path: Path, data: bytes) -> None:
        if written:
            raise OSError(errno.ENOSPC, 'No space left on device')
        written.append(path.name)
        write_durably(path, data)

    stored = load_model(tiny_model)
    monkeypatch.setattr(store, 'write_durably', fail_after_one)
    with pytest.raises(ModelError, match=r'MODEL_CARD\.md: cannot be written \(No space left on device\)'):
        save_model(model, Student(stored.card.student), stored.card, '# Another')
    assert written == ['student.safetensors']
    assert 'student.safetensors: SHA-256 is' in refusal(model)


def test_damaged_weights(model: Path) -> None:
    data = bytearray((model / 'student.safetensors').read_bytes())
    data[-1] ^= 1
    (model / 'student.safetensors').write_bytes(data)
    assert 'student.safetensors: SHA-256 is' in refusal(model)


def test_truncated_card(model: Path) -> None:
    text = (model / 'model.json').read_text()
    (model / 'model.json').write_text(text[:100])
    with pytest.raises(ModelError, match=r'model\.json: not JSON'):
        load_model(model)


@pytest.mark.parametrize('name', ['student.safetensors', 'MODEL_CARD.md'])
def test_missing_file(model: Path, name: str) -> None:
    (model / name).unlink()
    assert f'{name}: cannot be read' in refusal(model)


def test_changed_model_card(model: Path) -> None:
    (model / 'MODEL_CARD.md').write_text('# Tiny\n\nSafe for everything.\n')
    assert 'MODEL_CARD.md: SHA-256 is' in refusal(model)


def test_weights_of_another_network(model: Path) -> None:
    config = load_model(model).card.student
    other = Student(config)
    other.uncertainty_head = torch.nn.Sequential(torch.nn.Identity(), torch.nn.Conv2d(1, 1, 1))
    save_model(model, other, load_card(model), '# Tiny')
    with pytest.raises(ModelError, match=r"tensor 'uncertainty_head\.0\.0\.0\.weight' is missing"):
        load_model(model)


def test_an_unknown_model_names_the_built_in_ones() -> None:
    with pytest.raises(ModelError, match=r"model 'nowhere' not found: expected a folder with model.json, or one of"):
        load_model('nowhere')
