# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of a report, as Markdown."""

import math
from collections.abc import Iterable, Mapping

from uncd_ros.evaluation.anomaly_results import AnomalyResult
from uncd_ros.evaluation.evaluation import UNCERTAINTY_KEYS
from uncd_ros.evaluation.false_alarms import FalseAlarms
from uncd_ros.evaluation.markdown import table
from uncd_ros.evaluation.names import ANOMALY_NAMES, MODEL_NAMES, SCORE_NAMES, UNCERTAINTY_NAMES
from uncd_ros.evaluation.results import EvaluationResult, ImageOod
from uncd_ros.evaluation.split_evaluator import SCALED, STUDENT, TEACHER

EvaluationResults = Mapping[str, EvaluationResult]
"""Evaluated model -> its result on one split."""

COMPARED_SCORES = ('mean', 'maxlogit', 'energy')
"""Image scores of the other networks that the report shows: those that every network has. report.json has all."""


def side_by_side(results: Mapping[str, EvaluationResults]) -> str:
    """One row a split and network: accuracy, calibration, detection of wrong pixels, time."""
    header = ('split', 'network', 'serves', 'mIoU', 'accuracy', 'ECE', 'NLL', 'Brier', 'error AUROC', 'AURC', 'ms')
    rows = []
    for split, of_split in results.items():
        for name, result in of_split.items():
            labelling, calibration, errors = result.segmentation, result.calibration, result.error_detection['served']
            figures = (
                *(labelling.miou, labelling.pixel_accuracy),
                *(calibration.ece, calibration.nll, calibration.brier, errors.auroc),
            )
            time = f'{result.milliseconds:.0f}'
            rows.append((split, MODEL_NAMES[name], result.served, *map(number, figures), fine(errors.aurc), time))
    return table(header, rows)


def classes(results: EvaluationResults) -> str:
    """Table 1 of the paper: IoU and uncertainty a class."""
    labelling = [name for name in results if name != SCALED]  # which labels as the single net does
    uncertain = [name for name in results if name in (STUDENT, TEACHER)]
    header = ['class', *(f'IoU, {MODEL_NAMES[name]}' for name in labelling)]
    header += [f'uncertainty, {MODEL_NAMES[name]}' for name in uncertain]
    per_class = {name: result.segmentation.per_class for name, result in results.items()}
    rows = [
        (
            label,
            *(number(per_class[name][label].iou) for name in labelling),
            *(number(per_class[name][label].mean_uncertainty) for name in uncertain),
        )
        for label in per_class[STUDENT]
    ]
    return table(header, rows)


def error_detection(results: EvaluationResults) -> str:
    """Every network by every uncertainty that it has."""
    header = ('network', 'uncertainty', 'AUROC', 'AUPR', 'FPR95', 'AURC')
    rows = []
    for name, result in results.items():
        for key, source in UNCERTAINTY_KEYS.items():
            detection = result.error_detection[key]
            if not math.isnan(detection.aurc):
                title = UNCERTAINTY_NAMES[source] + (' (served)' if source == result.served else '')
                figures = map(number, (detection.auroc, detection.aupr, detection.fpr95))
                rows.append((MODEL_NAMES[name], title, *figures, fine(detection.aurc)))
    return table(header, rows)


def confidence(results: EvaluationResults) -> str:
    """Mukhoti and Gal's conditional probabilities, and the calibration error of two kinds of confidence."""
    certain = ('p(accurate given certain)', 'p(uncertain given inaccurate)', 'PAvPU', 'mUnc')
    header = ('network', 'uncertain above', *certain, 'ECE of the softmax', 'ECE of the served confidence')
    rows = []
    for name, result in results.items():
        errors = (result.calibration.ece, result.calibration.confidence_ece)
        certain_ones = (result.p_accurate_certain, result.p_uncertain_inaccurate, result.patches.pavpu)
        figures = map(number, (*certain_ones, result.segmentation.munc, *errors))
        rows.append((MODEL_NAMES[name], f'{result.uncertain_above:.4g}', *figures))
    return table(header, rows)


def foreground(results: EvaluationResults) -> str:
    """How well the second of two classes is found; empty for other data."""
    rows = [
        (MODEL_NAMES[name], *map(number, (found.dsc, found.mcc, found.threshold)))
        for name, found in ((name, result.segmentation) for name, result in results.items())
        if not math.isnan(found.threshold)
    ]
    return table(('network', 'DSC', 'MCC', 'foreground above'), rows) if rows else ''


def retention(results: EvaluationResults) -> str:
    """MIoU and accuracy of the pixels that are kept."""
    header = ('network', *(f'{point.dropped:.0%}' for point in results[STUDENT].retention))
    rows = [
        (MODEL_NAMES[name], *(f'{number(point.miou)} / {number(point.pixel_accuracy)}' for point in result.retention))
        for name, result in results.items()
    ]
    return table(header, rows)


def image_ood(results: EvaluationResults) -> str:
    """AUROC of each OOD set by each image score."""
    ood_sets = list(results[STUDENT].image_ood)
    rows = []
    for name, result in results.items():
        for score in result.image_ood[ood_sets[0]].auroc if name == STUDENT else COMPARED_SCORES:
            title = SCORE_NAMES.get(score.replace('maxlogit', 'neg_max_logit'), score)
            figures = (number(result.image_ood[ood_set].auroc[score]) for ood_set in ood_sets)
            rows.append((MODEL_NAMES[name], title, *figures))
    alarms: Iterable[ImageOod] = results[STUDENT].image_ood.values()
    rows.append(('student', 'share above the threshold', *(f'{ood.alarm_rate:.0%}' for ood in alarms)))
    return table(('network', 'image score', *ood_sets), rows)


def anomaly(results: Mapping[str, AnomalyResult]) -> str:
    """Every network by every score that it has: pixels in both regions, components in the drivable one."""
    header = ('network', 'score', 'AP', 'AUROC', 'FPR95', 'AP, drivable', 'AUROC', 'FPR95', 'sIoU', 'PPV', 'F1')
    rows = []
    for name, result in results.items():
        for score, whole in result.score.items():
            inside, things = result.drivable.score[score], result.drivable.components[score]
            pixels = (whole.ap, whole.auroc, whole.fpr95, inside.ap, inside.auroc, inside.fpr95)
            figures = map(number, (*pixels, things.siou, things.ppv, things.f1))
            rows.append((MODEL_NAMES[name], ANOMALY_NAMES[score], *figures))
    return table(header, rows)


def shift(results: EvaluationResults) -> str:
    """Table 2 of the paper, with accuracy and error detection."""
    header = ('network', *results[STUDENT].shift)
    rows = []
    for name, result in results.items():
        figures = ((each.miou, each.pixel_accuracy, each.error_auroc) for each in result.shift.values())
        rows.append((MODEL_NAMES[name], *(' / '.join(map(number, cell)) for cell in figures)))
    return table(header, rows)


def false_alarms(alarms: FalseAlarms) -> str:
    """The rate of each sequence."""
    rows = [
        (name, str(of_one.images), str(of_one.effective_n), f'{of_one.observed:.1%}', interval(of_one.ci95))
        for name, of_one in alarms.by_sequence.items()
    ]
    return table(('sequence', 'images', 'effective n', 'above the threshold', '95 % interval'), rows)


def number(value: float) -> str:
    """Three digits; a dash for what does not exist."""
    return '-' if math.isnan(value) else f'{value:.3f}'


def fine(value: float) -> str:
    """Four digits, for what is small."""
    return '-' if math.isnan(value) else f'{value:.4f}'


def interval(bounds: tuple[float, float]) -> str:
    """Of two shares."""
    return f'{bounds[0]:.1%} to {bounds[1]:.1%}'
