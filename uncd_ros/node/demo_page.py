# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The live page beside the demo."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from uncd_ros.errors import UncdError
from uncd_ros.node.child import process
from uncd_ros.node.listening import Spin
from uncd_ros.node.recorder import Recorder

PORT = 8080
PREVIEW = '/segmentation/overlay_preview'
OPEN_WITHIN = 120.0
"""Seconds for somebody to open the page; then the camera starts all the same."""


class PageError(UncdError):
    """The page could not be served."""


@contextmanager
def live_page(recorder: Recorder, spin: Spin, console: Console) -> Iterator[None]:
    """Serve the page, and wait until it is open, which shows itself by a subscriber to the preview."""
    with process('viewer', port=PORT) as viewer:
        console.print(f'open [bold]http://127.0.0.1:{PORT}/[/] in a browser; the camera starts when the page is open …')
        spin(lambda: recorder.count_subscribers(PREVIEW) > 0 or viewer.poll() is not None, OPEN_WITHIN)
        if viewer.poll() is not None:
            raise PageError('the viewer did not start; its last lines above say why')
        yield
