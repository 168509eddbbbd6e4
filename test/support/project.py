# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the project lies."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""Root of the checkout whose code is tested."""
