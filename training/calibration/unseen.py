# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks with frames that they never saw: a student and its held-out drives, or a student for each fold of drives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from training.data.labelled_frames import LabelledFrames
from uncd_ros.evaluation.pixel_metrics import Network
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import as_batch
from uncd_ros.evaluation.student_model import student_network
from uncd_ros.network.student import Student, StudentOutput

Unseen = Sequence[tuple[Network, LabelledFrames]]
"""Networks, each with frames that it was not trained on. What is measured is of all frames together."""


@dataclass(frozen=True, kw_only=True)
class CalibrationFold:
    """A student and drives that neither it nor those that taught it were trained on."""

    student: Student
    train: LabelledFrames
    """Frames that it was trained on."""
    unseen: LabelledFrames


def unseen_frames(folds: Sequence[CalibrationFold]) -> Unseen:
    """The network of each fold's student with its drives."""
    return [(student_network(fold.student), fold.unseen) for fold in folds]


def outputs(unseen: Unseen) -> Iterator[tuple[StudentOutput, LabelledFrame]]:
    """What each network says of each of its frames, one at a time and at the network's size."""
    return ((network(as_batch(frame.image)), frame) for network, frames in unseen for frame in frames)
