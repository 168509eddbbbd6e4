# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""rviz's configuration for a model and a camera: uncertainty is shown on the model's scale."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from uncd_ros.model.find import CARD


def uncertainty_upper(model: Path) -> float:
    """The upper end of the uncertainty's range of the model in a folder.

    1.0 for one that is damaged: the node, which checks every model, says so. This must not need what it needs.
    """
    try:
        return float(json.loads((model / CARD).read_text())['uncertainty']['upper'])
    except (OSError, ValueError, KeyError, TypeError):
        return 1.0


def rviz_config(default: str, upper: float, topics: Mapping[str, str]) -> str:
    """The text of a configuration for an uncertainty in [0, upper], with `topics` renamed."""
    text = re.sub(r'(?m)^(\s*Max Value: ).*$', rf'\g<1>{upper:g}', default)
    return re.sub(r'(?m)^(\s*Value: )(/\S+)$', lambda line: line[1] + topics.get(line[2], line[2]), text)
