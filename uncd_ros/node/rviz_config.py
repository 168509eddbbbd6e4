# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""rviz's configuration for a model and a camera: uncertainty is shown on the model's scale."""

import re
from collections.abc import Mapping


def rviz_config(default: str, upper: float, topics: Mapping[str, str]) -> str:
    """The text of a configuration for an uncertainty in [0, upper], with `topics` renamed."""
    text = re.sub(r'(?m)^(\s*Max Value: ).*$', rf'\g<1>{upper:g}', default)
    return re.sub(r'(?m)^(\s*Value: )(/\S+)$', lambda line: line[1] + topics.get(line[2], line[2]), text)
