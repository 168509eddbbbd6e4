# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What each stage of a training may see of a data set."""

import importlib
import os
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.data import datasets
from training.data.dataset import DataSet, matches
from training.data.labelled_frames import LabelledFrames
from training.run.settings import DataSettings
from uncd_ros.classes import ClassInfo
from uncd_ros.errors import ConfigError
from uncd_ros.model.card import ModelCard
from uncd_ros.network.student import StudentConfig

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Splits:
    """Frames by what they are for."""

    train: LabelledFrames
    calibration: LabelledFrames
    """Sequences that no network trains on; empty where `data.holdout` is."""
    val: LabelledFrames


def data_folder(dataset: str) -> Path:
    """Where a data set lies unless told otherwise."""
    return Path(os.environ.get('UNCD_DATA', PROJECT / '../shared/data')) / dataset


def dataset_names() -> list[str]:
    """Every data set: a file of training/data/datasets/ is one, of the file's name."""
    return sorted(module.name for module in pkgutil.iter_modules(datasets.__path__))


def dataset_class(name: str) -> type[DataSet]:
    """Raises ConfigError for a name that is unknown."""
    if name not in dataset_names():
        raise ConfigError(f"data.dataset is '{name}', expected one of {', '.join(dataset_names())}")
    module = importlib.import_module(f'{datasets.__name__}.{name}')
    classes = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, DataSet)]
    return next(each for each in classes if each.__module__ == module.__name__)


def open_dataset(settings: DataSettings, student: StudentConfig) -> DataSet:
    """The data set that the settings name. Raises ConfigError for one that is unknown."""
    root = Path(settings.root) if settings.root else data_folder(settings.dataset)
    kind = dataset_class(settings.dataset)
    return kind(root=root, settings=settings, size=student.input_size)


def settings_as_trained(card: ModelCard, dataset: str) -> DataSettings:
    """How a data set is read for a model: as in its training, where that was on this kind of data set."""
    own = card.provenance.config.get('data', {})
    return DataSettings(**(own if own.get('dataset') == dataset else {'dataset': dataset}))


def load_splits(settings: DataSettings, student: StudentConfig) -> Splits:
    """The splits of a data set, whose frames are read when they are asked for.

    Raises UncdError where one is missing or the student has another number of classes.
    """
    dataset = open_dataset(settings, student)
    train, val, calibration = dataset.split('train'), dataset.split('val'), dataset.calibration()
    if len(train.classes) < 2:
        raise ConfigError(
            f"the data have one class, '{train.classes[0].name}', expected two or more, such as one for all the rest"
        )
    if student.num_classes != len(train.classes):
        raise ConfigError(f'student.num_classes is {student.num_classes}, expected {len(train.classes)} as in the data')
    if calibration is None:
        calibration = drives(train, settings.holdout)
        train = train.select(lambda sequence: not matches(sequence, settings.holdout))
    return Splits(train=train, calibration=calibration, val=val)


def drives(train: LabelledFrames, holdout: tuple[str, ...]) -> LabelledFrames:
    """The frames of the drives that no network trains on. Raises ConfigError for one that is unknown, and for all."""
    known = sorted(set(train.sequences))
    unknown = [pattern for pattern in holdout if not any(matches(each, (pattern,)) for each in known)]
    if unknown:
        raise ConfigError(f'data.holdout is {list(holdout)}, expected some of {known[:20]}')
    if all(matches(each, holdout) for each in known):
        raise ConfigError(
            f'data.holdout is {list(holdout)}, which is every drive of train, expected some of {known[:20]}'
        )
    return train.select(lambda sequence: matches(sequence, holdout))


def check_calibration(splits: Splits) -> None:
    """Raise ConfigError unless there are sequences to calibrate a student on."""
    if not len(splits.calibration):
        known = sorted(set(splits.train.sequences))
        raise ConfigError(
            f'data.holdout is [], expected some of {known[:20]}: the student is calibrated on them; distill.py also '
            'calibrates on all drives, by cross-fitting (distill.cross_fit)'
        )


def check_classes(name: str, classes: Sequence[ClassInfo], expected: Sequence[ClassInfo]) -> None:
    """Raise ConfigError unless the data, called `name`, have the classes of a model."""
    names, wanted = ([info.name for info in infos] for infos in (classes, expected))
    if names != wanted:
        raise ConfigError(f'{name} has the classes {", ".join(names)}, the model has {", ".join(wanted)}')
