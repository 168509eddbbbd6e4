# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A model folder that holds engines: as it is, or a copy that was exported here."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from training.data.splits import data_folder
from uncd_ros.errors import ModelError
from uncd_ros.export.frames import STREET
from uncd_ros.model.engine_record import engine_files, read_engine, served_digest
from uncd_ros.model.find import find_model
from uncd_ros.model.store import load_card


def default_calibration(model: str) -> str:
    """What calibrated the model, where it is on this machine; else empty."""
    dataset = load_card(find_model(model)).calibration_data.dataset
    folder = data_folder(dataset) / 'train'
    return STREET if dataset == STREET else str(folder) if folder.is_dir() else ''


def engines_of(model: str, calibration: str, out: Path, say: Callable[[str], None]) -> Path:
    """The folder to measure. Where no engine can be made, what the export says of it is printed, and torch is left."""
    folder = find_model(model)
    if any(engine_files(folder)):
        return folder
    copy = out / folder.name
    if not _is_export_of(copy, folder):
        say(f'exporting {folder} to {copy}')
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        options = ('--calibration', calibration) if calibration else ()
        subprocess.run([sys.executable, '-m', 'uncd_ros.export', str(copy), *options], check=False)
    return copy


def _is_export_of(copy: Path, folder: Path) -> bool:
    """Whether all that decides about a prediction is the same."""
    card = load_card(folder)
    try:
        records = [read_engine(path) for path in engine_files(copy)]
    except ModelError:
        return False
    wanted = (card.weights_sha256, served_digest(card))
    return bool(records) and all((each.weights_sha256, each.served) == wanted for each in records)
