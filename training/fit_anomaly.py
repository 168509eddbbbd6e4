# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Fit the anomaly score of a pixel to a model, without training it: what tells unknown things from known ones.

    python training/fit_anomaly.py MODEL --dataset camvid --anomaly pasted=FOLDER --drivable road --out NEW_MODEL

Writes a copy of the model folder with anomaly.safetensors, and a section `anomaly` in model.json. Training drives give
the distance of features, the calibration drives standardise its terms, the sets of unknown objects choose its weights.
A model that was calibrated by cross-fitting has no drive that it does not know: --folds RUN/folds names the students
that do not know them, and these do it together.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

from jsonargparse.typing import PositiveInt
from rich.markdown import Markdown

from training.calibration.anomaly_fit import fit_anomaly_score
from training.calibration.calibrate_student import calibration_data
from training.calibration.distance_fit import fit_feature_distance
from training.calibration.obstacle_fit import FALSE_RATE, FalseObstacles, fit_obstacles
from training.calibration.training_report import LIMITS, selection_table
from training.calibration.unseen import CalibrationFold
from training.comparison.anomaly_data import anomaly_frames, drivable_ids
from training.comparison.evaluate_args import named
from training.data.labelled_frames import Joined
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
    folds: Path | None = None
    """Models of the folds, where every drive taught the model, as distill.py writes them."""
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
        known = () if card.is_cross_fitted else card.calibration_data.sequences
        settings = settings_as_trained(card, self.dataset)
        return replace(settings, root=self.data, holdout=self.holdout or known, sequence_length=self.sequence_length)


def parse_args(arguments: Sequence[str] | None = None) -> FitAnomalyArgs:
    """Read the command line. Raises ConfigError for what is unknown."""
    parser = make_parser('Fit the anomaly score of a pixel to a model, without training it.')
    parser.add_argument('model', help='model folder, or name of a built-in model')
    folds = 'models of the folds, where every drive taught the model: RUN/folds'
    parser.add_argument('--folds', type=Path, metavar='FOLDER', help=folds)
    holdout = "sequences of train that calibrate; the model's own calibration sequences by default"
    parser.add_argument('--holdout', nargs='+', default=[], metavar='SEQUENCE', help=holdout)
    length = 'frames per sequence of procedural streets'
    parser.add_argument('--sequence-length', type=PositiveInt, default=60, metavar='N', help=length)
    anomaly = 'images with unknown objects, which choose the weights; laid out as for evaluate.py'
    parser.add_argument('--anomaly', nargs='+', required=True, metavar='NAME=FOLDER', help=anomaly)
    drivable = 'classes that a robot may drive on'
    parser.add_argument('--drivable', nargs='+', default=['road'], metavar='CLASS', help=drivable)
    listed = {'model', 'folds', 'holdout', 'sequence_length', 'anomaly', 'drivable'}
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
    folds = calibration_folds(args, model)
    unseen = reduce(Joined.of, (fold.unseen for fold in folds))
    console.print(f'means and covariance of the features, of the training frames of {len(folds)} students')
    for fold in folds:
        fit_feature_distance(fold.student, fold.train)
    console.print(f'{len(unseen)} calibration frames, {sum(map(len, sets.values()))} of unknown objects')
    score, selection = fit_anomaly_score(folds, sets, drivable)
    obstacles = fit_obstacles(folds, sets, score, drivable)
    if args.folds:
        fit_feature_distance(student, load_splits(args.data_settings(card), card.student).train)
    spec = AnomalySpec(
        score=score,
        drivable=args.drivable,
        level=obstacles.level,
        smallest=obstacles.smallest,
        selection=selection,
        calibration_data=calibration_data(args.dataset, unseen),
    )
    text = section_text(spec, obstacles.false_obstacles)
    save_model(args.out, student, replace(card, anomaly=spec), document_with(model, text))
    console.print(Markdown(text))
    console.print(f'model: {load_model(args.out).folder}')


def calibration_folds(args: FitAnomalyArgs, model: StoredModel) -> list[CalibrationFold]:
    """The model and its held-out drives, or the students of folds and theirs. Raises ConfigError where none are."""
    if args.folds and args.holdout:
        raise ConfigError('--folds and --holdout: expected one of them; each fold has drives of its own')
    if model.card.is_cross_fitted and not (args.folds or args.holdout):
        raise ConfigError(
            f'{args.model}: every drive taught the model, expected --folds RUN/folds, or --holdout with others'
        )
    if not args.folds:
        return [_calibration_fold(args, model)]
    folders = sorted(path.parent for path in args.folds.glob('*/model.json'))
    if not folders:
        raise ConfigError(f'--folds {args.folds}: no model folder, expected one for each fold')
    return [_calibration_fold(args, load_model(folder)) for folder in folders]


def _calibration_fold(args: FitAnomalyArgs, model: StoredModel) -> CalibrationFold:
    splits = load_splits(args.data_settings(model.card), model.card.student)
    check_calibration(splits)
    check_classes('the data', splits.train.classes, model.card.classes)
    return CalibrationFold(student=model.student, train=splits.train, unseen=splits.calibration)


def section_text(spec: AnomalySpec, false_obstacles: Sequence[FalseObstacles]) -> str:
    """What a person must know of the score."""
    data = spec.calibration_data
    return (
        f'The anomaly score of a pixel is {describe(spec.score.weights)}, each term standardised on {data.images} '
        f'frames of {data.dataset} ({", ".join(data.sequences)}). {spec.selection.reason} Drivable: '
        f'{", ".join(spec.drivable)}. An obstacle is a region of level {spec.level} or above that covers at least '
        f'{spec.smallest:.2%} of the image: at most {FALSE_RATE:.0%} of such frames show one.'
        f'{"".join(map(_described, false_obstacles))}\n\n'
        f'{selection_table(spec.selection)}'
    )


def _described(of_fold: FalseObstacles) -> str:
    """A sentence that follows another."""
    return (
        f' By the area that all other drives ask for, {of_fold.shown} of {of_fold.images} frames of '
        f'{", ".join(of_fold.drives)} show one.'
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
