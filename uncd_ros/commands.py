# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The console scripts. Python takes seconds to read PyTorch in; told to end meanwhile, they end without a word."""

import os
import signal
from importlib import import_module


def perception_node() -> int:
    """See node/perception_node.py."""
    return _run('node.perception_node')


def image_player() -> int:
    """See node/image_player.py."""
    return _run('node.image_player')


def event_recorder() -> int:
    """See node/event_recorder.py."""
    return _run('node.event_recorder')


def viewer() -> int:
    """See node/viewer.py."""
    return _run('node.viewer')


def demo() -> int:
    """See node/demo.py."""
    return _run('node.demo')


def evaluate_bag() -> int:
    """See evaluate_bag.py."""
    return _run('evaluate_bag')


def make_bag() -> int:
    """See make_bag.py."""
    return _run('make_bag')


def upgrade_model() -> int:
    """See upgrade_model.py."""
    return _run('upgrade_model')


def export_model() -> int:
    """See export/__main__.py."""
    return _run('export.__main__')


def _run(module: str) -> int:
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, lambda *_: os._exit(0)) for each in signals]  # there is nothing yet to clean up
    main = import_module(f'uncd_ros.{module}').main
    for each, handler in zip(signals, before, strict=True):
        signal.signal(each, handler)
    return int(main())
