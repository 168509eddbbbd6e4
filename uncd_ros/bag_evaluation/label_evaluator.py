# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The student before a bag's labels: all that the evaluation of a labelled split computes, and exactly that.

Beside the node's own pass, labelled images take the one that training/evaluate.py judges, whose batch norms are not
folded: the figures are the same to the last digit on the same frames.
"""

import numpy as np
import torch

from uncd_ros.bag_evaluation.frame_results import FrameResult
from uncd_ros.errors import ImageError
from uncd_ros.evaluation.evaluation import Evaluation
from uncd_ros.evaluation.label_images import as_labels
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import SplitEvaluator
from uncd_ros.evaluation.student_model import student_model
from uncd_ros.model.store import StoredModel

EXAMPLES = 4
"""Frames that are kept to look at."""


class LabelEvaluator:
    """Judges what has labels; what does not fit is counted."""

    def __init__(self, model: StoredModel, device: torch.device, *, frames: int, void: int) -> None:
        """`frames` is how many will have labels, as far as is known; `void` the label id that means nothing."""
        self._card, self._void = model.card, void
        self._contender = student_model(model, device)
        examples = np.linspace(0, max(0, frames - 1), min(EXAMPLES, max(1, frames))).astype(int)
        self.trial = SplitEvaluator([self._contender], len(model.card.classes), examples.tolist())
        self.rejected = 0
        """Label images that could not be used."""
        self.first_reason = ''
        """What was wrong with the first of them."""

    @property
    def judged(self) -> int:
        """Frames with labels."""
        return len(self.trial.sequences)

    def update(self, result: FrameResult) -> None:
        """Take in the next image."""
        frame = result.frame
        if frame.label_fault:
            self._reject(f'message {frame.message.index}: {frame.label_fault}')
        if frame.labels is None or frame.image is None:
            return
        name, size = f'labels of message {frame.message.index}', frame.image.shape[:2]
        try:
            labels = as_labels(frame.labels, name, (size[0], size[1]), len(self._card.classes), self._void)
        except ImageError as error:
            self._reject(str(error))
            return
        image = np.ascontiguousarray(frame.image)
        self.trial.update(
            LabelledFrame(
                image=image, labels=labels, name=f'message {frame.message.index}', sequence=frame.message.topic
            )
        )

    def evaluation(self, bag: str, every: int) -> Evaluation:
        """For the report; there must be a judged frame."""
        return Evaluation(
            card=self._card,
            dataset=bag,
            evaluated_models=(self._contender,),
            splits={bag: self.trial},
            ood_sets={},
            shifts={},
            weather={},
            seen_sequences=frozenset(),
            calibration_sequences=frozenset(),
            every=every,
            cost=None,  # a time, which differs from run to run
            notes={},
            sweeps=(),
        )

    def _reject(self, reason: str) -> None:
        self.rejected += 1
        self.first_reason = self.first_reason or reason
