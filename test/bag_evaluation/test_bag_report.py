# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report of a bag as a page that goes anywhere alone, after Ctrl-C, too; and how far it is."""

import json
import platform
import re
import signal
from pathlib import Path

import pytest

pytest.importorskip('rosbags', reason='reads and writes bags')

from support.bag_makers import CAMERA, START, camera_bag, camera_message, evaluate_bag, frame_lines, write_bag
from uncd_ros import progress
from uncd_ros.bag_evaluation import run
from uncd_ros.bag_evaluation.frame_log import FrameLog
from uncd_ros.bag_evaluation.frame_results import FrameResult
from uncd_ros.bags.reader import Bag
from uncd_ros.bags.topics import IMAGE
from uncd_ros.evaluate_bag import main
from uncd_ros.model.store import load_model


def test_the_page_can_be_sent_alone_and_says_what_it_is_about(tiny_model: Path, tmp_path: Path) -> None:
    same = camera_message(0)
    messages = [(CAMERA, IMAGE, START + i * 10**8, camera_message(i) if i < 20 else same) for i in range(40)]
    evaluate_bag(write_bag(tmp_path / 'bag', messages), tiny_model, tmp_path / 'out')
    page = (tmp_path / 'out/report.html').read_text()
    sources = re.findall(r'<img src="([^"]*)"', page)
    assert len(sources) == 3 and all(source.startswith('data:image/') for source in sources)
    assert not re.search(r'(?:src|href)="(?!data:|#)', page), 'it asks for nothing that is not in it'
    names = set(re.findall(r'id="([^"]*)"', page))
    assert set(re.findall(r'href="#([^"]*)"', page)) <= names
    verdict = page[page.index('<blockquote>') : page.index('</blockquote>')]
    for fact in ('Look at this first', 'The flag rose once', 'No events were given', 'frozen in 11 images', 'recorded'):
        assert fact in verdict
    card = load_model(tiny_model).card
    for fact in (card.weights_sha256, platform.node(), 'UTC', str(tmp_path / 'bag')):
        assert fact in page[page.index('id="this-run"') :]


def test_ctrl_c_leaves_a_report_of_the_images_so_far(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class InterruptedLog(FrameLog):
        def update(self, result: FrameResult) -> None:
            super().update(result)
            if result.frame.message.index == 2:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(run, 'FrameLog', InterruptedLog)
    before = signal.getsignal(signal.SIGINT)  # ignored, where the tests run in the background of a shell
    bag, out = camera_bag(tmp_path / 'bag', 6), tmp_path / 'out'
    options = ['--device', 'cpu', '--write-bag', str(tmp_path / 'beside')]
    assert main([str(bag), '--model', str(tiny_model), '--out', str(out), *options]) == 130
    found = json.loads((out / 'report.json').read_text())
    assert found['interrupted'] and found['bag']['evaluated'] == len(frame_lines(out)) == 3
    assert found['notices'] == ['interrupted after 3 of 6 images'] and found['bag']['lost'] == 0
    assert 'Interrupted after 3 of 6 images' in (out / 'report.md').read_text()
    with Bag(tmp_path / 'beside') as beside:
        assert beside.topics[CAMERA].count == 3
    assert signal.getsignal(signal.SIGINT) is before


def test_a_log_is_told_how_far_it_is(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, 'LINE_EVERY', 0.0)
    evaluate_bag(camera_bag(tmp_path / 'bag', 3), tiny_model, tmp_path / 'out')
    told = re.findall(r'bag: (\d) of 3 frames, [0-9.]+ frames/s, 0:00:\d\d left', capsys.readouterr().out)
    assert told == ['1', '2']
