# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What training/evaluate.py is told on its command line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jsonargparse.typing import PositiveInt

from training.data.augment import WEATHER
from training.data.splits import data_folder
from training.run.command_line import make_parser, parse
from uncd_ros.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class EvaluateArgs:
    """Which model, on which data, beside which other networks."""

    model: str
    """Model folder, or name of a built-in model."""
    dataset: str
    """Kind of data set, as in data.dataset of a training."""
    data: Path | None = None
    """Folder of the data set; $UNCD_DATA/<dataset> by default."""
    split: tuple[str, ...]
    """Labelled splits, such as val, or one sequence of a split, such as train/0006R0; the report is about the first."""
    ood: dict[str, str]
    """Name -> folder of images or video."""
    shift: dict[str, str]
    """Name -> folder:classes.json."""
    weather: tuple[str, ...]
    """Keys of `augment.WEATHER`; each is applied to every split."""
    anomaly: dict[str, str]
    """Name -> folder of images and masks of unknown objects."""
    drivable: tuple[str, ...]
    """Classes that a robot may drive on; empty for those of the model card."""
    teacher: Path | None = None
    """Run folder of the ensemble."""
    baseline: Path | None = None
    """Run folder whose first member is the single net."""
    every: PositiveInt = 1
    """Evaluate every n-th frame only."""
    device: str = 'auto'
    """auto, cpu or cuda."""
    out: Path
    """Folder of the report."""

    @property
    def data_root(self) -> Path:
        """Folder of the data set."""
        return self.data or data_folder(self.dataset)


def parse_args(arguments: Sequence[str] | None = None) -> EvaluateArgs:
    """Read the command line. Raises ConfigError for what is unknown or of no use."""
    parser = make_parser('Evaluate a model on labelled splits and on out-of-distribution images.')
    parser.add_argument('model', help='model folder, or name of a built-in model')
    split = 'labelled splits: val, or one sequence as in train/0006R0; the report is about the first'
    parser.add_argument('--split', nargs='+', default=['val'], metavar='NAME', help=split)
    ood = 'out-of-distribution images: folders or videos'
    parser.add_argument('--ood', nargs='+', action='extend', default=[], metavar='NAME=PATH', help=ood)
    shift = 'labelled images of a shifted domain: folder with images/ and labels/, and the classes that merge those of '
    parser.add_argument(
        '--shift', nargs='+', action='extend', default=[], metavar='NAME=PATH:classes.json', help=shift + 'the model'
    )
    weather = "evaluate each split's own frames in this weather, too"
    parser.add_argument('--weather', nargs='+', choices=list(WEATHER), default=[], help=weather)
    anomaly = 'images with unknown objects: folder with images/ and labels_masks/ of 0 normal, 1 or above anomalous, '
    parser.add_argument(
        '--anomaly', nargs='+', action='extend', default=[], metavar='NAME=FOLDER', help=anomaly + '255 outside'
    )
    drivable = 'classes that a robot may drive on; by default those of the model card, else road'
    parser.add_argument('--drivable', nargs='+', default=[], metavar='CLASS', help=drivable)
    listed = {'model', 'split', 'ood', 'shift', 'weather', 'anomaly', 'drivable'}
    parser.add_class_arguments(EvaluateArgs, as_group=False, skip=listed)
    options = parse(parser, arguments)
    options |= {name: named(options[name], f'--{name}') for name in ('ood', 'shift', 'anomaly')}
    options |= {name: tuple(dict.fromkeys(options[name])) for name in ('split', 'weather', 'drivable')}
    if odd := next((name for name in options['anomaly'] if not re.fullmatch(r'[\w.-]+', name)), None):
        raise ConfigError(f'--anomaly {odd}=…: expected a name of letters, digits, _, - and ., as files have')
    names = [*options['ood'], *options['shift'], *options['weather']]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f'{twice} is the name of two sets, expected one: a labelled set is evaluated as --ood too')
    return EvaluateArgs(**options)


def named(pairs: Sequence[str], option: str) -> dict[str, str]:
    """NAME=PATH pairs as a mapping. Raises ConfigError for another form, or a name that comes twice."""
    paths: dict[str, str] = {}
    for pair in pairs:
        name, _, path = pair.partition('=')
        if not name or not path or name in paths:
            raise ConfigError(f'{option} {pair}: expected NAME=PATH, each name once')
        paths[name] = path
    return paths
