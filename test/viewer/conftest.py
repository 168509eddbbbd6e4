# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page, served."""

import pytest


@pytest.fixture
def served(monkeypatch):
    from support.page_double import serving  # needs aiohttp, without which the tests that use it are skipped

    with serving(monkeypatch) as both:
        yield both
