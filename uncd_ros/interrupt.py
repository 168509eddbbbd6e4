# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C that lets the work in hand come to an end."""

import signal
import threading
from types import FrameType, TracebackType


class Interrupt:
    """While it is open, the first Ctrl-C is only noted; the second raises KeyboardInterrupt, as ever."""

    def __init__(self) -> None:
        self.requested = False
        """Whether somebody asked for the end."""

    def __enter__(self) -> 'Interrupt':
        if threading.current_thread() is threading.main_thread():  # others are not told of signals
            self._before = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._before)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            signal.default_int_handler(number, frame)
        self.requested = True
