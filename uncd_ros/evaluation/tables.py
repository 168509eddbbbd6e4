# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of a report, as Markdown."""

import math
from collections.abc import Iterable, Mapping, Sequence

from uncd_ros.evaluation.evaluation import UNCERTAINTY_KEYS
from uncd_ros.evaluation.false_alarms import FalseAlarms
from uncd_ros.evaluation.names import MODEL_NAMES, SCORE_NAMES, UNCERTAINTY_NAMES
from uncd_ros.evaluation.results import EvaluationResult, ImageOod
from uncd_ros.evaluation.split_evaluator import SCALED, STUDENT, TEACHER

EvaluationResults = Mapping[str, EvaluationResult]
"""EvaluatedModel -> what was found about it on one split."""

COMPARED_SCORES = ('mean', 'maxlogit', 'energy')
"""Image scores of the student's rivals that the report shows: what every network has. report.json has all."""


def side_by_side(judged: Mapping[str, EvaluationResults]) -> str:
    """One line a split and network: how right, how calibrated, how well it knows its errors, how long it takes."""
    header = ('split', 'network', 'serves', 'mIoU', 'accuracy', 'ECE', 'NLL', 'Brier', 'error AUROC', 'AURC', 'ms')
    rows = []
    for split, networks in judged.items():
        for name, each in networks.items():
            right, fit, served = each.segmentation, each.calibration, each.error_detection['served']
            figures = (right.miou, right.pixel_accuracy, fit.ece, fit.nll, fit.brier, served.auroc)
            time = f'{each.milliseconds:.0f}'
            rows.append((split, MODEL_NAMES[name], each.served, *map(number, figures), fine(served.aurc), time))
    return table(header, rows)


def classes(judged: EvaluationResults) -> str:
    """Table 1 of the paper: IoU and uncertainty a class."""
    labelling = [name for name in judged if name != SCALED]  # which labels as the single net does
    unsure = [name for name in judged if name in (STUDENT, TEACHER)]
    header = ['class', *(f'IoU, {MODEL_NAMES[name]}' for name in labelling)]
    header += [f'uncertainty, {MODEL_NAMES[name]}' for name in unsure]
    found = {name: each.segmentation.per_class for name, each in judged.items()}
    rows = [
        (
            label,
            *(number(found[name][label].iou) for name in labelling),
            *(number(found[name][label].mean_uncertainty) for name in unsure),
        )
        for label in found[STUDENT]
    ]
    return table(header, rows)


def error_detection(judged: EvaluationResults) -> str:
    """Every network by every uncertainty that it has."""
    header = ('network', 'uncertainty', 'AUROC', 'AUPR', 'FPR95', 'AURC')
    rows = []
    for name, each in judged.items():
        for key, source in UNCERTAINTY_KEYS.items():
            found = each.error_detection[key]
            if not math.isnan(found.aurc):
                title = UNCERTAINTY_NAMES[source] + (' (served)' if source == each.served else '')
                figures = map(number, (found.auroc, found.aupr, found.fpr95))
                rows.append((MODEL_NAMES[name], title, *figures, fine(found.aurc)))
    return table(header, rows)


def confidence(judged: EvaluationResults) -> str:
    """Mukhoti and Gal's conditional probabilities, and how far two kinds of confidence can be believed."""
    certain = ('p(accurate given certain)', 'p(uncertain given inaccurate)')
    header = ('network', 'uncertain above', *certain, 'ECE of the softmax', 'ECE of the served confidence')
    rows = []
    for name, each in judged.items():
        errors = (each.calibration.ece, each.calibration.confidence_ece)
        figures = map(number, (each.p_accurate_certain, each.p_uncertain_inaccurate, *errors))
        rows.append((MODEL_NAMES[name], f'{each.uncertain_above:.4g}', *figures))
    return table(header, rows)


def retention(judged: EvaluationResults) -> str:
    """MIoU and accuracy of what is left."""
    header = ('network', *(f'{point.dropped:.0%}' for point in judged[STUDENT].retention))
    rows = [
        (MODEL_NAMES[name], *(f'{number(point.miou)} / {number(point.pixel_accuracy)}' for point in each.retention))
        for name, each in judged.items()
    ]
    return table(header, rows)


def image_ood(judged: EvaluationResults) -> str:
    """AUROC of each set of strange images by each image score."""
    worlds = list(judged[STUDENT].image_ood)
    rows = []
    for name, each in judged.items():
        for score in each.image_ood[worlds[0]].auroc if name == STUDENT else COMPARED_SCORES:
            title = SCORE_NAMES.get(score.replace('maxlogit', 'neg_max_logit'), score)
            figures = (number(each.image_ood[world].auroc[score]) for world in worlds)
            rows.append((MODEL_NAMES[name], title, *figures))
    alarms: Iterable[ImageOod] = judged[STUDENT].image_ood.values()
    rows.append(('student', 'share above the threshold', *(f'{each.alarm_rate:.0%}' for each in alarms)))
    return table(('network', 'image score', *worlds), rows)


def shift(judged: EvaluationResults) -> str:
    """Table 2 of the paper, with accuracy and error detection."""
    header = ('network', *judged[STUDENT].shift)
    rows = []
    for name, each in judged.items():
        figures = ((found.miou, found.pixel_accuracy, found.error_auroc) for found in each.shift.values())
        rows.append((MODEL_NAMES[name], *(' / '.join(map(number, found)) for found in figures)))
    return table(header, rows)


def false_alarms(found: FalseAlarms) -> str:
    """The rate of each sequence."""
    rows = [
        (name, str(each.images), str(each.effective_n), f'{each.observed:.1%}', interval(each.ci95))
        for name, each in found.by_sequence.items()
    ]
    return table(('sequence', 'images', 'effective n', 'above the threshold', '95 % interval'), rows)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; columns of figures keep to the right."""
    columns = zip(*rows, strict=True)
    rules = ['---:' if all(cell[:1] in '+-0123456789' for cell in column) else '---' for column in columns]
    return '\n'.join(f'| {" | ".join(line)} |' for line in (header, rules, *rows))


def number(value: float) -> str:
    """Three digits; a dash for what does not exist."""
    return '-' if math.isnan(value) else f'{value:.3f}'


def fine(value: float) -> str:
    """Four digits, for what is small."""
    return '-' if math.isnan(value) else f'{value:.4f}'


def interval(bounds: tuple[float, float]) -> str:
    """Of two shares."""
    return f'{bounds[0]:.1%} to {bounds[1]:.1%}'
