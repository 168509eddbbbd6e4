# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A camera before the event recorder, whose images tell their numbers."""

from support.bag_makers import START
from uncd_ros.bags.reader import Bag
from uncd_ros.recording.bag_folder import BagFolder, DiskLimits
from uncd_ros.recording.entry import Entry
from uncd_ros.recording.event_recorder import EventRecorder
from uncd_ros.recording.events import EventTimes

PERIOD = 10**9 // 10
TIMES = EventTimes(before=1.0, after=0.5, longest=3.0)
PLENTY = DiskLimits(quota=10**9, min_free=0)


class Drive:
    """A camera at 10 Hz before a recorder; a time is the number of an image."""

    def __init__(self, path, *, times=TIMES, capacity=10**8, limits=PLENTY, size=100):
        self.outcomes = []
        self.folder = BagFolder(path, limits)
        self.recorder = EventRecorder(self.folder, times, capacity, self.outcomes.append)
        self._next, self._size = 0, size

    def play(self, until: int, *events: int) -> 'Drive':
        for index in range(self._next, until):
            now = START + index * PERIOD
            data = index.to_bytes(4, 'big') + bytes(self._size)
            self.recorder.add(Entry(topic='/camera', kind='std_msgs/msg/String', received=now, data=data))
            if index in events:
                self.recorder.event(now)
        self._next = until
        return self

    def settle(self) -> 'Drive':
        """Wait until the bags whose recording has ended are written."""
        for thread in self.recorder._threads:
            thread.join()
        return self

    def bags(self) -> list[list[int]]:
        """Numbers of the images in each bag, once all are written."""
        self.recorder.close()
        self.folder.close()
        return [numbers(path) for path in self.folder.bags()]


def numbers(path) -> list[int]:
    with Bag(path) as bag:
        assert not bag.notices
        return [int.from_bytes(message.data[:4], 'big') for message in bag.messages(['/camera'])]
