# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A run folder belongs to one configuration."""

import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from support.project import PROJECT
from training.run.run_folder import claim, claim_student
from training.run.settings import Settings, parse_settings
from uncd_ros.errors import ConfigError


def _settings(run: Path, *changes: str) -> Settings:
    return parse_settings([f'--config={PROJECT}/training/configs/smoke.yaml', f'--run={run}', *changes])


def test_the_same_settings_may_come_again(tmp_path: Path) -> None:
    claim(_settings(tmp_path))
    first = (tmp_path / 'config.json').read_text()
    claim(_settings(tmp_path))
    claim(_settings(tmp_path, '--out=elsewhere'))
    assert (tmp_path / 'config.json').read_text() == first


def test_other_settings_are_refused_by_name(tmp_path: Path) -> None:
    claim(_settings(tmp_path))
    with pytest.raises(ConfigError, match=r'student\.head was separable, is dense\); choose another --run'):
        claim(_settings(tmp_path, '--student.head=dense'))


def test_a_setting_inside_a_list_is_named_by_its_place(tmp_path: Path) -> None:
    claim(_settings(tmp_path, '--members=[{seed: 1, epochs: 4, lr: 0.003}, {seed: 2, epochs: 4}]'))
    with pytest.raises(ConfigError, match=r'members\.1\.epochs was 4, is None'):
        claim(_settings(tmp_path, '--members=[{seed: 1, epochs: 4, lr: 0.003}]'))
    with pytest.raises(ConfigError, match=r'members\.0\.epochs was 4, is 9'):
        claim(_settings(tmp_path, '--members=[{seed: 1, epochs: 9, lr: 0.003}]'))


def test_two_runs_lie_side_by_side(tmp_path: Path) -> None:
    claim(_settings(tmp_path / 'a'))
    claim(_settings(tmp_path / 'b', '--student.head=dense'))
    assert (tmp_path / 'a' / 'config.json').read_text() != (tmp_path / 'b' / 'config.json').read_text()


STUDENT_ONLY = ('--distill.beta=2', '--student_fit.epochs=9', '--name=other', '--calibration.false_alarm_rate=0.05')


def test_settings_of_the_student_alone_leave_the_members_be(tmp_path: Path) -> None:
    claim(_settings(tmp_path))
    claim(_settings(tmp_path, *STUDENT_ONLY))
    claim(_settings(tmp_path, '--data.root=/elsewhere'))


def _claim_at_the_gate(run: Path, head: str, gate: Any, outcomes: Any) -> None:
    settings = _settings(run, f'--student.head={head}')
    gate.wait()
    try:
        claim(settings)
    except ConfigError as error:
        outcomes.put((head, str(error)))
    else:
        outcomes.put((head, ''))


def test_of_processes_that_claim_together_one_configuration_wins_and_the_other_is_refused(tmp_path: Path) -> None:
    context = multiprocessing.get_context('spawn')
    gate, outcomes = context.Barrier(4), context.Queue()
    heads = ('dense', 'separable', 'dense', 'separable')
    workers = [context.Process(target=_claim_at_the_gate, args=(tmp_path, head, gate, outcomes)) for head in heads]
    for worker in workers:
        worker.start()
    results = [outcomes.get() for _ in workers]
    for worker in workers:
        worker.join()
    winner = json.loads((tmp_path / 'config.json').read_text())['student']['head']
    for head, error in results:
        assert (error == '') is (head == winner)
        assert error == '' or f'student.head was {winner}, is {head}' in error
    assert [path.name for path in tmp_path.iterdir()] == ['config.json']


def test_another_student_is_refused_by_name_and_a_variant_lies_beside_it(tmp_path: Path) -> None:
    claim_student(_settings(tmp_path))
    other = _settings(tmp_path, '--distill.beta=2')
    with pytest.raises(ConfigError, match=r'student\.json: .*distill\.beta was 1\.1, is 2\.0\); choose another --var'):
        claim_student(other)
    claim_student(_settings(tmp_path, '--distill.beta=2', '--variant=two'))
    assert (tmp_path / 'students' / 'two' / 'student.json').is_file()


def test_what_follows_the_student_does_not_bind_it(tmp_path: Path) -> None:
    claim_student(_settings(tmp_path))
    kept_head = '--distill.reinit_head=false'
    claim_student(_settings(tmp_path, kept_head, '--variant=two'))
    claim_student(_settings(tmp_path, kept_head, '--variant=two', '--distill.wise_ft_alpha=0.5'))
    claim_student(_settings(tmp_path, '--name=other', '--calibration.false_alarm_rate=0.05', '--out=elsewhere'))


def test_a_student_from_before_students_had_settings_of_their_own(tmp_path: Path) -> None:
    claim(_settings(tmp_path))
    (tmp_path / 'student.ckpt').touch()
    claim_student(_settings(tmp_path))
    with pytest.raises(ConfigError, match=r'config\.json: .*distill\.beta was 1\.1, is 2\.0'):
        claim_student(_settings(tmp_path, '--distill.beta=2'))


def test_a_setting_that_was_added_since_has_its_default(tmp_path: Path) -> None:
    claim(_settings(tmp_path))
    path = tmp_path / 'config.json'
    content = json.loads(path.read_text())
    del content['balance'], content['members'][0]['exclude_sequences'], content['student']['head']
    path.write_text(json.dumps(content))
    claim(_settings(tmp_path))
    with pytest.raises(ConfigError, match=r'balance was 0\.0, is 0\.5'):
        claim(_settings(tmp_path, '--balance=0.5'))
