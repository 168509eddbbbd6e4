# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report in Markdown: what its template, templates/report.md.j2, is filled with."""

import math
from collections.abc import Mapping
from typing import Any

from uncd_ros.evaluation import tables
from uncd_ros.evaluation.evaluation import UNCERTAINTY_KEYS, Evaluation
from uncd_ros.evaluation.figures import Figure
from uncd_ros.evaluation.markdown import render
from uncd_ros.evaluation.names import MODEL_NAMES, UNCERTAINTY_NAMES
from uncd_ros.evaluation.results import EvaluationResult, ImageOod
from uncd_ros.evaluation.split_evaluator import STUDENT
from uncd_ros.evaluation.tables import EvaluationResults


def markdown(evaluation: Evaluation, results: Mapping[str, EvaluationResults], figures: Mapping[str, Figure]) -> str:
    """The whole report, from the results of each model on each split; figures stand where they are spoken of."""
    main, of_main = next(iter(results.items()))
    sequences = evaluation.splits[main].sequences
    student = of_main[STUDENT]
    return render(
        'uncd_ros.evaluation',
        'report.md.j2',
        card=evaluation.card,
        dataset=evaluation.dataset,
        main=main,
        images=len(sequences),
        sequences=sorted(set(sequences)),
        every=evaluation.every,
        splits=[_split(evaluation, name, of_split) for name, of_split in results.items()],
        notes=[(_capitalised(MODEL_NAMES[name]), note) for name, note in evaluation.notes.items()],
        side_by_side=tables.side_by_side(results),
        gains=[_gain(name, student, other) for name, other in of_main.items() if name != STUDENT],
        best=_best_uncertainty(student),
        ood_sets=[_best_score(name, ood) for name, ood in student.image_ood.items()],
        spearman=[(UNCERTAINTY_NAMES[std], tables.number(value)) for std, value in student.spearman_to_teacher.items()],
        cost=evaluation.cost,
        classes=tables.classes(of_main),
        error_detection=tables.error_detection(of_main),
        retention=tables.retention(of_main),
        foreground=tables.foreground(of_main),
        confidence=tables.confidence(of_main),
        anomalies=[
            {'name': name, 'table': tables.anomaly(found.results), 'student': found.results[STUDENT]}
            for name, found in evaluation.anomaly.items()
        ],
        figures=figures,
        sweeps=evaluation.sweeps,
    )


def _split(evaluation: Evaluation, name: str, results: EvaluationResults) -> dict[str, Any]:
    """What is reported of each split."""
    student, sequences = results[STUDENT], set(evaluation.splits[name].sequences)
    alarms = student.false_alarm
    return {
        'name': name,
        'calibration': sorted(evaluation.calibration_sequences & sequences),
        'seen': sorted(evaluation.seen_sequences & sequences),
        'image_ood': tables.image_ood(results) if student.image_ood else '',
        'shift': tables.shift(results) if student.shift else '',
        'false_alarm': alarms,
        'interval': tables.interval(alarms.ci95) if alarms else '',
        'false_alarm_table': tables.false_alarms(alarms) if alarms else '',
    }


def _gain(name: str, student: EvaluationResult, other: EvaluationResult) -> dict[str, Any]:
    """Of the student over another network, losses among it."""
    return {
        'name': MODEL_NAMES[name],
        'miou': student.segmentation.miou - other.segmentation.miou,
        'auroc': student.error_detection['served'].auroc - other.error_detection['served'].auroc,
        'time_ratio': student.milliseconds / other.milliseconds,
    }


def _best_uncertainty(student: EvaluationResult) -> dict[str, Any]:
    """By AUROC of detecting wrong pixels; of equals, the served one."""
    aurocs = {source: student.error_detection[key].auroc for key, source in UNCERTAINTY_KEYS.items()}
    known = {source: -math.inf if math.isnan(auroc) else auroc for source, auroc in aurocs.items()}
    best = max(known, key=lambda source: (known[source], source == student.served))
    return {
        'name': UNCERTAINTY_NAMES[best],
        'is_served': best == student.served,
        'margin': aurocs[best] - aurocs[student.served],
    }


def _best_score(name: str, ood: ImageOod) -> dict[str, Any]:
    """The image score with the highest AUROC on an OOD set, and its lead over the served one."""
    best = max(ood.auroc, key=ood.auroc.__getitem__)
    return {'name': name, 'served': ood.auroc['served'], 'best': best, 'lead': ood.auroc[best] - ood.auroc['served']}


def _capitalised(text: str) -> str:
    return text[0].upper() + text[1:]
