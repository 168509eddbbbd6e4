# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The result of one bag's evaluation, and report.json of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from uncd_ros.bag_evaluation.alarm_log import Alarm
from uncd_ros.bag_evaluation.event_metrics import EventReport
from uncd_ros.bag_evaluation.obstacle_log import SeenObstacle
from uncd_ros.bag_evaluation.timeline import Timeline
from uncd_ros.evaluation.evaluation import Evaluation
from uncd_ros.evaluation.report import model_block, without_nan
from uncd_ros.evaluation.results import EvaluationResult
from uncd_ros.evaluation.split_evaluator import STUDENT
from uncd_ros.model.calibration_check import Mismatch
from uncd_ros.model.card import ModelCard
from uncd_ros.monitor.alarm import AlarmParams


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameCounts:
    """What became of the images that were recorded."""

    recorded: int
    """As the bag states."""
    expected: int
    """To be evaluated."""
    evaluated: int
    unreadable: int
    """Of those evaluated: the message does not hold an image."""
    lost: int
    """Recorded, and no longer in the bag."""
    skipped: int
    """Left out by --every or by the node's max_rate."""
    labelled: int
    labels_rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BagEvaluationResult:
    """For the report; nothing in it depends on how fast the evaluation was."""

    card: ModelCard
    bag: str
    """Its name."""
    topic: str
    every: int
    alarm_params: AlarmParams
    fit: str
    """What happened to images of another shape than the network's input."""
    counts: FrameCounts
    timeline: Timeline
    faults: dict[str, int]
    """Kind of camera fault -> images."""
    alarms: Sequence[Alarm]
    obstacles: Sequence[SeenObstacle] | None
    """In the order of appearance; None for a model that does not look for them."""
    events: EventReport | None
    """None where no events are known."""
    labels: Evaluation | None
    """Against the ground truth; None where there is none."""
    mismatches: Sequence[Mismatch]
    """What is not as the model was calibrated."""
    notices: Sequence[str]
    """What is wrong with the bag, or could not be done, a sentence each."""
    interrupted: bool
    """Whether somebody ended the evaluation before the bag ended."""

    @property
    def flagged_share(self) -> float:
        """Share of the images with the flag up."""
        return self.timeline.flagged_frames / max(1, self.timeline.frames)

    @property
    def warnings(self) -> list[str]:
        """All that a reader must know, a sentence each."""
        end = f'interrupted after {self.counts.evaluated} of {self.counts.expected} images'
        return [*(each.sentence for each in self.mismatches), *self.notices, *([end] if self.interrupted else [])]

    def label_result(self) -> EvaluationResult | None:
        """Of the student against the ground truth."""
        return self.labels.result(self.bag, STUDENT) if self.labels else None


def as_json(result: BagEvaluationResult, label_result: EvaluationResult | None) -> dict[str, Any]:
    """report.json: null is what does not exist."""
    labels = asdict(label_result) if label_result else None
    if labels:
        del labels['milliseconds']  # what differs from run to run is in timing.json
    content = {
        'model': model_block(result.card),
        'bag': {
            'name': result.bag,
            'topic': result.topic,
            'seconds': result.timeline.seconds,
            'every': result.every,
            'fit': result.fit,
            **asdict(result.counts),
        },
        'flag': {
            'threshold': result.card.ood.threshold(result.alarm_params.false_alarm_rate),
            'timing': asdict(result.alarm_params),
            'alarms': [asdict(alarm) for alarm in result.alarms],
            'flagged': result.flagged_share,
            'mean_score': result.timeline.mean_score(),
        },
        'camera_faults': result.faults,
        'obstacles': None if result.obstacles is None else [asdict(each) for each in result.obstacles],
        'mean_uncertainty': result.timeline.mean_uncertainty(),
        'classes': {
            info.name: {'area': area, 'mean_uncertainty': mean}
            for info, (area, mean) in zip(result.card.classes, result.timeline.of_classes(), strict=True)
        },
        'events': asdict(result.events) if result.events else None,
        'labels': labels,
        'notices': result.warnings,
        'interrupted': result.interrupted,
    }
    clean: dict[str, Any] = without_nan(content)
    return clean
