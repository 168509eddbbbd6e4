# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks side by side: each is asked about each frame, and merged classes are judged as merged."""

import numpy as np
import torch

from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.evaluation.split_evaluator import EvaluatedModel, ShiftEvaluator, SplitEvaluator, score_images
from uncd_ros.network.student import StudentOutput
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES, WITHOUT_STD


def _frame(ids: list[list[int]], sequence: str = 'a') -> LabelledFrame:
    """A frame whose red channel is the class of each pixel."""
    labels = np.asarray(ids, np.uint8)
    image = np.zeros((*labels.shape, 3), np.uint8)
    image[..., 0] = np.where(labels == 255, 0, labels)
    return LabelledFrame(image=image, labels=labels, name='a_0', sequence=sequence)


def _reader(name: str, *, offset: int = 0, has_std: bool = True) -> EvaluatedModel:
    """A network of 4 classes that reads the class off the red channel, and adds `offset`; unsure of class 3."""

    def network(images: torch.Tensor) -> StudentOutput:
        ids = (images[:, 0].long() + offset) % 4
        one_hot = torch.nn.functional.one_hot(ids, 4).permute(0, 3, 1, 2).float()
        return StudentOutput(logits=20 * one_hot, std=0.1 + 0.3 * (ids == 3)[:, None].float().expand_as(one_hot))

    served = 'mean_std' if has_std else 'entropy'
    return EvaluatedModel(
        name=name, network=network, served=served, known=tuple(PIXEL_UNCERTAINTIES) if has_std else WITHOUT_STD
    )


def test_every_contender_is_judged_on_every_frame() -> None:
    trial = SplitEvaluator(
        [_reader('student'), _reader('teacher', offset=1), _reader('baseline', has_std=False)], 4, [1]
    )
    for sequence in ('a', 'b'):
        trial.update(_frame([[0, 1], [2, 255]], sequence))
    assert trial.pixels['student'].confusion.accuracy() == 1.0
    assert trial.pixels['teacher'].confusion.accuracy() == 0.0
    assert set(trial.pixels['baseline'].errors) == {'entropy', 'msp', 'neg_max_logit'}
    assert trial.sequences == ['a', 'b']
    assert [example.frame.sequence for example in trial.examples] == ['b']
    assert len(trial.images['student'].values['mean']) == 2
    assert trial.milliseconds('student') > 0
    # Only who has a std is compared with the teacher, and void pixels are not.
    assert set(trial.agreement) == {'student'}
    assert int(trial.agreement['student']['mean_std'].counts.sum()) == 6


def test_memory_does_not_grow_with_the_frames() -> None:
    trial = SplitEvaluator([_reader('student'), _reader('teacher')], 4, [])
    sizes = []
    for _ in range(3):
        trial.update(_frame([[0, 1], [2, 3]]))
        found: list[int] = []
        for judge in trial.pixels.values():
            parts = (
                judge.confusion.counts,
                judge.retention.counts,
                judge.patches.ranking.counts,
                *judge.class_uncertainty.values(),
            )
            found += [part.numel() for part in (*parts, *(each.counts for each in judge.errors.values()))]
        sizes.append(found)
    assert sizes[0] == sizes[1] == sizes[2]
    assert all(len(values) == 3 for values in trial.images['student'].values.values())  # a few numbers an image


def test_without_a_teacher_there_is_nothing_to_agree_with() -> None:
    assert SplitEvaluator([_reader('student')], 4, []).agreement == {}


def test_merged_classes_forgive_a_mix_up_within() -> None:
    # 0 and 1 become one class, 2 and 3 another; the network takes 0 for 1 and 2 for 3.
    trial = ShiftEvaluator([_reader('student', offset=1)], np.asarray([0, 0, 1, 1]), 2)
    frame = _frame([[0, 2], [0, 2]])
    trial.update(LabelledFrame(image=frame.image, labels=frame.labels // 2, name='a', sequence='a'))
    result = trial.result('student')
    assert (result.images, result.miou, result.pixel_accuracy) == (1, 1.0, 1.0)


def test_errors_under_shift_are_found_by_the_served_uncertainty() -> None:
    trial = ShiftEvaluator([_reader('student')], np.asarray([0, 0, 1, 1]), 2)
    image = _frame([[0, 1], [2, 3]]).image
    trial.update(LabelledFrame(image=image, labels=np.asarray([[0, 0], [1, 0]], np.uint8), name='a', sequence='a'))
    assert trial.result('student').error_auroc == 1.0
    assert len(trial.images['student'].values['mean']) == 1


def test_strange_images_are_scored_in_order() -> None:
    images = (_frame([[value]]).image for value in (0, 3))
    scores = score_images([_reader('student')], images)['student'].values['mean']
    np.testing.assert_allclose(scores, [0.1, 0.4], rtol=1e-6)
