# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures of a drive: images with their labels and uncertainty, as a file of the report."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from uncd_ros.bag_evaluation.frame_results import FrameResult
from uncd_ros.images.contact_sheet import SheetRow, contact_sheet
from uncd_ros.model.card import ModelCard


def sheet_row(result: FrameResult) -> SheetRow:
    """An image that could be read; its caption has time, number and score."""
    assert result.frame.image is not None
    assert result.prediction is not None
    return SheetRow(
        image=np.ascontiguousarray(result.frame.image),
        labels=result.prediction.labels,
        uncertainty=result.prediction.uncertainty,
        caption=f'{result.seconds:.2f} s, message {result.frame.message.index}    score {result.score:.3f}',
        is_ood=result.decision.is_ood,
    )


def write_sheet(rows: Sequence[SheetRow], card: ModelCard, folder: Path, name: str) -> str:
    """Draw them into `folder`, of the report's; where the report finds the file, or empty if the disk is full."""
    sheet = contact_sheet(rows, card.classes, card.uncertainty.upper)
    folder.mkdir(parents=True, exist_ok=True)
    return f'{folder.name}/{name}' if cv2.imwrite(str(folder / name), sheet[..., ::-1]) else ''
