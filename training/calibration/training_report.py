# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The short report of a training run, and the model card that travels with the weights."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from training.calibration.assessment import Assessment
from training.calibration.calibrate_student import Calibration
from training.data.segdata import LICENCES, SegData
from training.run.settings import Settings
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.tables import table
from uncd_ros.images.contact_sheet import SheetRow, contact_sheet
from uncd_ros.model.card import ModelCard, SelectionReport
from uncd_ros.model.predictor import Predictor
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES

CALIBRATION, LIMITS = '## Calibration', '## Limits'
"""Sections of MODEL_CARD.md."""
Assessments = Mapping[tuple[str, str], Assessment]
"""(split, network) -> how good it is."""


def write_report(folder: Path, assessed: Assessments, calibration: Calibration) -> None:
    """report.json and report.md."""
    content = {
        'assessments': [{'split': split, 'network': who, **asdict(a)} for (split, who), a in assessed.items()],
        'calibration': {
            'uncertainty': calibration.uncertainty.name,
            'uncertainty_selection': asdict(calibration.uncertainty_selection),
            'image_score': calibration.image_score,
            'image_score_selection': asdict(calibration.image_score_selection),
            'threshold': calibration.ood.threshold(),
            'effective_n': calibration.ood.effective_n,
            'false_alarms': asdict(calibration.false_alarms),
            'temperature': asdict(calibration.temperature),
        },
    }
    (folder / 'report.json').write_text(json.dumps(content, indent=1) + '\n')
    text = calibration_text(calibration, assessed['val', 'student'])
    (folder / 'report.md').write_text(f'# Report\n\n{results_table(assessed)}\n\n{CALIBRATION}\n\n{text}\n')


def model_card_text(card: ModelCard, settings: Settings, assessed: Assessments, calibration: Calibration) -> str:
    """MODEL_CARD.md: what it was trained on, how well, and what it must not be used for."""
    held_out = ', '.join(settings.data.holdout) or 'streets of their own'
    return (
        f'# Model card: {card.name}\n\n'
        f'{len(settings.members)} members, distilled into one student by Holder and '
        f"Shafique's Uncertainty Distillation. Encoder {card.student.encoder}, input "
        f'{card.student.input_width}x{card.student.input_height}, classes: '
        f'{", ".join(info.name for info in card.classes)}.\n\n'
        f'**Data and licence.** {LICENCES[settings.data.dataset]}{_unlabelled(settings)}\n\n'
        f'## How good it is\n\n{results_table(assessed)}\n\n'
        'The student is at its temperature (see below); baseline and teacher are as they were trained.\n\n'
        f'{CALIBRATION}\n\n{calibration_text(calibration, assessed["val", "student"])}\n\n'
        f'{LIMITS}\n\n'
        f'- The calibration sequences ({held_out}) were kept from all training, but they chose the served '
        'uncertainty and score: their figures are mildly optimistic.\n'
        f'- {_labelling(settings)}\n'
        '- The false-alarm promise holds for drives like the calibration sequences. Another camera, city, season '
        'or hour needs a calibration of its own.\n'
        '- A quiet flag is no proof of safety. Do not let this model alone decide whether a vehicle or robot may '
        'move near people.\n'
    )


def _unlabelled(settings: Settings) -> str:
    names = ', '.join(Path(path).name for path in settings.distill.unlabelled)
    return f' The student also learnt from frames of {names}, which the members alone labelled.' if names else ''


def _labelling(settings: Settings) -> str:
    if settings.distill.cross_fit:
        return 'Each image was labelled by those members alone that had not seen its sequence: fewer than there are.'
    return (
        'The members label images they were trained on, where an ensemble disagrees less than on new ones; '
        'the predicted std inherits that.'
    )


def results_table(assessed: Assessments) -> str:
    """Markdown: one row a split and network."""
    lines = [
        '| frames | network | mIoU | ECE | error AUROC by mean std | by predicted std | by entropy | by softmax |',
        '|---|---|---|---|---|---|---|---|',
    ]
    for (split, who), a in assessed.items():
        aurocs = [a.error_auroc.get(name) for name in PIXEL_UNCERTAINTIES]
        cells = ['-' if value is None else f'{value:.3f}' for value in aurocs]
        lines.append(f'| {split} | {who} | {a.miou:.3f} | {a.ece:.3f} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def write_contact_sheet(path: Path, predictor: Predictor, data: SegData, rows: int = 4) -> None:
    """Frames of `data`, evenly spread, with what the student says about them."""
    card = predictor.card
    sheet_rows = []
    for index in np.linspace(0, len(data) - 1, rows).astype(int):
        image = data.images[index].permute(1, 2, 0).contiguous().numpy()
        prediction = predictor.predict(image)
        sheet_rows.append(
            SheetRow(
                image=image,
                labels=prediction.labels,
                uncertainty=prediction.uncertainty,
                caption=f'{data.names[index]}   score {prediction.score:.3f}',
                is_ood=prediction.score > card.ood.threshold(),
            )
        )
    sheet = contact_sheet(sheet_rows, card.classes, card.uncertainty.upper)
    cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def calibration_text(calibration: Calibration, val: Assessment) -> str:
    """What is served and why, and how far it can be believed; `val` is the calibrated student on other frames."""
    rule, seen, heat = calibration.ood, calibration.false_alarms, calibration.temperature
    promise = 'kept' if rule.guaranteed(rule.false_alarm_rate) else 'NOT guaranteed: too few independent frames'
    return (
        f'On {calibration.data.images} frames of {calibration.data.dataset} ({", ".join(calibration.data.sequences)}), '
        'which the student never saw.\n\n'
        f'- Temperature {heat.value:.2f}, already in the weights: ECE {heat.ece_before:.3f} before, '
        f'{heat.ece_after:.3f} after, on these frames.\n'
        f'- Served uncertainty: {calibration.uncertainty_selection.reason}\n'
        f'- Served confidence: ECE {val.confidence_ece:.3f} on the val frames, which did not shape it.\n'
        f'- Image score: {calibration.image_score_selection.reason}\n'
        f'- OOD threshold {rule.threshold():.4f} for a false-alarm rate of {rule.false_alarm_rate:.0%} a frame, from '
        f'{len(rule.calibration_scores)} frames worth {rule.effective_n} independent ones; by conformal prediction the '
        f'promise is {promise}. Seen when each fifth of a drive is judged by the threshold that all other frames set: '
        f'{seen.observed:.1%}, 95 % interval {seen.ci95[0]:.1%} to {seen.ci95[1]:.1%}.\n\n'
        f'{_choice_table(calibration.uncertainty_selection)}\n\n{_choice_table(calibration.image_score_selection)}'
    )


def _choice_table(choice: SelectionReport) -> str:
    columns = list(next(iter(choice.figures.values())))
    rows = [(name, *(f'{value:.4f}' for value in found.values())) for name, found in choice.figures.items()]
    return table(('candidate', *columns), rows)


def around_calibration(path: Path) -> tuple[str, str]:
    """What stands before and after the calibration in a MODEL_CARD.md. Raises ConfigError for one without."""
    try:
        text = path.read_text()
    except OSError as error:
        raise ConfigError(f'{path}: cannot be read ({error.strerror})') from None
    start, end = text.find(f'{CALIBRATION}\n'), text.find(f'{LIMITS}\n')
    if not 0 <= start < end:
        raise ConfigError(f"{path}: no section '{CALIBRATION}' before '{LIMITS}'")
    return text[:start], text[end:]
