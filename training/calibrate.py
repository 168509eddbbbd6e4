# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibrate a model anew, for another camera or another city, without training it.

    python training/calibrate.py MODEL --dataset camvid --data FOLDER --holdout SEQUENCE... --out NEW_MODEL

Writes a copy of the model folder with another temperature, uncertainty, confidence curve, image score and OOD rule,
from the sequences that are held out of FOLDER/train; the other sequences give the mean of the Mahalanobis features.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jsonargparse.typing import PositiveInt
from rich.markdown import Markdown

from training.calibration.calibrate_student import assess_calibrated, calibrate
from training.calibration.training_report import CALIBRATION, around_calibration, calibration_text
from training.calibration.unseen import CalibrationFold
from training.data.splits import check_calibration, check_classes, load_splits
from training.data.unlabelled import open_unlabelled
from training.run.command_line import make_parser, parse
from training.run.progress import console
from training.run.settings import CalibrationSettings, DataSettings
from uncd_ros.errors import UncdError
from uncd_ros.model.card import ModelCard
from uncd_ros.model.store import load_model, save_model


@dataclass(frozen=True, kw_only=True)
class CalibrateArgs:
    """Which model, on which data."""

    model: str
    """Model folder, or name of a built-in model."""
    dataset: str
    """Kind of data set, as in data.dataset of a training."""
    data: str | None = None
    """Folder of the data set; $UNCD_DATA/<dataset> by default."""
    holdout: tuple[str, ...]
    """Sequences of train that calibrate."""
    sequence_length: PositiveInt = 60
    """Frames per sequence of procedural streets."""
    ood_sets: tuple[str, ...]
    """Videos or folders of out-of-distribution images; see CalibrationSettings."""
    out: Path
    """Model folder to write."""

    def data_settings(self, card: ModelCard) -> DataSettings:
        """Where the frames are; how they are read is as in training, where the model was trained on this data set."""
        own = card.provenance.config.get('data', {})
        known = own if own.get('dataset') == self.dataset else {'dataset': self.dataset}
        settings = DataSettings(**known)
        return replace(settings, root=self.data, holdout=self.holdout, sequence_length=self.sequence_length)


def parse_args(arguments: Sequence[str] | None = None) -> CalibrateArgs:
    """Read the command line. Raises ConfigError for what is unknown."""
    parser = make_parser('Calibrate a model anew, on labelled frames that it was not trained on.')
    parser.add_argument('model', help='model folder, or name of a built-in model')
    holdout = 'sequences of train that calibrate'
    parser.add_argument('--holdout', nargs='+', default=[], metavar='SEQUENCE', help=holdout)
    ood_sets = 'videos or folders of out-of-distribution images; they help to select the image score'
    parser.add_argument('--ood-sets', nargs='+', default=[], metavar='PATH', help=ood_sets)
    length = 'frames per sequence of procedural streets'
    parser.add_argument('--sequence-length', type=PositiveInt, default=60, metavar='N', help=length)
    listed = {'model', 'holdout', 'ood_sets', 'sequence_length'}
    parser.add_class_arguments(CalibrateArgs, as_group=False, skip=listed)
    options = parse(parser, arguments)
    options |= {name: tuple(options[name]) for name in ('holdout', 'ood_sets')}
    return CalibrateArgs(**options)


def recalibrate(args: CalibrateArgs) -> None:
    """The main path."""
    model = load_model(args.model)
    card, (head, tail) = model.card, around_calibration(model.folder / 'MODEL_CARD.md')
    open_unlabelled(args.ood_sets)
    splits = load_splits(args.data_settings(card), card.student)
    check_calibration(splits)
    check_classes('the data', splits.train.classes, card.classes)
    settings = CalibrationSettings(false_alarm_rate=card.ood.false_alarm_rate, ood_sets=args.ood_sets)
    fold = CalibrationFold(student=model.student, train=splits.train, unseen=splits.calibration)
    calibration = calibrate([fold], args.dataset, settings, card.uncertainty.candidates)
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
