# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model of an older format version is converted without a bit of its weights changed, or refused in one line."""

import hashlib
import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from uncd_ros.model.card_json import content_checksum
from uncd_ros.model.store import load_card, load_model
from uncd_ros.upgrade_model import KEYS, SCORES, SETTINGS, main


def _keys(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _keys(inner, names) for key, inner in value.items()}
    return [_keys(inner, names) for inner in value] if isinstance(value, list) else value


@pytest.fixture
def old_model(tmp_path: Path) -> Path:
    """The street's model as version 2 wrote it, with every name that has changed since."""
    source, folder = load_model('street').folder, tmp_path / 'old'
    folder.mkdir()
    shutil.copy(source / 'MODEL_CARD.md', folder)
    tensors = load_file(source / 'student.safetensors')
    save_file(
        {name.replace('mahalanobis.', 'reference.'): value for name, value in tensors.items()},
        folder / 'student.safetensors',
    )
    content = json.loads((source / 'model.json').read_text())
    for key in ('files', 'checksum', 'anomaly'):
        del content[key]
    del content['student']['decoder']
    content = _keys(content, {new: old for old, new in KEYS.items()})
    config = content['provenance']['config']
    config['distill'] |= {'reinit_head': False, 'wise_ft_alpha': 0.6}
    config['calibration'] |= {'ood_sets': ['fs_static']}
    config['student_fit'] |= {'exclude_sequences': ['one']}
    content['provenance']['config'] = _keys(config, {new: old for old, new in SETTINGS.items()})
    content['image_score_choice']['figures'] = {
        {new: old for old, new in SCORES.items()}.get(name, name): figures
        for name, figures in content['image_score_choice']['figures'].items()
    }
    content['image_score_choice']['reason'] = 'feature_distance does better than max_logit'
    content['uncertainty_choice']['figures']['softmax'] = {'aurc': math.nan}
    content |= {'format_version': 2, 'image_score': 'feature_distance'}
    content['uncertainty'] = {'name': 'softmax', 'upper': 1.0}
    content['weights_sha256'] = hashlib.sha256((folder / 'student.safetensors').read_bytes()).hexdigest()
    (folder / 'model.json').write_text(json.dumps(content))
    return folder


@pytest.fixture
def model_of_3(tmp_path: Path) -> Path:
    """The street's model as version 3 wrote it, which had one decoder and did not name it."""
    folder = shutil.copytree(load_model('street').folder, tmp_path / 'of_3')
    content = json.loads((folder / 'model.json').read_text())
    del content['student']['decoder']
    content['format_version'] = 3
    (folder / 'model.json').write_text(json.dumps(content | {'checksum': content_checksum(content)}))
    return folder


def _edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads((folder / 'model.json').read_text())
    change(content)
    (folder / 'model.json').write_text(json.dumps(content))


def test_names_are_those_of_today_and_weights_those_of_then(old_model: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in old_model.iterdir()}
    assert main([str(old_model), str(tmp_path / 'new')]) == 0
    assert {path.name: path.read_bytes() for path in old_model.iterdir()} == before
    card, street = load_card(tmp_path / 'new'), load_card(load_model('street').folder)
    assert (card.uncertainty.name, card.image_score) == ('msp', 'mahalanobis')
    assert card.image_score_selection.figures == street.image_score_selection.figures
    assert card.image_score_selection.reason == 'mahalanobis does better than neg_max_logit'
    assert math.isnan(card.uncertainty_selection.figures['msp']['aurc'])
    assert (card.ood, card.confidence, card.classes) == (street.ood, street.confidence, street.classes)
    config = card.provenance.config
    assert tuple(config['crop_scale']) == (0.25, 1.0)
    assert (config['distill']['reinit_head'], config['distill']['wise_ft_alpha']) == (False, 0.6)
    assert tuple(config['calibration']['ood_sets']) == ('fs_static',)
    assert tuple(config['student_fit']['exclude_sequences']) == ('one',)
    old, new = (load_file(folder / 'student.safetensors') for folder in (old_model, tmp_path / 'new'))
    assert {name.replace('reference.', 'mahalanobis.') for name in old} == set(new)
    for name, value in old.items():
        converted = new[name.replace('reference.', 'mahalanobis.')]
        assert value.dtype == converted.dtype and torch.equal(value, converted), name


def test_version_3_gains_its_decoder_and_all_else_is_the_same(model_of_3: Path, tmp_path: Path) -> None:
    street = load_model('street')
    assert main([str(model_of_3), str(tmp_path / 'new')]) == 0
    for name in ('model.json', 'student.safetensors', 'MODEL_CARD.md'):
        assert (tmp_path / 'new' / name).read_bytes() == (street.folder / name).read_bytes(), name
    assert load_card(tmp_path / 'new').student.decoder == 'deeplab'


@pytest.mark.parametrize('name', ['model.json', 'student.safetensors', 'MODEL_CARD.md'])
def test_a_changed_byte_of_version_3_is_refused_in_one_line(
    name: str, model_of_3: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = model_of_3 / name
    data = path.read_bytes()
    path.write_bytes(data.replace(b'street', b'strfet', 1) if name != 'student.safetensors' else data[:-1] + b'x')
    assert main([str(model_of_3), str(tmp_path / 'new')]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f'error: {path}: ') and ('SHA-256' in line or 'checksum' in line), line
    assert not (tmp_path / 'new').exists()


def test_a_model_of_the_present_version_is_refused(old_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(load_model('street').folder), str(old_model / 'new')]) == 1
    assert "format_version is '4', expected 2 or 3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ('damage', 'facts'),
    [
        (lambda folder: (folder / 'model.json').unlink(), ('model.json', 'cannot be read')),
        (lambda folder: (folder / 'MODEL_CARD.md').unlink(), ('MODEL_CARD.md', 'cannot be read')),
        (lambda folder: (folder / 'student.safetensors').write_bytes(b'x'), ('student.safetensors', 'SHA-256')),
        (lambda folder: _edit(folder, lambda c: c.pop('uncertainty')), ('model.json', 'uncertainty')),
        (lambda folder: _edit(folder, lambda c: c.update(provenance=None)), ('model.json', 'version 2')),
        (lambda folder: _edit(folder, lambda c: c['ood'].update(effective_n=10**9)), ('model.json', 'effective_n')),
        (lambda folder: _edit(folder, lambda c: c['student'].update(width=1.0)), ('student.safetensors', 'shape')),
    ],
)
def test_what_is_damaged_is_refused_in_one_line_and_nothing_is_written(
    damage: Callable[[Path], object],
    facts: tuple[str, ...],
    old_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage(old_model)
    assert main([str(old_model), str(tmp_path / 'new')]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: ') and all(fact in line for fact in facts), line
    assert not (tmp_path / 'new').exists()


def test_a_model_is_never_written_over_another(old_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(old_model), str(old_model)]) == 1
    assert 'already holds a model' in capsys.readouterr().err
