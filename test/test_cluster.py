# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A Ray cluster of two nodes gives what one process gives, also where a process is killed."""

import json
import socket
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

pytest.importorskip('rosbags', reason='reads and writes bags')

from rich.console import Console
from safetensors import safe_open

from support.bag_makers import camera_bag
from support.cluster_tasks import die_always, die_once, refuse, train_member_killed_once, working_folder
from support.ray_nodes import two_nodes
from support.tiny_frames import TINY_SIZE
from uncd_ros import cluster
from uncd_ros.cluster import check_cluster, run_tasks
from uncd_ros.errors import ConfigError, UncdError
from uncd_ros.evaluate_bag import main as evaluate_bag

# One worker of xdist: one cluster serves all.
pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group('ray')]
BAGS = 10
DETERMINISTIC = ('report.json', 'report.md', 'report.html', 'frames.jsonl')


@pytest.fixture(scope='module')
def address() -> Iterator[str]:
    pytest.importorskip('ray', reason='runs a Ray cluster')
    with two_nodes() as found:
        yield found


@pytest.fixture
def quiet() -> Console:
    return Console(file=StringIO())


def test_a_task_whose_process_was_killed_runs_again(address: str, quiet: Console, tmp_path: Path) -> None:
    markers = {name: tmp_path / name for name in ('one', 'two', 'three')}
    assert run_tasks(address, die_once, markers, quiet) == [1, 1, 1]
    assert all(marker.is_file() for marker in markers.values())
    assert 'done, 3 of 3' in quiet.file.getvalue()


def test_a_task_that_is_always_killed_is_given_up_by_name(address: str, quiet: Console) -> None:
    with pytest.raises(UncdError, match=r'^bad: Ray gave it up: The worker died unexpectedly.*$'):
        run_tasks(address, die_always, {'bad': 0}, quiet)


def test_what_a_task_refuses_is_refused_here(address: str, quiet: Console) -> None:
    with pytest.raises(ConfigError, match=r'^this is wrong$'):
        run_tasks(address, refuse, {'name': 'this'}, quiet)


def test_relative_paths_are_those_of_the_command(
    address: str, quiet: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_tasks(address, working_folder, {'name': 0}, quiet) == [tmp_path]


@pytest.fixture
def configuration(tiny_data: Path, tmp_path: Path) -> Path:
    """Three tiny members of three epochs each."""
    settings = {
        'name': 'tiny',
        'data': {'dataset': 'camvid', 'root': f'{tiny_data}/camvid', 'holdout': ['s2']},
        'student': {
            'num_classes': 5,
            'encoder': 'mobilenet_v2',
            'width': 0.25,
            'decoder_channels': 16,
            'input_height': TINY_SIZE[0],
            'input_width': TINY_SIZE[1],
        },
        'pretrained': False,
        'crop': TINY_SIZE,
        'members': [{'seed': seed, 'epochs': 3, 'batch_size': 2} for seed in (1, 2, 3)],
        'student_fit': {'epochs': 1},
    }
    path = tmp_path / 'tiny.yaml'
    path.write_text(json.dumps(settings))
    return path


def test_members_that_were_killed_end_with_the_weights_of_one_process(
    address: str, configuration: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip('lightning_fabric', reason='trains')
    from training.ensemble import main as train

    options = ['--config', str(configuration), '--run']
    train([*options, str(tmp_path / 'alone')])
    monkeypatch.setattr('training.members.cluster_members.train_member', train_member_killed_once)
    train([*options, str(tmp_path / 'ray'), '--ray', address])
    names = [f'member{index:02d}' for index in range(3)]
    for name in names:
        # Settings, and SHA-256 over them and all weights.
        stored = [safe_open(tmp_path / run / f'{name}.safetensors', 'pt').metadata() for run in ('alone', 'ray')]
        assert stored[0] == stored[1], name
        # Killed after its first epoch, which was not trained again.
        assert (tmp_path / 'ray' / f'{name}.killed').is_file()
        assert (tmp_path / 'ray' / f'{name}.epochs').read_text().split() == ['1', '2', '3']
    reports = [json.loads((tmp_path / run / 'ensemble.json').read_text()) for run in ('alone', 'ray')]
    assert reports[0] == reports[1]


def test_several_devices_a_member_are_refused(configuration: Path) -> None:
    pytest.importorskip('lightning_fabric', reason='trains')
    from training.ensemble import main as train

    with pytest.raises(ConfigError, match='devices is 2, expected 1 with --ray'):
        train(['--config', str(configuration), '--devices', '2', '--ray'])


def test_ten_bags_have_the_reports_of_one_after_another(
    address: str, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bags = [str(camera_bag(tmp_path / f'bag{i}', 3, first=3 * i)) for i in range(BAGS)]
    options = ['--model', str(tiny_model), '--device', 'cpu', '--out']
    assert evaluate_bag([*bags, *options, str(tmp_path / 'alone')]) == 0
    capsys.readouterr()
    assert evaluate_bag([*bags, *options, str(tmp_path / 'ray'), '--ray', address]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == BAGS + 1 and said.err == ''
    written = [_reports(tmp_path / folder) for folder in ('alone', 'ray')]
    assert written[0] == written[1]
    assert sum(path.name in DETERMINISTIC for path in written[0]) == BAGS * len(DETERMINISTIC)
    assert {Path('fleet.html'), Path('fleet.md'), Path('fleet.json')} < set(written[0])


def _reports(folder: Path) -> dict[Path, bytes]:
    """All files but those of timing."""
    files = (path for path in folder.rglob('*') if path.is_file() and path.name not in ('timing.json', 'latency.jsonl'))
    return {path.relative_to(folder): path.read_bytes() for path in files}


@pytest.mark.parametrize('listens', [False, True])
def test_an_address_where_nobody_answers_is_one_line(monkeypatch: pytest.MonkeyPatch, listens: bool) -> None:
    pytest.importorskip('ray', reason='asks a Ray cluster')
    monkeypatch.setattr(cluster, 'ANSWER_WITHIN', 1.0)
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        if listens:
            listener.listen()  # and never answers
        silent = f'127.0.0.1:{listener.getsockname()[1]}'
        with pytest.raises(ConfigError, match=f'^--ray {silent}: no Ray cluster answers there, expected') as refused:
            check_cluster(silent)
    assert '\n' not in str(refused.value)


@pytest.mark.parametrize('wrong', ['drive', 'ray://10.0.0.1:10001', '10.0.0.1', ''])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    pytest.importorskip('ray', reason='asks a Ray cluster')
    with pytest.raises(ConfigError, match=f"--ray is '{wrong}', expected HOST:PORT"):
        check_cluster(wrong)


def test_without_ray_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'ray', None)
    with pytest.raises(ConfigError, match=r"^--ray needs ray: pip install 'uncd_ros\[cluster\]'$"):
        check_cluster('10.0.0.1:6379')
