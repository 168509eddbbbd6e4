# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Perception that knows when it does not know: labels, uncertainty and an OOD flag in one pass."""

__version__ = '0.1.0'
