# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where a model lies. Needs nothing from pip: `ros2 launch` may run outside the virtual environment of the node."""

from pathlib import Path

from uncd_ros.errors import ModelError
from uncd_ros.resources import share_path

CARD = 'model.json'
"""The file by which a folder is known as a model."""


def find_model(model: str | Path) -> Path:
    """The folder of a model given by path or by built-in name."""
    folder = Path(model).expanduser()
    if (folder / CARD).is_file():
        return folder
    models = share_path('models')
    if (models / model / CARD).is_file():
        return models / model
    built_in = sorted(path.parent.name for path in models.glob(f'*/{CARD}'))
    raise ModelError(
        f"model '{model}' not found: expected a folder with {CARD}, or one of the built-in models {', '.join(built_in)}"
    )
