# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit the anomaly score of a pixel to a model, without training it: what tells unknown things from known ones.

    python training/fit_anomaly.py MODEL --dataset camvid --anomaly pasted=FOLDER --drivable road --out NEW_MODEL

Writes a copy of the model folder with anomaly.safetensors, and a section `anomaly` in model.json. Training drives give
the distance of features, the calibration drives standardise its terms, the sets of unknown objects choose its weights.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jsonargparse.typing import PositiveInt
from rich.markdown import Markdown

from training.calibration.anomaly_fit import fit_anomaly_score
from training.calibration.calibrate_student import calibration_data
from training.calibration.distance_fit import fit_feature_distance
from training.calibration.obstacle_fit import FALSE_RATE, fit_obstacles
from training.calibration.training_report import LIMITS, selection_table
from training.comparison.anomaly_data import anomaly_frames, drivable_ids
from training.comparison.evaluate_args import named
from training.data.splits import check_calibration, check_classes, load_splits, settings_as_trained
from training.run.command_line import make_parser, parse
from training.run.progress import console
from training.run.settings import DataSettings
from uncd_ros.errors import ConfigError, UncdError
from uncd_ros.model.card import DOCUMENT, AnomalySpec, ModelCard
from uncd_ros.model.store import StoredModel, load_model, save_model
from uncd_ros.scores.anomaly import describe

SECTION = '## Unknown objects'
"""Of MODEL_CARD.md."""


@dataclass(frozen=True, kw_only=True)
class FitAnomalyArgs:
    """Which model, on which data."""

    model: str
    """Model folder, or name of a built-in model."""
    dataset: str
    """Kind of data set, as in data.dataset of a training."""
    data: str | None = None
    """Folder of the data set; $UNCD_DATA/<dataset> by default."""
    holdout: tuple[str, ...]
    """Sequences of train that calibrate; the others give the distance of features."""
    sequence_length: PositiveInt = 60
    """Frames per sequence of procedural streets."""
    anomaly: dict[str, str]
    """Name -> folder of images and masks of unknown objects, which choose the weights."""
    drivable: tuple[str, ...]
    """Classes that a robot may drive on."""
    out: Path
    """Model folder to write."""

    def data_settings(self, card: ModelCard) -> DataSettings:
        """Where the frames are; how they are read is as in training, where the model was trained on this data set."""
        holdout = self.holdout or card.calibration_data.sequences
        settings = settings_as_trained(card, self.dataset)
        return replace(settings, root=self.data, holdout=holdout, sequence_length=self.sequence_length)


def parse_args(arguments: Sequence[str] | None = None) -> FitAnomalyArgs:
    """Read the command line. Raises ConfigError for what is unknown."""
    parser = make_parser('Fit the anomaly score of a pixel to a model, without training it.')
    parser.add_argument('model', help='model folder, or name of a built-in model')
    holdout = "sequences of train that calibrate; the model's own calibration sequences by default"
    parser.add_argument('--holdout', nargs='+', default=[], metavar='SEQUENCE', help=holdout)
    length = 'frames per sequence of procedural streets'
    parser.add_argument('--sequence-length', type=PositiveInt, default=60, metavar='N', help=length)
    anomaly = 'images with unknown objects, which choose the weights; laid out as for evaluate.py'
    parser.add_argument('--anomaly', nargs='+', required=True, metavar='NAME=FOLDER', help=anomaly)
    drivable = 'classes that a robot may drive on'
    parser.add_argument('--drivable', nargs='+', default=['road'], metavar='CLASS', help=drivable)
    listed = {'model', 'holdout', 'sequence_length', 'anomaly', 'drivable'}
    parser.add_class_arguments(FitAnomalyArgs, as_group=False, skip=listed)
    options = parse(parser, arguments)
    options |= {name: tuple(options[name]) for name in ('holdout', 'drivable')}
    options['anomaly'] = named(options['anomaly'], '--anomaly')
    return FitAnomalyArgs(**options)


def fit(args: FitAnomalyArgs) -> None:
    """The main path. What can be refused is refused before the first frame is read."""
    model = load_model(args.model)
    card, student = model.card, model.student
    drivable = drivable_ids(card, args.drivable)
    sets = {name: anomaly_frames(Path(folder)) for name, folder in args.anomaly.items()}
    splits = load_splits(args.data_settings(card), card.student)
    check_calibration(splits)
    check_classes('the data', splits.train.classes, card.classes)
    console.print(f'{len(splits.train)} training frames: means and covariance of the features')
    fit_feature_distance(student, splits.train)
    console.print(f'{len(splits.calibration)} calibration frames, {sum(map(len, sets.values()))} of unknown objects')
    score, selection = fit_anomaly_score(student, splits.calibration, sets, drivable)
    level, smallest = fit_obstacles(student, splits.calibration, sets, score, drivable)
    spec = AnomalySpec(
        score=score,
        drivable=args.drivable,
        level=level,
        smallest=smallest,
        selection=selection,
        calibration_data=calibration_data(args.dataset, splits.calibration),
    )
    text = section_text(spec)
    save_model(args.out, student, replace(card, anomaly=spec), document_with(model, text))
    console.print(Markdown(text))
    console.print(f'model: {load_model(args.out).folder}')


def section_text(spec: AnomalySpec) -> str:
    """What a person must know of the score."""
    data = spec.calibration_data
    return (
        f'The anomaly score of a pixel is {describe(spec.score.weights)}, each term standardised on {data.images} '
        f'frames of {data.dataset} ({", ".join(data.sequences)}). {spec.selection.reason} Drivable: '
        f'{", ".join(spec.drivable)}. An obstacle is a region of level {spec.level} or above that covers at least '
        f'{spec.smallest:.2%} of the image: at most {FALSE_RATE:.0%} of such frames show one.\n\n'
        f'{selection_table(spec.selection)}'
    )


def document_with(model: StoredModel, text: str) -> str:
    """MODEL_CARD.md with the section, in place of an older one. Raises ConfigError for one without limits."""
    document = (model.folder / DOCUMENT).read_text()
    limits, old = document.find(f'{LIMITS}\n'), document.find(f'{SECTION}\n')
    if limits < 0:
        raise ConfigError(f"{model.folder / DOCUMENT}: no section '{LIMITS}', expected one to stand before")
    before = document[: old if 0 <= old < limits else limits]
    return f'{before}{SECTION}\n\n{text}\n\n{document[limits:]}'


if __name__ == '__main__':
    try:
        fit(parse_args())
    except UncdError as error:
        sys.exit(f'error: {error}')
