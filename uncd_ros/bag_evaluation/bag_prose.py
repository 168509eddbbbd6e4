# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report on a bag in Markdown: what its template, templates/bag_report.md.j2, is filled with."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from uncd_ros.bag_evaluation import live_result
from uncd_ros.bag_evaluation.alarm_log import PICTURED
from uncd_ros.bag_evaluation.bag_result import BagEvaluationResult
from uncd_ros.bag_evaluation.event_metrics import EventReport
from uncd_ros.bag_evaluation.live_result import LiveOutcome
from uncd_ros.bag_evaluation.obstacle_log import SeenObstacle
from uncd_ros.bag_evaluation.run_info import RunInfo
from uncd_ros.bag_evaluation.verdict import findings, headline, times
from uncd_ros.evaluation import tables
from uncd_ros.evaluation.figures import Figure
from uncd_ros.evaluation.markdown import code, escape, render, table
from uncd_ros.evaluation.names import SCORE_NAMES, UNCERTAINTY_NAMES
from uncd_ros.evaluation.results import EvaluationResult
from uncd_ros.evaluation.split_evaluator import STUDENT
from uncd_ros.evaluation.tables import fine, number
from uncd_ros.model.calibration_check import calibration_id

LISTED = 100
"""Alarms, or obstacles, in a table; report.json has all."""


def markdown(
    result: BagEvaluationResult,
    run: RunInfo,
    label_result: EvaluationResult | None,
    label_figures: Sequence[Figure],
    live: LiveOutcome | None,
) -> str:
    """The whole report; figures stand where they are spoken of."""
    params, events, found = result.alarm_params, result.events, findings(result, run, live)
    return render(
        'uncd_ros.bag_evaluation',
        'bag_report.md.j2',
        result=result,
        run=run,
        findings=found,
        headline=headline(found),
        uncertainty=UNCERTAINTY_NAMES[result.card.uncertainty.name],
        score=SCORE_NAMES[result.card.image_score],
        counts=result.counts,
        line=result.timeline,
        params=params,
        threshold=result.card.ood.threshold(params.false_alarm_rate),
        times=times(len(result.alarms)),
        listed=LISTED,
        pictured=PICTURED,
        alarm_table=_alarm_table(result) if result.alarms else '',
        obstacle_table=_obstacle_table(result.obstacles) if result.obstacles else '',
        events=events,
        **(_events(events) if events else {}),
        class_table=_class_table(result),
        labels=_labels(label_result) if label_result else None,
        label_figures=label_figures,
        live=live_result.markdown(live) if live else '',
        run_table=_run_table(result, run),
    )


def _alarm_table(result: BagEvaluationResult) -> str:
    """Each row leads to its picture, where it has one."""
    header = ['alarm', 'rose', 'fell', 'message', 'images', 'highest score', 'camera fault']
    header += ['in event'] if result.events else []
    lines = [f'| {" | ".join(header)} |', f'| {" | ".join(["---:"] * 6 + ["---"] * (len(header) - 6))} |']
    for place, alarm in enumerate(result.alarms[:LISTED], start=1):
        cells = [f'[{place}](#alarm-{place})' if alarm.picture else str(place)]
        cells += [f'{alarm.start:.2f} s', f'{alarm.end:.2f} s', str(alarm.index), str(alarm.frames)]
        cells += [number(alarm.peak), escape(alarm.fault.split(':')[0]) or '-']
        cells += [escape(alarm.event) or 'none: false alarm'] if result.events else []
        lines.append(f'| {" | ".join(cells)} |')
    return '\n'.join(lines)


def _obstacle_table(obstacles: Sequence[SeenObstacle]) -> str:
    """The largest first: they have the pictures."""
    largest = sorted(obstacles, key=lambda each: -each.area)[:LISTED]
    rows = [
        (str(each.number), f'{each.start:.2f} s', f'{each.end:.2f} s', str(each.images), f'{each.area:.2%}')
        for each in largest
    ]
    return table(('obstacle', 'from', 'to', 'images', 'largest share of the image'), rows)


def _events(events: EventReport) -> dict[str, Any]:
    rows = [
        (
            event.kind,
            f'{event.start:.2f} s',
            f'{event.end:.2f} s',
            str(event.frames),
            'yes' if event.detected else 'unknown: up before' if event.up_before else 'no',
            _seconds(event.delay),
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
    segmentation, calibration, errors = result.segmentation, result.calibration, result.error_detection['served']
    figures = {
        'mIoU': segmentation.miou,
        'accuracy': segmentation.pixel_accuracy,
        'ECE': calibration.ece,
        'ECE of the confidence': calibration.confidence_ece,
        'NLL': calibration.nll,
        'Brier': calibration.brier,
        'AUROC': errors.auroc,
        'FPR95': errors.fpr95,
    }
    classes = [(name, number(of_class.iou)) for name, of_class in segmentation.per_class.items()]
    return {
        'summary': table((*figures, 'AURC'), [(*map(number, figures.values()), fine(errors.aurc))]),
        'classes': table(('class', 'IoU'), classes),
        'retention': tables.retention({STUDENT: result}),
        'false_alarms': tables.false_alarms(result.false_alarm) if result.false_alarm else '',
    }


def _run_table(result: BagEvaluationResult, run: RunInfo) -> str:
    card = result.card
    rows = {
        'date': run.date,
        'host': escape(run.host),
        'program': f'uncd_ros {_version()}',
        'bag': code(run.bag),
        'topic': code(result.topic),
        'model': code(run.model),
        'weights, SHA-256': code(card.weights_sha256),
        'calibration': code(calibration_id(card)),
        'engine': escape(run.engine),
        'images of another shape': code(f'fit: {result.fit}'),
        'alarm': code(', '.join(f'{name} {value:g}' for name, value in asdict(result.alarm_params).items())),
        'speed': f'{run.fps:.1f} images per second, recorded at {run.recorded_fps:.1f}',
    }
    return '\n'.join(['| | |', '| --- | --- |', *(f'| {name} | {value} |' for name, value in rows.items())])


def _version() -> str:
    try:
        return version('uncd_ros')
    except PackageNotFoundError:  # run from its sources
        return 'from its sources'


def _seconds(value: float) -> str:
    return '-' if math.isnan(value) else f'{value:.2f} s'
