# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Put evaluated runs side by side: one table and one set of figures, methods by metrics.

    python training/compare.py RUN [RUN ...] --out out/comparison

A RUN is a run folder, or that of a variant, with the report of training/evaluate.py in its folder `evaluation`. Runs
of the same settings but for seeds are one row, with mean and spread. Writes comparison.json, .md, .html and figures/.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.markdown import Markdown

from training.comparison.compared_runs import check_comparable, read_run
from training.comparison.comparison_report import write_comparison
from training.comparison.methods import methods_of
from training.run.command_line import make_parser, parse
from training.run.progress import console
from uncd_ros.errors import UncdError


@dataclass(frozen=True, kw_only=True)
class CompareArgs:
    """Which runs."""

    runs: tuple[Path, ...]
    """Folders of runs or of their variants."""
    out: Path
    """Folder of the comparison."""


def parse_args(arguments: Sequence[str] | None = None) -> CompareArgs:
    """Read the command line. Raises ConfigError for what is unknown."""
    parser = make_parser('Put evaluated runs side by side.')
    parser.add_argument('runs', nargs='+', metavar='RUN', help='folder of a run, or of a variant in it')
    parser.add_class_arguments(CompareArgs, as_group=False, skip={'runs'})
    options = parse(parser, arguments)
    return CompareArgs(runs=tuple(map(Path, options.pop('runs'))), **options)


def compare(args: CompareArgs) -> None:
    """The main path."""
    runs = [read_run(folder) for folder in args.runs]
    check_comparable(runs)
    write_comparison(methods_of(runs), runs[0].data, args.out)
    console.print(Markdown((args.out / 'comparison.md').read_text()))
    console.print(f'comparison: {args.out}/comparison.md, comparison.html, comparison.json, figures/')


if __name__ == '__main__':
    try:
        compare(parse_args())
    except UncdError as error:
        sys.exit(f'error: {error}')
