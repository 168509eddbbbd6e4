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

from arguments import Parser
from calibrating.serving import assess_calibrated, calibrate
from data.segdata import load_splits
from data.unlabelled import open_unlabelled
from progress import console
from report import CALIBRATION, around_calibration, calibration_text
from settings import CalibrationSettings, DataSettings
from uncd_ros.errors import ConfigError, UncdError
from uncd_ros.model_store import load_model, save_card, save_weights


@dataclass(frozen=True, kw_only=True)
class Order:
    """The command line."""

    model: str
    data: DataSettings
    strange: tuple[str, ...]
    """Videos and folders of images of other worlds; see CalibrationSettings."""
    out: Path


def parse_order(arguments: Sequence[str] | None = None) -> Order:
    """Read the command line. Raises ConfigError for what is unknown."""
    parser = Parser(description='Calibrate a model anew, on labelled frames that it was not trained on.')
    parser.add_argument('model', help='model folder, or name of a built-in model')
    parser.add_argument('--dataset', choices=('camvid', 'street'), required=True)
    parser.add_argument('--data', help='folder of the data set; $UNCD_DATA/<dataset> by default')
    parser.add_argument('--holdout', nargs='+', default=[], metavar='SEQUENCE', help='of train: what calibrates')
    parser.add_argument('--sequence-length', type=int, default=60, help='frames a street of the procedural data')
    strange = 'videos or folders of images that the flag should rise for; they help to choose the image score'
    parser.add_argument('--strange', nargs='+', default=[], metavar='PATH', help=strange)
    parser.add_argument('--out', type=Path, required=True, help='model folder to write')
    given = parser.parse_args(arguments)
    data = DataSettings(
        dataset=given.dataset, root=given.data, holdout=tuple(given.holdout), sequence_length=given.sequence_length
    )
    return Order(model=given.model, data=data, strange=tuple(given.strange), out=given.out)


def recalibrate(order: Order) -> None:
    """The main path."""
    model = load_model(order.model)
    card, (head, tail) = model.card, around_calibration(model.folder / 'MODEL_CARD.md')
    open_unlabelled(order.strange)
    splits = load_splits(order.data, card.student)
    found, expected = ([info.name for info in classes] for classes in (splits.train.classes, card.classes))
    if found != expected:
        raise ConfigError(f'the data has the classes {", ".join(found)}, the model has {", ".join(expected)}')
    settings = CalibrationSettings(false_alarm_rate=card.ood.false_alarm_rate, strange=order.strange)
    calibration = calibrate(model.student, splits, order.data.dataset, settings)
    # The weights came with a temperature in them: together the two are what divides the trained logits.
    total = replace(calibration.temperature, value=calibration.temperature.value * card.temperature.value)
    calibration = replace(calibration, temperature=total)
    val = assess_calibrated(model.student, splits.val, calibration)
    checksum = save_weights(order.out, model.student)
    save_card(
        order.out,
        replace(card, **calibration.card_fields(), metrics=calibration.metrics(val), weights_sha256=checksum),
    )
    text = calibration_text(calibration, val)
    (order.out / 'MODEL_CARD.md').write_text(f'{head}{CALIBRATION}\n\n{text}\n\n{tail}')
    console.print(Markdown(text))
    console.print(f'model: {load_model(order.out).folder}')


if __name__ == '__main__':
    try:
        recalibrate(parse_order())
    except UncdError as error:
        sys.exit(f'error: {error}')
