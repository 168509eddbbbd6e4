# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""When a recording begins and ends."""

from dataclasses import dataclass

from uncd_ros.checks import check_range


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTimes:
    """What is recorded around an event, in seconds."""

    before: float
    after: float
    """From the latest event on."""
    longest: float
    """From the first event on: later ones extend the recording no further, but the next then begins another."""

    def __post_init__(self) -> None:
        check_range('before', self.before, 0.0, 3600.0)
        check_range('after', self.after, 0.0, 3600.0)
        check_range('longest', self.longest, self.after, 86400.0)


class EventWindow:
    """The stretch of time that is being recorded. Times are nanoseconds of one clock that never goes back."""

    def __init__(self, times: EventTimes) -> None:
        self._after, self._longest = round(times.after * 1e9), round(times.longest * 1e9)
        self._first = self._end = 0

    def begin(self, now: int) -> None:
        """An event, of which none was before."""
        self._first, self._end = now, now + self._after

    def extend(self, now: int) -> None:
        """Another event, before the end of those before."""
        self._end = min(now + self._after, self._first + self._longest)

    def is_over(self, now: int) -> bool:
        """Whether what happens now belongs to it no more."""
        return now > self._end


class AlarmCount:
    """Notices new alarms by the count that the node sends with each decision, and with each of its heartbeats.

    A message that is lost, or one that repeats what was said before, changes nothing about it.
    """

    def __init__(self) -> None:
        self._count: int | None = None

    def rises(self, count: int) -> bool:
        """Whether there is an alarm that was not there before; what was there at first is not new.

        A count that has fallen is that of a node that was started again.
        """
        before, self._count = self._count, count
        return before is not None and count > before
