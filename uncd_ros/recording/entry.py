# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One message as it will be in a bag."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message, small enough to be kept."""

    topic: str
    kind: str
    """Such as 'sensor_msgs/msg/CompressedImage'."""
    received: int
    """Nanoseconds since 1970, by a clock that never goes back."""
    data: bytes
    """CDR."""
