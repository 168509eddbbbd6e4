# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Calibrate a model anew, for another camera or another city, without training it.

    python training/calibrate.py MODEL --dataset camvid --data FOLDER --holdout SEQUENCE... --out NEW_MODEL
    python training/calibrate.py MODEL --bag BAG --out NEW_MODEL

The first writes a copy of the model folder with another temperature, uncertainty, confidence curve, image score and OOD
rule, from the sequences that are held out of FOLDER/train; the other sequences give the mean of the Mahalanobis
features. The second needs no labels, only a nominal drive: it gives another threshold, another choice among three image
scores, and the drive's own mean and whitening of the Mahalanobis features.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jsonargparse.typing import OpenUnitInterval, PositiveInt
from rich.markdown import Markdown

from training.calibration.calibrate_student import assess_calibrated, calibrate
from training.calibration.drive_reference import DriveReference, without_reference
from training.calibration.drive_rule import check_length, drive_rule, select_drive_score
from training.calibration.drive_scores import score_drive, set_scores, shifted_scores
from training.calibration.drive_text import drive_text, with_former
from training.calibration.trained_drives import check_unseen
from training.calibration.training_report import CALIBRATION, around_calibration, calibration_text
from training.calibration.unseen import CalibrationFold
from training.data.splits import check_calibration, check_classes, load_splits, settings_as_trained
from training.data.unlabelled import open_unlabelled
from training.run.command_line import make_parser, parse
from training.run.progress import console
from training.run.settings import CalibrationSettings, DataSettings
from uncd_ros.errors import ConfigError, UncdError
from uncd_ros.model.card import DOCUMENT, ModelCard
from uncd_ros.model.fit import DEFAULT_FIT, FITS
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model, save_model


@dataclass(frozen=True, kw_only=True)
class CalibrateArgs:
    """Which model, on which data."""

    model: str
    """Model folder, or name of a built-in model."""
    bag: Path | None = None
    """Recorded nominal drive without labels: it sets the threshold of the flag; what needs labels stays."""
    image_topic: str | None = None
    """Of the bag; chosen automatically by default."""
    every: PositiveInt = 1
    """Use every Nth image of the bag only."""
    fit: str = DEFAULT_FIT
    """What the node does to images of another shape than the network's input: stretch, letterbox or crop."""
    device: str = 'auto'
    """What runs the model on the bag: auto, cpu or cuda."""
    false_alarm_rate: OpenUnitInterval | None = None
    """Share of nominal images that may be above the threshold; that of the model by default."""
    dataset: str = ''
    """Kind of data set, as in data.dataset of a training; none with --bag."""
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
        settings = settings_as_trained(card, self.dataset)
        return replace(settings, root=self.data, holdout=self.holdout, sequence_length=self.sequence_length)

    def rate(self, card: ModelCard) -> float:
        """The false-alarm rate."""
        return card.ood.false_alarm_rate if self.false_alarm_rate is None else self.false_alarm_rate


def parse_args(arguments: Sequence[str] | None = None) -> CalibrateArgs:
    """Read the command line. Raises ConfigError for what is unknown."""
    parser = make_parser('Calibrate a model anew: on labelled drives, or its threshold alone on a bag without labels.')
    parser.add_argument('model', help='model folder, or name of a built-in model')
    holdout = 'sequences of train that calibrate'
    parser.add_argument('--holdout', nargs='+', default=[], metavar='SEQUENCE', help=holdout)
    ood_sets = (
        'videos or folders of out-of-distribution images; they help to select the image score, and with --bag they '
        'show what the new threshold finds'
    )
    parser.add_argument('--ood-sets', nargs='+', default=[], metavar='PATH', help=ood_sets)
    length = 'frames per sequence of procedural streets'
    parser.add_argument('--sequence-length', type=PositiveInt, default=60, metavar='N', help=length)
    topic = 'topic of the images in the bag; chosen automatically by default'
    parser.add_argument('--image-topic', metavar='TOPIC', help=topic)
    rate = 'share of nominal images that may be above the threshold; that of the model by default'
    parser.add_argument('--false-alarm-rate', type=OpenUnitInterval, metavar='SHARE', help=rate)
    listed = {'model', 'holdout', 'ood_sets', 'sequence_length', 'image_topic', 'false_alarm_rate'}
    parser.add_class_arguments(CalibrateArgs, as_group=False, skip=listed)
    options = parse(parser, arguments)
    options |= {name: tuple(options[name]) for name in ('holdout', 'ood_sets')}
    args = CalibrateArgs(**options)
    of_labels = [f'--{name}' for name in ('dataset', 'data', 'holdout') if getattr(args, name)]
    if args.bag and of_labels:
        raise ConfigError(f'--bag and {of_labels[0]}: expected one of them; a bag sets the threshold without labels')
    if not args.bag and not args.dataset:
        raise ConfigError('--dataset is missing: expected it with --holdout for labelled drives, or --bag for a drive')
    if args.fit not in FITS:
        raise ConfigError(f'--fit is {args.fit}, expected {" or ".join(FITS)}')
    return args


def recalibrate(args: CalibrateArgs) -> None:
    """The main path with labels: everything but the network is found anew."""
    model = load_model(args.model)
    card, (head, _, tail) = model.card, around_calibration(model.folder / DOCUMENT)
    open_unlabelled(args.ood_sets)
    data = args.data_settings(card)
    splits = load_splits(data, card.student)
    check_calibration(splits)
    check_classes('the data', splits.train.classes, card.classes)
    check_unseen(card, data, splits.calibration)
    settings = CalibrationSettings(false_alarm_rate=args.rate(card), ood_sets=args.ood_sets)
    fold = CalibrationFold(student=model.student, train=splits.train, unseen=splits.calibration)
    calibration = calibrate([fold], data.dataset, settings, card.uncertainty.candidates)
    # The weights came with a temperature in them: together the two are what divides the trained logits.
    total = replace(calibration.temperature, value=calibration.temperature.value * card.temperature.value)
    calibration = replace(calibration, temperature=total)
    val = assess_calibrated(model.student, splits.val, calibration)
    card = replace(card, **calibration.card_fields(), metrics=calibration.metrics(val))
    text = calibration_text(calibration, val)
    save_model(args.out, model.student, card, f'{head}{CALIBRATION}\n\n{text}\n\n{tail}')
    console.print(Markdown(text))
    console.print(f'model: {load_model(args.out).folder}')


def calibrate_threshold(args: CalibrateArgs, bag: Path) -> None:
    """The main path without labels: features of nominal images, image score and threshold are found anew."""
    model = load_model(args.model)
    card, (head, former, tail) = model.card, around_calibration(model.folder / DOCUMENT)
    open_unlabelled(args.ood_sets)
    without_reference(model.student)
    predictor = Predictor(model, device=args.device, fit=args.fit)
    drive = score_drive(bag, args.image_topic, args.every, predictor, console)
    check_length(drive.seconds)
    reference = DriveReference.of(drive.measured)
    nominal = reference.scores(drive.measured, np.arange(len(drive.seconds)))
    anomalous = shifted_scores(predictor, drive, reference) | set_scores(predictor, args.ood_sets, reference)
    rules = {name: drive_rule(scores.tolist(), drive.seconds, args.rate(card)) for name, scores in nominal.items()}
    score, selection = select_drive_score(rules, nominal, anomalous)
    reference.install(model.student)
    rule = rules[score]
    text = drive_text(drive, rule, card, selection, args.fit)
    card = replace(
        card,
        image_score=score,
        image_score_selection=selection,
        ood=rule.ood,
        calibration_data=drive.calibration_data(),
        metrics=card.metrics | rule.metrics(),
    )
    save_model(args.out, model.student, card, f'{head}{CALIBRATION}\n\n{with_former(text, former)}\n\n{tail}')
    console.print(Markdown(text))
    console.print(f'model: {load_model(args.out).folder}')


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point. Raises UncdError."""
    args = parse_args(arguments)
    if args.bag:
        calibrate_threshold(args, args.bag)
    else:
        recalibrate(args)


if __name__ == '__main__':
    try:
        main()
    except UncdError as error:
        sys.exit(f'error: {error}')
