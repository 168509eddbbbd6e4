# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The configurations that come with the package are settings, and those named after a paper are the paper's."""

import json
from pathlib import Path

import pytest
import yaml

from support.project import PROJECT
from training.run.settings import Settings, parse_settings

CONFIGS = sorted(path for path in (PROJECT / 'training' / 'configs').glob('*.yaml') if 'sweep' not in path.name)


def _settings(path: Path, tmp_path: Path) -> Settings:
    """As if its data set were the street: whether a data set is there is not the question here."""
    content = yaml.safe_load(path.read_text()) | {'data': {'dataset': 'street'}}
    (tmp_path / path.name).write_text(json.dumps(content))
    return parse_settings([f'--config={tmp_path / path.name}'])


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_a_configuration_can_be_read_and_no_two_members_are_alike(path: Path, tmp_path: Path) -> None:
    settings = _settings(path, tmp_path)
    assert settings.name == path.stem
    assert len(set(settings.members)) == len(settings.members)


def test_holder_has_the_settings_of_the_paper(tmp_path: Path) -> None:
    settings = _settings(PROJECT / 'training' / 'configs' / 'cityscapes_holder.yaml', tmp_path)
    assert len(settings.members) == 25 and settings.student.encoder == 'mobilenet_v2'
    assert (settings.student.input_height, settings.student.input_width) == (1024, 2048)
    assert (settings.distill.objective, settings.distill.alpha, settings.distill.beta) == ('holder', 0.1, 1.1)
    assert {plan.optimizer for plan in settings.members} == {'adamw', 'sgd'}
    assert len({plan.lr for plan in settings.members}) > 5 and len({plan.jitter for plan in settings.members}) > 2


def test_dudes_has_the_settings_of_the_paper(tmp_path: Path) -> None:
    settings = _settings(PROJECT / 'training' / 'configs' / 'cityscapes_dudes.yaml', tmp_path)
    assert len(settings.members) == 10 and settings.student.encoder == 'resnet18' and settings.crop == (768, 768)
    assert settings.distill.objective == 'dudes' and settings.distill.start == 'initial'
    for plan in (*settings.members, settings.student_fit):
        assert (plan.epochs, plan.batch_size, plan.optimizer, plan.weight_decay) == (200, 16, 'sgd', 5e-4)
        assert plan.lr == 0.1 and plan.lr * plan.encoder_lr == pytest.approx(0.01)
