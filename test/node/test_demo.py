# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The demo as a user runs it, and what makes it fail."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from sensor_msgs.msg import Image

from support.ros_harness import DOMAIN, Process
from uncd_ros.images.contact_sheet import TILE, contact_sheet
from uncd_ros.images.palette import OUTLINE
from uncd_ros.model.store import load_card
from uncd_ros.node.demo import DemoError, check, main
from uncd_ros.node.demo_summary import capability, sentences
from uncd_ros.node.listening import listening
from uncd_ros.node.recorder import (
    CAMERA,
    DIAGNOSTICS,
    IMAGES_STATUS,
    MASK,
    OOD,
    OOD_STATUS,
    Problems,
    Recorder,
    mask_mismatches,
)
from uncd_ros.node.samples import Parts, Samples, Thinned

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
    assert summary['fps_possible'] > 0.0
    domain = re.search(r'^ROS_DOMAIN_ID=(\d+): ', process.output, re.MULTILINE)
    assert domain
    assert int(domain[1]) != DOMAIN
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
        (['--rate', '0'], 'error: --rate is 0.0, expected 0.1 to 1000'),
        (['--frames', '-1'], 'error: --frames is -1, expected 0 to 1e+09'),
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


@pytest.mark.parametrize(
    ('alarms', 'flag'), [(0, 'never rose'), (1, 'rose once and was up in 7'), (2, 'rose 2 times and was up in 7')]
)
def test_a_summary_is_told_in_sentences(alarms: int, flag: str) -> None:
    summary = good() | {
        'frames_processed': 8,
        'fps': 9.96,
        'fps_possible': 24.7,
        'latency_ms': {'p50': 40.4, 'p95': 80.6, 'p99': 90.0},
        'ood': {'alarms': alarms, 'frames_flagged': 7},
        'obstacles': {'appeared': 2, 'frames': 5},
        'diagnostics': [{'level': 'WARN', 'name': 'a', 'message': 'b'}],
    }
    counted, speed, flagged, unknown, warned = sentences(summary)
    assert counted == '10 images were sent: 8 processed, 2 dropped by the node, 1 lost on the way, 1 faulty'
    assert speed.startswith('10.0 images per second, 25 possible; from an image to its mask 40 ms (p50), 81 ms (p95)')
    assert f'the flag {flag}' in flagged
    assert unknown == 'unknown obstacles on the road: 2, seen in 5 images'
    assert warned == 'WARN in /diagnostics: a: b'


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


def parts(alarms: int, *, is_ood: bool, obstacles: str = '[]') -> Parts:
    """All that came for one image."""

    def image(encoding: str, pixels: np.ndarray) -> Image:
        height, width = pixels.shape[:2]
        step = pixels.nbytes // height
        return Image(height=height, width=width, encoding=encoding, step=step, data=pixels.tobytes())

    values = {'alarms': str(alarms), 'is_ood': str(is_ood), 'score': '1', 'threshold': '2', 'reason': 'why'}
    return Parts(
        image=image('rgb8', np.zeros((30, 40, 3), np.uint8)),
        mask=image('mono8', np.zeros((30, 40), np.uint8)),
        uncertainty=image('32FC1', np.zeros((30, 40), np.float32)),
        status=values | {'obstacles': obstacles},
    )


def test_every_image_at_which_the_flag_rose_is_a_row_and_marked(tiny_model: Path) -> None:
    samples = Samples(3)
    raised, alarms = {37, 38, 39, 71}, 0
    for i in range(100):
        alarms += i in (37, 71)
        samples.add(i * 10**9, parts(alarms, is_ood=i in raised))
    rows = samples.rows(0)
    assert [(row.caption.split()[0], row.alarm) for row in rows if row.alarm] == [('37.0', 1), ('71.0', 2)]
    assert 4 <= len(rows) <= 5
    times = [float(row.caption.split()[0]) for row in rows]
    assert times == sorted(times)
    assert all(row.image.shape[1] == row.labels.shape[1] == row.uncertainty.shape[1] == TILE for row in rows)
    sheet = contact_sheet(rows, load_card(tiny_model).classes, 1.0)
    assert sheet.shape[0] > len(rows) * TILE * 30 // 40


def test_an_image_with_a_new_obstacle_is_a_row_with_a_box(tiny_model: Path) -> None:
    samples = Samples(3)
    for i in range(100):
        samples.add(i * 10**9, parts(0, is_ood=False, obstacles='[[4, 10, 20, 15]]' if 41 <= i < 44 else '[]'))
    rows = samples.rows(0)
    (row,) = (row for row in rows if row.boxes)
    scale = TILE / 40
    assert row.boxes == ((4 * scale, 10 * scale, 20 * scale, 15 * scale),)
    assert row.caption.startswith('41.0 s') and row.caption.endswith('(1 obstacle)')
    sheet = contact_sheet(rows, load_card(tiny_model).classes, 1.0)
    assert (sheet == OUTLINE).all(axis=-1).any()


def test_problems_are_told_once_with_the_worst_and_the_latest() -> None:
    problems = Problems()
    for level, message in ((b'\1', 'first'), (b'\2', 'worse'), (b'\2', 'latest'), (b'\1', 'better'), (b'\0', 'well')):
        problems.add(DiagnosticStatus(level=level, name='segmentation: model', message=message))
    expected = {'name': 'segmentation: model', 'level': 'ERROR', 'message': 'latest', 'reports': 4}
    assert problems.summary() == [expected]


def test_the_end_of_the_camera_is_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(received: int) -> DiagnosticArray:
        counts = [KeyValue(key='received', value=str(received))]
        status = DiagnosticStatus(name=IMAGES_STATUS, level=DiagnosticStatus.ERROR, message='silent', values=counts)
        return DiagnosticArray(status=[status])

    monkeypatch.setenv('ROS_DOMAIN_ID', str(DOMAIN))
    with listening(lambda: Recorder(tmp_path, samples=1)) as (recorder, _):
        recorder._on_diagnostics(silent(0))
        assert recorder.problems.summary() == []
        recorder._on_diagnostics(silent(3))
        recorder.camera_ended = True
        recorder._on_diagnostics(silent(4))
        assert [problem['reports'] for problem in recorder.problems.summary()] == [1]
        assert recorder.node_status == {'received': '4'}


def test_capability_is_that_of_the_stages_in_which_the_node_works() -> None:
    timed = {'latency': 90, 'receive': 7, 'wait': 30, 'end_to_end': 97, 'convert': 5, 'network': 30, 'publish': 5}
    status = {f'{stage}_ms_{p}': str(ms) for stage, ms in timed.items() for p in ('p50', 'p99')}
    assert capability(status | {'fps': '10.0'}) == 25.0
    assert capability({}) == 0.0
