# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the stamps of a camera tell when its images were taken; if not, no latency can be told from them."""

import math

OLDEST = 10.0
"""Seconds by which a stamp may lie behind the node's clock; more is another clock, not a slow camera."""
AHEAD = 0.1
"""Seconds by which it may lie ahead: clocks of two machines that are synchronised differ by milliseconds."""
STILL_IMAGES, STILL_SECONDS = 3, 0.5
"""A stamp stands still when so many images in a row have it, over so many seconds: one may be sent twice."""
BACK_SECONDS = 5.0
"""For so long after a step back the stamps are not trusted: two cameras on one topic step back all the time."""
_TIME_OF_IMAGE = 'expected the time at which each image was taken'


class StampCheck:
    """Watches the stamps of one camera, image by image."""

    def __init__(self) -> None:
        self._stamp, self._since, self._alike = float('nan'), 0.0, 0
        self._newest = -math.inf
        """Latest stamp of the node's clock."""
        self._step_back, self._stepped_at = 0.0, -math.inf
        """Seconds of the latest step back, and its arrival."""

    def check(self, stamp: float, clock: float, arrival: float) -> str:
        """What is wrong with the stamp of the next image, as it was found and expected; empty if nothing is.

        All in seconds: `clock` is the node's at its arrival, which may be simulated; `arrival` is on a steady clock.
        """
        if stamp != self._stamp:
            self._stamp, self._since, self._alike = stamp, arrival, 0
        self._alike += 1
        if stamp == 0.0:
            return f'stamps are 0, {_TIME_OF_IMAGE}'
        if self._alike >= STILL_IMAGES and arrival - self._since >= STILL_SECONDS:
            return f'stamps stand still at {stamp:.3f} s for {self._alike} images, {_TIME_OF_IMAGE}'
        return _of_another_clock(stamp, clock) or self._gone_back(stamp, arrival)

    def _gone_back(self, stamp: float, arrival: float) -> str:
        if stamp < self._newest:
            self._step_back, self._stepped_at = self._newest - stamp, arrival
        self._newest = stamp
        if arrival - self._stepped_at > BACK_SECONDS:
            return ''
        return (
            f'stamps went back by {self._step_back:.3f} s, expected each later than the one before:'
            ' two cameras on one topic, a clock that was set back, or a bag that began anew'
        )


def _of_another_clock(stamp: float, clock: float) -> str:
    behind = clock - stamp
    if clock == 0.0:
        return "this node's clock is 0, expected time to pass: use_sim_time is set and nobody publishes /clock"
    if behind > OLDEST:
        return (
            f"stamps are {behind:.0f} s behind this node's clock, expected {OLDEST:.0f} s at most:"
            ' another clock, or recorded images without use_sim_time'
        )
    if behind < -AHEAD:
        return (
            f"stamps are {-behind:.1f} s ahead of this node's clock, expected {AHEAD:g} s at most:"
            ' the clocks differ, or only one of them is simulated'
        )
    return ''
