# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The command line of evaluate.py."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from training.data.augment import WEATHER
from training.data.segdata import data_folder
from uncd_ros.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class EvaluateArgs:
    """The command line."""

    model: str
    dataset: str
    data: Path
    split: tuple[str, ...]
    ood: dict[str, str]
    """Name -> image folder or video."""
    shift: dict[str, str]
    """Name -> folder:classes.json."""
    weather: tuple[str, ...]
    """Of `augment.WEATHER`, laid over the first split."""
    teacher: Path | None
    baseline: Path | None
    every: int
    device: str
    out: Path


class Parser(argparse.ArgumentParser):
    """Mistakes are one line, as everywhere."""

    def error(self, message: str) -> NoReturn:
        """Raise it as ours."""
        raise ConfigError(message)


def parse_args(arguments: Sequence[str] | None = None) -> EvaluateArgs:
    """Read the command line. Raises ConfigError for what is unknown or of no use."""
    parser = Parser(description='Judge a model on labelled splits and on images of other worlds.')
    parser.add_argument('model', help='model folder, or name of a built-in model')
    parser.add_argument('--dataset', choices=('camvid', 'street'), required=True)
    parser.add_argument('--data', type=Path, help='folder of the data set; $UNCD_DATA/<dataset> by default')
    split = 'val, or one sequence: train/0006R0; the report is about the first'
    parser.add_argument('--split', nargs='+', default=['val'], help=split)
    parser.add_argument('--ood', nargs='+', action='extend', default=[], metavar='NAME=PATH', help='folder or video')
    shift = 'folder with images/ and labels/, and classes that take in those of the model'
    parser.add_argument('--shift', nargs='+', action='extend', default=[], metavar='NAME=PATH:classes.json', help=shift)
    weather = "also judge each split's own frames in this weather"
    parser.add_argument('--weather', nargs='+', choices=list(WEATHER), default=[], help=weather)
    parser.add_argument('--teacher', type=Path, metavar='RUN', help='run folder of the ensemble')
    parser.add_argument('--baseline', type=Path, metavar='RUN', help='run folder whose first member is the single net')
    parser.add_argument('--every', type=int, default=1, metavar='N', help='judge every Nth frame only')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')
    parser.add_argument('--out', type=Path, required=True, help='folder of the report')
    given = parser.parse_args(arguments)
    if given.every < 1:
        raise ConfigError(f'--every is {given.every}, expected 1 or more')
    given.ood, given.shift = named(given.ood, '--ood'), named(given.shift, '--shift')
    given.weather = tuple(dict.fromkeys(given.weather))
    names = [*given.ood, *given.shift, *given.weather]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f'{twice} is the name of two sets, expected one: a labelled set is judged as --ood too')
    given.data, given.split = given.data or data_folder(given.dataset), tuple(dict.fromkeys(given.split))
    return EvaluateArgs(**vars(given))


def named(pairs: Sequence[str], option: str) -> dict[str, str]:
    """NAME=PATH pairs."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, _, path = pair.partition('=')
        if not name or not path or name in found:
            raise ConfigError(f'{option} {pair}: expected NAME=PATH, each name once')
        found[name] = path
    return found
