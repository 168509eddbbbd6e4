# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The export of a model, frames for it, and changes to the records of its engines."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import pytest

from support.project import PROJECT
from uncd_ros.model.card_json import content_checksum
from uncd_ros.street.drive import StreetDrive


def export_model(folder: Path, *options: str) -> 'subprocess.CompletedProcess[str]':
    """The command, as a process of its own, as users run it: NNCF leaves a process that may not survive a signal."""
    if not all(map(find_spec, ('onnx', 'onnxscript', 'openvino', 'nncf'))):
        pytest.skip('needs the extra export')
    command = [sys.executable, '-m', 'uncd_ros.export', str(folder), *options]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def nominal_frames(folder: Path, count: int) -> Path:
    """A folder of images 64x48 of two drives, 'a' and 'b', half of them each."""
    folder.mkdir(parents=True)
    drive = StreetDrive(height=48, width=64)
    for index in range(count):
        name = f'{"ab"[index >= count // 2]}_{index:04d}.png'
        cv2.imwrite(str(folder / name), drive.scene(10 * index).image[..., ::-1])
    return folder


def edit_engine(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Let `change` edit the content of a record in place, then set its checksum anew."""
    content = json.loads(path.read_text())
    change(content)
    content['checksum'] = content_checksum(content)
    path.write_text(json.dumps(content))
