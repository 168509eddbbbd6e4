# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""rviz's configuration for a model: images show uncertainty on one scale, and that scale is the model's."""

import re

from uncd_ros.errors import UncdError
from uncd_ros.model.store import find_model, load_card


def rviz_config(default: str, model: str) -> str:
    """The text of a configuration with `Max Value` at the upper end of what the model's uncertainty can be.

    `model` is a folder or a built-in name. `default` as it is where there is no such model: the node says so.
    """
    try:
        upper = load_card(find_model(model)).uncertainty.upper
    except UncdError:
        return default
    return re.sub(r'(?m)^(\s*Max Value: ).*$', rf'\g<1>{upper:g}', default)
