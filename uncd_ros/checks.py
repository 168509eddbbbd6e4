# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that records make of their own fields."""

from uncd_ros.errors import ConfigError


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise ConfigError unless low <= value <= high; NaN is in no range."""
    if not low <= value <= high:
        raise ConfigError(f'{name} is {str(value)[:30]}, expected {low:g} to {high:g}')


def check_text(name: str, value: str) -> None:
    """Raise ConfigError unless the text can be printed on one line and is not empty."""
    if not value or not value.isprintable():
        raise ConfigError(f'{name} is {value[:60]!a}, expected text in one line')
