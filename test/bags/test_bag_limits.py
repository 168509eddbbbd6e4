# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Damaged messages, cut bags, full disks and long drives: what can be evaluated is, and memory stays what it is."""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip('rosbags', reason='reads and writes bags')

from support.bag_makers import (
    CAMERA,
    PERIOD,
    START,
    camera_bag,
    camera_message,
    evaluate_bag,
    fingerprint,
    frame_lines,
    storage_file,
    write_bag,
)
from uncd_ros.bags.topics import IMAGE
from uncd_ros.evaluate_bag import main


def test_what_cannot_be_read_is_counted_and_the_rest_evaluated(tiny_model: Path, tmp_path: Path) -> None:
    messages = [(CAMERA, IMAGE, START + i * 10**8, camera_message(i)) for i in range(6)]
    messages[1] = (CAMERA, IMAGE, messages[1][2], b'nothing that is an image')
    cut = bytearray(messages[3][3])
    cut[16 + len('camera') + 2 : 16 + len('camera') + 6] = (480).to_bytes(4, 'little')  # more rows than there are
    messages[3] = (CAMERA, IMAGE, messages[3][2], bytes(cut))
    found = evaluate_bag(write_bag(tmp_path / 'bag', messages), tiny_model, tmp_path / 'out')
    assert (found['bag']['evaluated'], found['bag']['unreadable']) == (6, 2)
    faults = [line['fault'] for line in frame_lines(tmp_path / 'out')]
    assert faults[1].startswith('unreadable: message of 24 bytes is no sensor_msgs/msg/Image')
    assert faults[3].startswith('truncated: image data is')
    assert [line['score'] is None for line in frame_lines(tmp_path / 'out')] == [False, True, False, True, False, False]
    assert 'Of 6 recorded images, 2 could not be read as an image' in (tmp_path / 'out/report.md').read_text()


def test_a_bag_cut_short_is_evaluated_as_far_as_it_goes(tiny_model: Path, tmp_path: Path) -> None:
    bag = camera_bag(tmp_path / 'bag', 60)
    file = storage_file(bag)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    found = evaluate_bag(bag, tiny_model, tmp_path / 'out')
    counts = found['bag']
    assert counts['recorded'] == 60 and counts['evaluated'] + counts['lost'] == 60 and counts['evaluated'] > 20
    assert 'cut short or damaged' in found['notices'][0]


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_ends_the_new_bag_and_nothing_else(tiny_model: Path, tmp_path: Path) -> None:
    bag, beside = camera_bag(tmp_path / 'bag', 60, storage='mcap'), tmp_path / 'beside'
    with full_disk(1_000_000):
        found = evaluate_bag(bag, tiny_model, tmp_path / 'out', '--write-bag', str(beside))
    assert found['bag']['evaluated'] == 60 and len(frame_lines(tmp_path / 'out')) == 60
    assert found['notices'] == [f'{beside}: cannot be written (File too large); what there was of it is removed']
    assert not beside.exists()


def test_a_full_disk_under_the_report_is_one_line(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag, out = camera_bag(tmp_path / 'bag', 60), tmp_path / 'out'
    with full_disk(20_000):
        assert main([str(bag), '--model', str(tiny_model), '--out', str(out)]) == 1
    assert capsys.readouterr().err == f'error: {out}: the report cannot be written (File too large)\n'
    found = json.loads((out / 'report.json').read_text())
    assert found['bag']['evaluated'] == 60
    assert found['notices'] == ['frames.jsonl and latency.jsonl break off: File too large']


def test_a_bag_ten_times_longer_takes_no_more_memory(tiny_model: Path, tmp_path: Path) -> None:
    program = (
        'import resource, sys, torch; torch.set_num_threads(1); from uncd_ros.evaluate_bag import main\n'
        'assert main(sys.argv[1:]) == 0; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)'
    )
    peaks = []
    for frames in (60, 600):
        messages = (
            (CAMERA, IMAGE, START + i * PERIOD, camera_message(i, height=120, width=160)) for i in range(frames)
        )
        bag = write_bag(tmp_path / f'bag{frames}', messages, storage='mcap')
        arguments = [str(bag), '--model', str(tiny_model), '--device', 'cpu', '--out', str(tmp_path / f'out{frames}')]
        done = subprocess.run([sys.executable, '-c', program, *arguments], capture_output=True, text=True, check=True)
        peaks.append(int(done.stdout.split()[-1]) / 1024)
    assert storage_file(tmp_path / 'bag600').stat().st_size > 30e6, 'what would be kept if anything were'
    assert peaks[1] - peaks[0] < 15.0, f'{peaks} MiB'


def test_nothing_is_written_into_the_bag(tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bag = camera_bag(tmp_path / 'bag', 2)
    before = fingerprint(bag)
    for option in ('--out', '--write-bag'):
        arguments = [str(bag), '--model', str(tiny_model), '--out', str(tmp_path / 'out'), option, str(bag / 'in')]
        assert main(arguments) == 1
        assert f'error: {option} {bag}/in: lies in the bag' in capsys.readouterr().err
    assert fingerprint(bag) == before
