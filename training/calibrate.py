# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibrate a model anew, for another camera or another city, without training it.

    python training/calibrate.py MODEL --dataset camvid --data FOLDER --holdout SEQUENCE... --out NEW_MODEL

Writes a copy of the model folder with another temperature, uncertainty, confidence curve, image score and OOD rule,
found on the sequences that are held out of FOLDER/train; its other sequences say what is familiar.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.markdown import Markdown

from training.calibration.calibrate_student import assess_calibrated, calibrate
from training.calibration.training_report import CALIBRATION, around_calibration, calibration_text
from training.comparison.evaluate_args import Parser
from training.data.segdata import load_splits
from training.data.unlabelled import open_unlabelled
from training.run.progress import console
from training.run.settings import CalibrationSettings, DataSettings
from uncd_ros.errors import ConfigError, UncdError
from uncd_ros.model.store import load_model, save_model


@dataclass(frozen=True, kw_only=True)
class CalibrateArgs:
    """The command line."""

    model: str
    data: DataSettings
    ood_sets: tuple[str, ...]
    """Videos and folders of images of other worlds; see CalibrationSettings."""
    out: Path


def parse_args(arguments: Sequence[str] | None = None) -> CalibrateArgs:
    """Read the command line. Raises ConfigError for what is unknown."""
    parser = Parser(description='Calibrate a model anew, on labelled frames that it was not trained on.')
    parser.add_argument('model', help='model folder, or name of a built-in model')
    parser.add_argument('--dataset', choices=('camvid', 'street'), required=True)
    parser.add_argument('--data', help='folder of the data set; $UNCD_DATA/<dataset> by default')
    parser.add_argument('--holdout', nargs='+', default=[], metavar='SEQUENCE', help='of train: what calibrates')
    parser.add_argument('--sequence-length', type=int, default=60, help='frames a street of the procedural data')
    ood_sets = 'videos or folders of images that the flag should rise for; they help to choose the image score'
    parser.add_argument('--ood-sets', nargs='+', default=[], metavar='PATH', help=ood_sets)
    parser.add_argument('--out', type=Path, required=True, help='model folder to write')
    given = parser.parse_args(arguments)
    data = DataSettings(
        dataset=given.dataset, root=given.data, holdout=tuple(given.holdout), sequence_length=given.sequence_length
    )
    return CalibrateArgs(model=given.model, data=data, ood_sets=tuple(given.ood_sets), out=given.out)


def recalibrate(args: CalibrateArgs) -> None:
    """The main path."""
    model = load_model(args.model)
    card, (head, tail) = model.card, around_calibration(model.folder / 'MODEL_CARD.md')
    open_unlabelled(args.ood_sets)
    splits = load_splits(args.data, card.student)
    found, expected = ([info.name for info in classes] for classes in (splits.train.classes, card.classes))
    if found != expected:
        raise ConfigError(f'the data has the classes {", ".join(found)}, the model has {", ".join(expected)}')
    settings = CalibrationSettings(false_alarm_rate=card.ood.false_alarm_rate, ood_sets=args.ood_sets)
    calibration = calibrate(model.student, splits, args.data.dataset, settings)
    # The weights came with a temperature in them: together the two are what divides the trained logits.
    total = replace(calibration.temperature, value=calibration.temperature.value * card.temperature.value)
    calibration = replace(calibration, temperature=total)
    val = assess_calibrated(model.student, splits.val, calibration)
    card = replace(card, **calibration.card_fields(), metrics=calibration.metrics(val))
    text = calibration_text(calibration, val)
    save_model(args.out, model.student, card, f'{head}{CALIBRATION}\n\n{text}\n\n{tail}')
    console.print(Markdown(text))
    console.print(f'model: {load_model(args.out).folder}')


if __name__ == '__main__':
    try:
        recalibrate(parse_args())
    except UncdError as error:
        sys.exit(f'error: {error}')
