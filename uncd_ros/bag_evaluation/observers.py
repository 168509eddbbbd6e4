# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""All that follow the results of a bag, image by image."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields

from uncd_ros.bag_evaluation.alarm_log import AlarmLog
from uncd_ros.bag_evaluation.event_metrics import EventScore
from uncd_ros.bag_evaluation.frame_log import FrameLog
from uncd_ros.bag_evaluation.frame_results import FrameResult, Observer
from uncd_ros.bag_evaluation.label_evaluator import LabelEvaluator
from uncd_ros.bag_evaluation.mismatch_log import MismatchLog
from uncd_ros.bag_evaluation.obstacle_log import ObstacleLog
from uncd_ros.bag_evaluation.output_bag import BagOutput
from uncd_ros.bag_evaluation.timeline import Timeline


class FaultCounts:
    """Images by kind of camera fault."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.unreadable = 0

    def update(self, result: FrameResult) -> None:
        """Take in the next image."""
        self.unreadable += result.prediction is None
        if result.decision.fault:
            self.kinds[result.decision.fault.split(':')[0]] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Observers:
    """None is one that was not asked for."""

    faults: FaultCounts
    mismatches: MismatchLog
    timeline: Timeline
    alarms: AlarmLog
    obstacles: ObstacleLog | None
    log: FrameLog
    events: EventScore | None
    labels: LabelEvaluator | None
    output: BagOutput | None

    def update(self, result: FrameResult) -> None:
        """Take in the next image."""
        for field in fields(self):
            observer: Observer | None = getattr(self, field.name)
            if observer is not None:
                observer.update(result)

    def finish(self) -> None:
        """After the last image."""
        self.alarms.close()
        if self.obstacles:
            self.obstacles.close()
        if self.output:
            self.output.finish()

    def notices(self) -> Iterator[str]:
        """What a reader must know of what could not be done, a sentence each."""
        labels, output = self.labels, self.output
        if labels and labels.rejected:
            yield (
                f'{labels.rejected} label images could not be used: {labels.first_reason} '
                '(--ignore-index names the label id of no class)'
            )
        if labels and not labels.evaluated:
            yield 'no image has labels that fit: nothing could be compared with them'
        yield from (error for error in (self.log.write_error, output.write_error if output else '') if error)
