# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The short report of a training run, and the model card that travels with the weights."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from math import nan
from pathlib import Path

import cv2
import numpy as np

from training.calibration.assessment import Assessment
from training.calibration.calibrate_student import Calibration
from training.calibration.fold_text import folds_content, folds_text
from training.data.labelled_frames import LabelledFrames
from training.data.splits import dataset_class
from training.run.settings import Settings
from training.teaching.teachers import describe_teacher
from uncd_ros.durable import write_durably
from uncd_ros.errors import ConfigError
from uncd_ros.evaluation.markdown import table
from uncd_ros.evaluation.tables import number
from uncd_ros.images.contact_sheet import SheetRow, contact_sheet
from uncd_ros.model.card import ModelCard, SelectionReport
from uncd_ros.model.predictor import Predictor
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES

CALIBRATION, LIMITS = '## Calibration', '## Limits'
"""Sections of MODEL_CARD.md."""
METHODS = {
    'holder': 'uncertainty distillation (Holder and Shafique)',
    'dudes': 'DUDES (Landgraf et al. 2023)',
    'end_kl': 'ensemble distillation with the Kullback-Leibler divergence (EnD-KL)',
    'end_crd': 'ensemble distillation with contrastive representation distillation (EnD-CRD)',
}
"""Objective -> its name, for a person."""
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
            'cross_fit': folds_content(calibration),
        },
    }
    write_durably(folder / 'report.json', (json.dumps(content, indent=1) + '\n').encode())
    text = calibration_text(calibration, assessed['val', 'student'])
    report = f'# Report\n\n{results_table(assessed)}\n\n{CALIBRATION}\n\n{text}\n'
    write_durably(folder / 'report.md', report.encode())


def model_card_text(card: ModelCard, settings: Settings, assessed: Assessments, calibration: Calibration) -> str:
    """MODEL_CARD.md: what it was trained on, how well, and what it must not be used for."""
    return (
        f'# Model card: {card.name}\n\n'
        f'Distilled from {describe_teacher(settings)} by {METHODS[settings.distill.objective]}. '
        f'Encoder {card.student.encoder}, input '
        f'{card.student.input_width}x{card.student.input_height}, classes: '
        f'{", ".join(info.name for info in card.classes)}.\n\n'
        f'**Data and licence.** {dataset_class(settings.data.dataset).licence}{_unlabelled(settings)}\n\n'
        f'## How good it is\n\n{results_table(assessed)}\n\n'
        'The student is at its temperature (see below); baseline and teacher are as they were trained.'
        f'{_networks_of_folds(calibration)}\n\n'
        f'{CALIBRATION}\n\n{calibration_text(calibration, assessed["val", "student"])}\n\n'
        f'{LIMITS}\n\n'
        f'- {_calibration_limit(settings, calibration)} These sequences selected the served uncertainty and image '
        'score: figures on them are slightly optimistic.\n'
        f'- {_labelling(settings)}\n'
        '- The false-alarm rate holds for drives like the calibration sequences. Another camera, city, season '
        'or hour needs a calibration of its own.\n'
        '- An OOD flag that is not raised does not prove safety. Do not let this model alone decide whether '
        'a vehicle or robot may move near people.\n'
    )


def _networks_of_folds(calibration: Calibration) -> str:
    if not calibration.folds:
        return ''
    return (
        ' On the calibration frames, student, baseline and teacher are those of the folds: none of them was trained on '
        'the drive that it is evaluated on.'
    )


def _calibration_limit(settings: Settings, calibration: Calibration) -> str:
    if not calibration.folds:
        held_out = ', '.join(settings.data.holdout) or 'streets of their own'
        return f'The calibration sequences ({held_out}) were kept from all training.'
    return (
        'The student of this model was trained on all calibration sequences. Each was kept from the student of its '
        'fold, and that one was evaluated on it.'
    )


def _unlabelled(settings: Settings) -> str:
    names = ', '.join(Path(path).name for path in settings.distill.unlabelled)
    return f' The student was also trained on frames of {names}, which have no labels.' if names else ''


def _labelling(settings: Settings) -> str:
    if settings.distill.cross_fit:
        return 'The targets of an image come only from members that were not trained on its sequence.'
    return (
        'The members give the targets of images that they were trained on. On these an ensemble disagrees less than on '
        'new ones, and the predicted std of the student inherits that.'
    )


def results_table(assessed: Assessments) -> str:
    """Markdown: one row per split and network."""
    columns = [f'error AUROC by {name}' for name in PIXEL_UNCERTAINTIES]
    rows = [
        (
            split,
            network,
            number(a.miou),
            number(a.ece),
            *(number(a.error_auroc.get(key, nan)) for key in PIXEL_UNCERTAINTIES),
        )
        for (split, network), a in assessed.items()
    ]
    return table(('frames', 'network', 'mIoU', 'ECE', *columns), rows)


def write_contact_sheet(path: Path, predictor: Predictor, data: LabelledFrames, rows: int = 4) -> None:
    """Frames of `data`, evenly spread, each with its predicted labels and uncertainty."""
    card = predictor.card
    sheet_rows = []
    for index in np.linspace(0, len(data) - 1, rows).astype(int):
        frame = data[int(index)]
        prediction = predictor.predict(frame.image)
        sheet_rows.append(
            SheetRow(
                image=frame.image,
                labels=prediction.labels,
                uncertainty=prediction.uncertainty,
                caption=f'{frame.name}   score {prediction.score:.3f}',
                is_ood=prediction.score > card.ood.threshold(),
            )
        )
    sheet = contact_sheet(sheet_rows, card.classes, card.uncertainty.upper)
    cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def calibration_text(calibration: Calibration, val: Assessment) -> str:
    """What the model serves, why, and how well calibrated; `val` is the calibrated student on other frames."""
    rule, alarms, temperature = calibration.ood, calibration.false_alarms, calibration.temperature
    return (
        f'The student is calibrated on {calibration.data.images} frames of {calibration.data.dataset} '
        f'({", ".join(calibration.data.sequences)}). {_unseen(calibration)}\n\n'
        f'- Temperature: {temperature.value:.2f}. The weights hold it already. The expected calibration error (ECE) on '
        f'these frames is {temperature.ece_before:.3f} without it and {temperature.ece_after:.3f} with it.\n'
        f'- Uncertainty: {calibration.uncertainty_selection.reason}{_meaning(calibration)}\n'
        f'- Confidence: its ECE is {val.confidence_ece:.3f} on the val frames, which it was not fitted to.\n'
        f'- Image score: {calibration.image_score_selection.reason}\n'
        f'- OOD threshold: {rule.threshold():.4f}, for a false-alarm rate of {rule.false_alarm_rate:.0%} per frame. It '
        f'comes from {len(rule.calibration_scores)} frames, which are worth {rule.effective_n} independent ones. '
        f'{_promise(calibration)}, the rate is {alarms.observed:.1%} '
        f'(95 % interval {alarms.ci95[0]:.1%} to {alarms.ci95[1]:.1%}).\n{folds_text(calibration)}\n'
        f'{selection_table(calibration.uncertainty_selection)}\n\n'
        f'{selection_table(calibration.image_score_selection)}'
    )


def _unseen(calibration: Calibration) -> str:
    if not calibration.folds:
        return 'It was not trained on them.'
    return (
        'It was trained on them, so these figures are found by cross-fitting: students of '
        f'{len(calibration.folds)} folds, each trained and taught without the drives of its fold, are evaluated on '
        'these.'
    )


def _promise(calibration: Calibration) -> str:
    """Whether the frames are enough, and how the rate was counted."""
    enough = calibration.ood.guaranteed(calibration.ood.false_alarm_rate)
    if calibration.folds:
        return (
            f'These are {"enough" if enough else "NOT enough"} for a threshold at this rate. When each drive is '
            'compared with the threshold that all other drives set'
        )
    return (
        f'Conformal prediction {"guarantees" if enough else "does NOT guarantee"} the rate with so many. When each '
        'fifth of a drive is compared with the threshold that all other frames set'
    )


def _meaning(calibration: Calibration) -> str:
    """What the served uncertainty says in this student."""
    spec = calibration.uncertainty
    meaning = spec.candidates[spec.name]
    return f' It is {meaning}.' if meaning else ''


def selection_table(selection: SelectionReport) -> str:
    """Markdown: a row a candidate."""
    columns = list(next(iter(selection.figures.values())))
    rows = [(name, *(f'{value:.4f}' for value in figures.values())) for name, figures in selection.figures.items()]
    return table(('candidate', *columns), rows)


def around_calibration(path: Path) -> tuple[str, str, str]:
    """What stands before the calibration in a MODEL_CARD.md, in it and after it. Raises ConfigError without one."""
    try:
        text = path.read_text()
    except OSError as error:
        raise ConfigError(f'{path}: cannot be read ({error.strerror})') from None
    start, end = text.find(f'{CALIBRATION}\n'), text.find(f'{LIMITS}\n')
    if not 0 <= start < end:
        raise ConfigError(f"{path}: no section '{CALIBRATION}' before '{LIMITS}'")
    return text[:start], text[start + len(CALIBRATION) : end].strip(), text[end:]
