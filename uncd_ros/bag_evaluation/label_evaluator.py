# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images with labels, compared by the same metrics as in training/evaluate.py.

The figures come from the pass that the node's decision comes from: the network as the robot runs it, which
training/evaluate.py evaluates, too.
"""

import numpy as np

from uncd_ros.bag_evaluation.frame_results import FrameResult
from uncd_ros.errors import ImageError
from uncd_ros.evaluation.evaluation import Evaluation
from uncd_ros.evaluation.label_images import as_labels
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import STUDENT, SplitEvaluator
from uncd_ros.evaluation.student_model import student_model
from uncd_ros.model.predictor import Predictor

EXAMPLES = 4
"""Frames that are kept for the figure of examples."""


class LabelEvaluator:
    """Evaluates every image that has labels; label images that do not fit are counted."""

    def __init__(self, predictor: Predictor, *, frames: int, ignore_index: int) -> None:
        """`frames` is how many will have labels, as far as is known; `ignore_index` the label id of no class."""
        self._card, self._ignore_index = predictor.card, ignore_index
        self._student = student_model(predictor)
        examples = np.linspace(0, max(0, frames - 1), min(EXAMPLES, max(1, frames))).astype(int)
        self._evaluator = SplitEvaluator([self._student], len(self._card.classes), examples.tolist())
        self.rejected = 0
        """Label images that could not be used."""
        self.first_reason = ''
        """What was wrong with the first of them."""

    @property
    def evaluated(self) -> int:
        """Images with labels that were compared."""
        return len(self._evaluator.sequences)

    def update(self, result: FrameResult) -> None:
        """Take in the next image."""
        frame = result.frame
        if frame.label_fault:
            self._reject(f'message {frame.message.index}: {frame.label_fault}')
        if frame.labels is None or frame.image is None or result.output is None or result.prediction is None:
            return
        name, (height, width) = f'labels of message {frame.message.index}', frame.image.shape[:2]
        try:
            labels = as_labels(frame.labels, name, (height, width), len(self._card.classes), self._ignore_index)
        except ImageError as error:
            self._reject(str(error))
            return
        seen = result.prediction.seen.index
        labelled = LabelledFrame(
            image=np.ascontiguousarray(frame.image[seen]),
            labels=np.ascontiguousarray(labels[seen]),
            name=f'message {frame.message.index}',
            sequence=frame.message.topic,
        )
        self._evaluator.add(labelled, {STUDENT: result.output})

    def evaluation(self, bag: str, every: int) -> Evaluation:
        """For the report; at least one image must have been evaluated."""
        return Evaluation(
            card=self._card,
            dataset=bag,
            evaluated_models=(self._student,),
            splits={bag: self._evaluator},
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
