# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The folder of the bags: quota, free space, whose bags they are, whole ones only."""

import shutil
from collections import namedtuple

import pytest

from uncd_ros.errors import BagError
from uncd_ros.recording.bag_folder import UNFINISHED, BagFolder, DiskLimits

Usage = namedtuple('Usage', 'free')
SECOND = 10**9
LIMITS = DiskLimits(quota=1000, min_free=0)


@pytest.fixture
def folder(tmp_path):
    made = BagFolder(tmp_path / 'events', LIMITS)
    yield made
    made.close()


def fill(folder: BagFolder, second: int, size: int = 400) -> str:
    """A bag of so many bytes, of an event at that second."""
    name = folder.name(second * SECOND)
    folder.unfinished(name).mkdir()
    (folder.unfinished(name) / 'x.mcap').write_bytes(bytes(size))
    folder.publish(name)
    return name


def test_names_tell_the_time_of_the_event_and_sort_by_it(folder):
    assert folder.name(1_795_936_638_123_456_789) == 'event_20261129_071718_123'
    names = [fill(folder, second) for second in (9, 100, 5)]
    assert [bag.name for bag in folder.bags()] == [names[2], names[0], names[1]]
    assert folder.usage() == (3, 1200)


def test_the_oldest_make_room(folder):
    names = [fill(folder, second) for second in range(3)]
    assert folder.lack_of_room(0) == ''
    assert [bag.name for bag in folder.bags()] == names[1:]
    assert folder.lack_of_room(300) == ''
    assert [bag.name for bag in folder.bags()] == names[2:]


def test_only_own_bags_are_deleted(folder):
    kept = [folder.path / 'event_rain', folder.path / 'a.mcap', folder.path / 'event_20261129_071718_124']
    fill(folder, 1)
    (folder.path / folder.name(SECOND)).rename(kept[0])
    kept[1].write_bytes(bytes(5000))
    kept[2].symlink_to(kept[0])
    fill(folder, 2)
    assert folder.lack_of_room(900) == ''
    assert folder.bags() == []
    assert all(path.exists() for path in kept)


def test_a_bag_that_fills_the_quota_alone_must_end(folder):
    fill(folder, 1)
    assert 'fills the quota' in folder.lack_of_room(1001)


def test_below_the_least_free_space_nothing_is_deleted(tmp_path, monkeypatch):
    folder = BagFolder(tmp_path, DiskLimits(quota=1000, min_free=5_000_000))
    names = [fill(folder, second) for second in range(4)]
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: Usage(4_000_000))
    assert folder.lack_of_room(0) == f'{tmp_path}: 4 MB are free, expected 5 or more'
    assert [bag.name for bag in folder.bags()] == names


def test_what_a_killed_process_left_is_removed(tmp_path):
    (tmp_path / UNFINISHED / 'event_19700101_000001_000').mkdir(parents=True)
    folder = BagFolder(tmp_path, LIMITS)
    assert [each.name for each in (tmp_path / UNFINISHED).iterdir()] == ['lock']
    assert folder.bags() == []


def test_two_processes_do_not_share_a_folder(folder):
    with pytest.raises(BagError, match='another event_recorder'):
        BagFolder(folder.path, LIMITS)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(BagError, match='cannot be written to'):
        BagFolder(tmp_path / 'file' / 'events', LIMITS)
