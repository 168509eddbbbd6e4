# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo as a user runs it, and what makes it fail."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from support.ros_harness import Process
from uncd_ros.node.demo import DemoError, check, main
from uncd_ros.node.recorder import CAMERA, DIAGNOSTICS, MASK, OOD, OOD_STATUS, Thinned, mask_mismatches

FRAMES = 30


def test_demo_accounts_for_every_frame(tiny_model: Path, tmp_path: Path) -> None:
    arguments = ('--model', str(tiny_model), '--frames', str(FRAMES), '--out', str(tmp_path / 'out'))
    process = Process(tmp_path / 'log.txt', 'uncd_ros.node.demo', *arguments)
    try:
        assert process.wait(120.0) == 0, process.output
    finally:
        process.kill()
    summary = json.loads((tmp_path / 'out' / 'summary.json').read_text())
    assert (summary['source'], summary['model'], summary['device']) == ('street', 'tiny', 'cpu')
    assert summary['frames_sent'] == FRAMES == summary['messages'][CAMERA]
    assert summary['frames_received'] == FRAMES - summary['lost_in_transport']
    processed = summary['frames_processed']
    assert summary['frames_received'] == processed + summary['frames_dropped'] + summary['faults']
    topics = {name: count for name, count in summary['messages'].items() if name.startswith('/segmentation/')}
    assert len(topics) == 6
    assert {topics.pop(name) >= processed for name in (OOD, OOD_STATUS)} == {True}  # and heartbeats
    assert set(topics.values()) == {processed}
    assert summary['messages'][DIAGNOSTICS] > 0
    assert 0.0 < summary['latency_ms']['p50'] <= summary['latency_ms']['p95'] <= summary['latency_ms']['p99']
    assert summary['fps'] > 0.0
    assert summary['ood']['score_mean'] > 0.0
    overlays = list((tmp_path / 'out' / 'overlay').glob('*.jpg'))
    assert len(overlays) == processed
    assert cv2.imread(str(overlays[0])).shape == (240, 320, 3)
    assert cv2.imread(str(tmp_path / 'out' / 'contact_sheet.png')) is not None


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (['--source', '/nowhere'], 'error: /nowhere: not found, '),
        (['--model', '/nowhere'], "error: model '/nowhere' not found: "),
    ],
)
def test_mistake_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str) -> None:
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith(complaint)
    assert error.count('\n') == 1


def good() -> dict[str, Any]:
    """The part of a summary that is checked."""
    counts = {'frames_received': 9, 'frames_processed': 6, 'frames_dropped': 2, 'faults': 1}
    return counts | {'frames_sent': 10, 'lost_in_transport': 1, 'messages': {MASK: 6}}


def test_good_summary_passes() -> None:
    check(good(), [], 0)


@pytest.mark.parametrize(
    ('changes', 'mismatches', 'status', 'complaint'),
    [
        ({'frames_dropped': 1}, [], 0, 'the node received 9 images but accounts for 8'),
        ({'messages': {MASK: 5}}, [], 0, '5 masks came of 6 processed images'),
        ({'messages': {}}, [], 0, '0 masks came of 6 processed images'),
        ({'lost_in_transport': -1}, [], 0, 'the node received more images than the 10 that were sent'),
        ({}, ['mask stamped 1 ns'], 0, 'mask stamped 1 ns'),
        ({}, [], -11, 'the node ended with status -11, expected 0'),
    ],
)
def test_anything_wrong_fails_loudly(
    changes: dict[str, Any], mismatches: list[str], status: int, complaint: str
) -> None:
    with pytest.raises(DemoError, match=complaint):
        check(good() | changes, mismatches, status)


def test_mismatches_name_the_mask() -> None:
    images = {(1, 'camera'): (4, 6), (2, 'camera'): (4, 6)}
    assert mask_mismatches(images, {(1, 'camera'): (4, 6)}) == []
    assert mask_mismatches(images, {(2, 'camera'): (6, 4)}) == ['mask stamped 2 ns is 4x6, expected 6x4']
    (line,) = mask_mismatches(images, {(2, ''): (4, 6)})
    assert line.startswith("mask stamped 2 ns in frame ''")


@pytest.mark.parametrize('length', [0, 3, 8, 9, 100, 1000])
def test_samples_are_few_and_spread_evenly(length: int) -> None:
    samples: Thinned[int] = Thinned(8)
    for i in range(length):
        samples.add(i)
    kept = samples.items()
    assert len(kept) == min(length, 8)
    if length >= 8:
        steps = [later - earlier for earlier, later in pairwise(kept)]
        assert kept[0] == 0
        assert kept[-1] >= 0.8 * (length - 1)
        assert max(steps) <= 2 * min(steps)
