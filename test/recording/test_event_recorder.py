# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From messages and events to bags."""

import errno
import threading

import numpy as np
import pytest
from rosbags.rosbag2.storage_mcap import McapWriter

from support.bag_makers import START, camera_message
from support.recorded_drive import PERIOD, PLENTY, TIMES, Drive
from uncd_ros.bags.reader import typestore
from uncd_ros.bags.topics import IMAGE
from uncd_ros.bags.writer import header, image_message
from uncd_ros.evaluate_bag import main as evaluate_bag
from uncd_ros.recording import bag_thread
from uncd_ros.recording.bag_folder import BagFolder, DiskLimits
from uncd_ros.recording.entry import Entry
from uncd_ros.recording.event_recorder import EventRecorder
from uncd_ros.recording.events import EventTimes
from uncd_ros.recording.packing import packed


def test_ten_alarms_are_ten_bags_with_the_frames_before_and_after_in_order(tmp_path):
    alarms = range(20, 320, 30)
    drive = Drive(tmp_path).play(330, *alarms)
    assert drive.bags() == [list(range(alarm - 10, alarm + 6)) for alarm in alarms]
    assert sorted(outcome.bag for outcome in drive.outcomes) == drive.folder.bags()
    assert not any(outcome.fault for outcome in drive.outcomes)


def test_alarms_during_a_recording_extend_it_up_to_the_longest(tmp_path):
    assert Drive(tmp_path / 'two').play(60, 20, 24).bags() == [list(range(10, 30))]
    many = Drive(tmp_path / 'many').play(80, *range(20, 56)).bags()
    assert many[0] == list(range(10, 51))
    assert many[1] == list(range(41, 61))


def test_an_event_before_there_is_enough_is_recorded_with_what_there_is(tmp_path):
    assert Drive(tmp_path).play(30, 3).bags() == [list(range(9))]


def test_the_end_of_the_process_ends_the_bag(tmp_path):
    assert Drive(tmp_path).play(22, 20).bags() == [list(range(10, 22))]


def test_a_recording_ends_although_no_message_comes(tmp_path):
    drive = Drive(tmp_path).play(21, 20)
    assert drive.recorder.tick(START + 25 * PERIOD).recording == 'event_19700101_000007_000'
    assert drive.recorder.tick(START + 26 * PERIOD).recording == ''


def test_memory_that_does_not_reach_back_is_told(tmp_path):
    drive = Drive(tmp_path, capacity=5000).play(30)
    state = drive.recorder.tick(START)
    assert state.size <= 5000
    assert state.shortfall == f'0 MB hold {state.held:.1f} s of messages, expected 1 s'
    assert drive.recorder.event(START + 30 * PERIOD)
    assert drive.bags() == [list(range(30 - round(state.held * 10) - 1, 30))]


def test_the_quota_is_kept_by_deleting_the_oldest(tmp_path):
    drive = Drive(tmp_path, limits=DiskLimits(quota=200_000, min_free=0), size=4000)
    for alarm in range(20, 320, 30):
        drive.play(alarm + 10, alarm).settle()
    kept = drive.bags()
    assert kept == [list(range(alarm - 10, alarm + 6)) for alarm in range(20, 320, 30)][-len(kept) :]
    assert 1 < len(kept) < 5
    assert drive.folder.usage()[1] < 200_000 + 80_000


def test_a_bag_that_fills_the_quota_ends_early_and_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(bag_thread, 'CHECK_EVERY', 20_000)
    drive = Drive(tmp_path, limits=DiskLimits(quota=30_000, min_free=0), size=4000).play(40, 20)
    (kept,) = drive.bags()
    assert kept == list(range(10, 10 + len(kept)))
    assert 5 < len(kept) < 16
    assert 'fills the quota of 0 MB: event_19700101_000007_000 ends early' in drive.outcomes[0].fault


def test_a_full_disk_is_one_sentence_and_the_next_bag_is_tried(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:

        def fail(*_):
            raise OSError(errno.ENOSPC, 'No space left on device')

        patch.setattr(McapWriter, 'write', fail)
        drive = Drive(tmp_path).play(40, 20).settle()
        fault = drive.recorder.tick(START).fault
        assert 'No space left on device' in fault
        assert '\n' not in fault
        assert list(drive.folder.path.glob('.unfinished/event*')) == []
    assert drive.play(90, 60).bags() == [list(range(50, 66))]
    assert [bool(outcome.bag) for outcome in drive.outcomes] == [False, True]
    assert drive.recorder.tick(START).fault == ''


def test_a_message_of_an_unknown_type_costs_its_bag_alone(tmp_path):
    drive = Drive(tmp_path)
    drive.recorder.add(Entry(topic='/odd', kind='odd_msgs/msg/Odd', received=START, data=b''))
    drive.recorder.event(START)
    drive.settle().play(60, 40)
    assert drive.bags() == [list(range(30, 46))]
    assert 'odd_msgs' in drive.outcomes[0].fault


def test_a_disk_that_is_too_slow_ends_the_bag_early(tmp_path, monkeypatch):
    going, write = threading.Event(), McapWriter.write

    def slow(*arguments):
        going.wait()
        write(*arguments)

    monkeypatch.setattr(McapWriter, 'write', slow)
    times = EventTimes(before=1.0, after=100.0, longest=100.0)
    drive = Drive(tmp_path, times=times, capacity=60_000, size=4000).play(200, 20)
    going.set()
    (kept,) = drive.bags()
    assert kept == list(range(10, 10 + len(kept)))
    assert 11 < len(kept) < 40
    assert 'too slow' in drive.outcomes[0].fault


def test_a_bag_goes_straight_into_evaluate_bag(tmp_path, tiny_model, capsys):
    folder = BagFolder(tmp_path / 'events', PLENTY)
    recorder = EventRecorder(folder, TIMES, 10**8)
    ids = np.eye(48, 64, dtype=np.uint8)
    for index in range(30):
        now = START + index * PERIOD
        image = Entry(topic='/front/image_raw', kind=IMAGE, received=now, data=camera_message(index))
        recorder.add(packed(image, 'jpeg'))
        mask = typestore().serialize_cdr(image_message(header(now, 'front'), 'mono8', ids), IMAGE)
        recorder.add(packed(Entry(topic='/segmentation/mask', kind=IMAGE, received=now, data=bytes(mask)), 'png'))
        if index == 15:
            recorder.event(now)
    recorder.close()
    (bag,) = folder.bags()
    status = evaluate_bag([str(bag), '--model', str(tiny_model), '--out', str(tmp_path / 'out')])
    assert status == 0
    printed = capsys.readouterr().out
    assert '/front/image_raw/compressed' in printed


@pytest.mark.parametrize('tick', [0, 10**12])
def test_nothing_happens_without_an_event(tmp_path, tick):
    drive = Drive(tmp_path).play(50)
    assert drive.recorder.tick(START + tick).fault == ''
    assert drive.bags() == []
