# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All that one bag's evaluation found, and report.json of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from uncd_ros.bag_evaluation.alarm_log import Alarm
from uncd_ros.bag_evaluation.event_metrics import EventReport
from uncd_ros.bag_evaluation.timeline import Timeline
from uncd_ros.evaluation.evaluation import Evaluation
from uncd_ros.evaluation.report import model_block, without_nan
from uncd_ros.evaluation.results import EvaluationResult
from uncd_ros.evaluation.split_evaluator import STUDENT
from uncd_ros.model.card import ModelCard
from uncd_ros.monitor.alarm import AlarmParams


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameCounts:
    """What became of the images that were recorded."""

    recorded: int
    """As the bag states."""
    evaluated: int
    unreadable: int
    """Of those evaluated: the message does not hold an image."""
    lost: int
    """Recorded, and no longer in the bag."""
    skipped: int
    """Left out by --every."""
    labelled: int
    labels_rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BagEvaluationResult:
    """For the report; nothing in it depends on how fast it was found."""

    card: ModelCard
    bag: str
    """Its name."""
    topic: str
    every: int
    timing: AlarmParams
    counts: FrameCounts
    timeline: Timeline
    faults: dict[str, int]
    """Kind of camera fault -> frames."""
    alarms: Sequence[Alarm]
    events: EventReport | None
    """None where no events are known."""
    truth: Evaluation | None
    """None where there are no labels."""
    notices: Sequence[str]
    """What a reader must know, a sentence each."""

    def judgement(self) -> EvaluationResult | None:
        """Of the student against the labels."""
        return self.truth.judge(self.bag, STUDENT) if self.truth else None


def as_json(found: BagEvaluationResult, judgement: EvaluationResult | None) -> dict[str, Any]:
    """report.json: null is what does not exist."""
    truth = asdict(judgement) if judgement else None
    if truth:
        del truth['milliseconds']  # what differs from run to run is in timing.json
    content = {
        'model': model_block(found.card),
        'bag': {
            'name': found.bag,
            'topic': found.topic,
            'seconds': found.timeline.seconds,
            'every': found.every,
            **asdict(found.counts),
        },
        'flag': {
            'threshold': found.card.ood.threshold(found.timing.false_alarm_rate),
            'timing': asdict(found.timing),
            'alarms': [asdict(alarm) for alarm in found.alarms],
            'flagged': found.timeline.flagged_frames / max(1, found.timeline.frames),
            'mean_score': found.timeline.mean_score(),
        },
        'camera_faults': found.faults,
        'mean_uncertainty': found.timeline.mean_uncertainty(),
        'classes': {
            info.name: {'area': area, 'mean_uncertainty': mean}
            for info, (area, mean) in zip(found.card.classes, found.timeline.of_classes(), strict=True)
        },
        'events': asdict(found.events) if found.events else None,
        'labels': truth,
        'notices': list(found.notices),
    }
    clean: dict[str, Any] = without_nan(content)
    return clean
