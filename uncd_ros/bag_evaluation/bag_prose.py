# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report on a bag in Markdown: what its template, templates/bag_report.md.j2, is filled with."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from uncd_ros.bag_evaluation.alarm_log import PICTURED
from uncd_ros.bag_evaluation.bag_result import BagEvaluationResult, FrameCounts
from uncd_ros.bag_evaluation.event_metrics import EventReport
from uncd_ros.evaluation import tables
from uncd_ros.evaluation.figures import Figure
from uncd_ros.evaluation.markdown import render, table
from uncd_ros.evaluation.results import EvaluationResult
from uncd_ros.evaluation.split_evaluator import STUDENT
from uncd_ros.evaluation.tables import fine, number

LISTED = 100
"""Alarms in the table; report.json has all."""


def markdown(result: BagEvaluationResult, label_result: EvaluationResult | None, figures: Mapping[str, Figure]) -> str:
    """The whole report; figures stand where they are spoken of."""
    line, params, events = result.timeline, result.alarm_params, result.events
    return render(
        'uncd_ros.bag_evaluation',
        'bag_report.md.j2',
        result=result,
        counts=result.counts,
        line=line,
        params=params,
        threshold=result.card.ood.threshold(params.false_alarm_rate),
        flagged_share=line.flagged_frames / max(1, line.frames),
        left_out=list(_left_out(result.counts)),
        listed=LISTED,
        pictured=PICTURED,
        alarm_table=_alarm_table(result) if result.alarms else '',
        events=events,
        **(_events(events) if events else {}),
        class_table=_class_table(result),
        labels=_labels(label_result) if label_result else None,
        figures=figures,
    )


def _left_out(counts: FrameCounts) -> Iterator[str]:
    reasons = (
        (counts.unreadable, 'could not be read as an image'),
        (counts.lost, 'were recorded and are no longer in the bag'),
        (counts.labels_rejected, 'had labels that could not be used'),
    )
    return (f'{count} {reason}' for count, reason in reasons if count)


def _alarm_table(result: BagEvaluationResult) -> str:
    header = ['rose', 'fell', 'message', 'images', 'highest score', 'camera fault']
    rows = []
    for alarm in result.alarms[:LISTED]:
        fault = alarm.fault.split(':')[0] or '-'
        counts = (str(alarm.index), str(alarm.frames))
        rows.append([f'{alarm.start:.2f} s', f'{alarm.end:.2f} s', *counts, number(alarm.peak), fault])
    if result.events:
        header.append('in event')
        for row, alarm in zip(rows, result.alarms, strict=False):
            row.append(alarm.event or 'none: false alarm')
    return table(header, rows)


def _events(events: EventReport) -> dict[str, Any]:
    rows = [
        (
            event.kind,
            f'{event.start:.2f} s',
            f'{event.end:.2f} s',
            str(event.frames),
            'yes' if event.detected else 'no',
            _seconds(event.delay) + (', up before' if event.up_before else ''),
            '-' if math.isnan(event.flagged) else f'{event.flagged:.1%}',
        )
        for event in events.events
    ]
    kinds = [
        (kind, str(of_kind.events), str(of_kind.detected), _seconds(of_kind.delay_median), _seconds(of_kind.delay_max))
        for kind, of_kind in events.by_kind.items()
    ]
    per_hour = events.false_alarms_per_hour
    return {
        'median_delay': _seconds(events.delay_median),
        'alarms_per_hour': '-' if math.isnan(per_hour) else f'{per_hour:.1f}',
        'image_auroc': number(events.image_auroc),
        'event_table': table(('event', 'from', 'to', 'images', 'detected', 'delay', 'flag up'), rows),
        'kind_table': table(('kind', 'events', 'detected', 'median delay', 'longest delay'), kinds) if kinds else '',
    }


def _class_table(result: BagEvaluationResult) -> str:
    classes = zip(result.card.classes, result.timeline.of_classes(), strict=True)
    rows = [(info.name, f'{area:.1%}', fine(mean)) for info, (area, mean) in classes]
    return table(('class', 'share of the images', 'mean uncertainty'), rows)


def _labels(result: EvaluationResult) -> dict[str, str]:
    results = {STUDENT: result}
    segmentation, calibration, errors = result.segmentation, result.calibration, result.error_detection['served']
    figures = (
        *(segmentation.miou, segmentation.pixel_accuracy),
        *(calibration.ece, calibration.nll, calibration.brier, errors.auroc),
    )
    header = ('serves', 'mIoU', 'accuracy', 'ECE', 'NLL', 'Brier', 'error AUROC', 'AURC')
    return {
        'summary': table(header, [(result.served, *map(number, figures), fine(errors.aurc))]),
        'classes': tables.classes(results),
        'error_detection': tables.error_detection(results),
        'confidence': tables.confidence(results),
        'retention': tables.retention(results),
        'false_alarms': tables.false_alarms(result.false_alarm) if result.false_alarm else '',
    }


def _seconds(value: float) -> str:
    return '-' if math.isnan(value) else f'{value:.2f} s'
