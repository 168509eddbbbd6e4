# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measure a model on this machine: one JSON and one table.

    python -m benchmark [--short] [--model camvid] [--calibration FOLDER] [--only SECTION ...]

Writes OUT/bench.json. A model without engines is exported to OUT first, once.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile

from rich.console import Console
from rich.table import Table

from benchmark.section import Bench, Measure
from uncd_ros.errors import UncdError

SECTIONS = {
    'predictor': 'an image array in, labels, uncertainty and score out, beside the benchmark of OpenVINO itself',
    'accuracy': 'what each engine gets right, and how it tells images apart',
    'student': 'a pass of the student beside plain networks',
    'anomaly': 'what unknown objects add to a pass',
    'threads': 'the predictor on one core and on all',
    'node': 'through DDS: the highest rate, and how long an image takes at given rates',
    'sizes': 'through DDS: how long each stage takes, by the size of the image',
    'cuda': 'the predictor on a CUDA device, where there is one',
    'start': 'from the start of the process to the first mask',
}
"""Each a file in sections/, in the order in which they run."""


def run_section(name: str, bench: Bench) -> dict[str, object]:
    """In a process of its own, whose threads and memory no other section has shaped. Raises UncdError."""
    with NamedTemporaryFile(suffix='.json') as result:
        command = [sys.executable, '-m', 'benchmark', '--model', str(bench.model), '--section', name]
        command += ['--result', result.name, *(['--short'] if bench.short else [])]
        if status := subprocess.run(command, check=False).returncode:
            raise UncdError(f'section {name} ended with status {status}')
        return dict(json.loads(result.read()))


def print_table(report: dict[str, dict[str, object]], console: Console) -> None:
    table = Table('section', 'what', 'figures')
    for name, section in report['sections'].items():
        for index, (what, figures) in enumerate(section['rows'].items()):
            table.add_row('' if index else name, what, '  '.join(map(_figure, figures.items())))
        table.add_section()
    console.print(table)


def _figure(item: tuple[str, float]) -> str:
    name, value = item
    return f'{name.removesuffix("_ms")} {value:.1f} ms' if name.endswith('_ms') else f'{name} {value:.4g}'


def bench_all(given: argparse.Namespace, console: Console) -> None:
    from benchmark.engines_of import default_calibration, engines_of  # these load torch: see benchmark/robot.py
    from benchmark.environment import environment

    report = {'environment': environment(), 'short': given.short, 'sections': {}, 'ratios': {}}
    calibration = given.calibration or default_calibration(given.model)
    bench = Bench(model=engines_of(given.model, calibration, given.out, console.print), short=given.short)
    for name in given.only or SECTIONS:
        console.print(f'{name}: {SECTIONS[name]}')
        start = time.monotonic()
        section = run_section(name, bench)
        report['sections'][name] = {'seconds': time.monotonic() - start, 'rows': section['rows']}
        report['ratios'] |= section['ratios']
    given.out.mkdir(parents=True, exist_ok=True)
    path = given.out / 'bench.json'
    path.write_text(json.dumps(report, indent=2) + '\n')
    for what, value in report['environment'].items():
        console.print(f'{what:24} {value}', highlight=False)
    print_table(report, console)
    print('ratios', json.dumps({name: round(value, 3) for name, value in report['ratios'].items()}))
    console.print(f'{path}, in {sum(each["seconds"] for each in report["sections"].values()):.0f} s')


def main() -> int:
    parser = argparse.ArgumentParser(prog='benchmark', description=__doc__.splitlines()[0])
    parser.add_argument('--model', default='camvid', help='model folder, or name of a built-in model (%(default)s)')
    parser.add_argument('--calibration', metavar='FOLDER', help='as of export_model; that of the model by default')
    parser.add_argument('--short', action='store_true', help='in less than two minutes')
    parser.add_argument('--only', nargs='+', choices=SECTIONS, help='these sections alone')
    parser.add_argument('--out', type=Path, default=Path('out/bench'), help='folder for the results (%(default)s)')
    parser.add_argument('--section', choices=SECTIONS, help=argparse.SUPPRESS)
    parser.add_argument('--result', type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    try:
        if given.section:
            measure: Measure = import_module(f'benchmark.sections.{given.section}').measure
            section = measure(Bench(model=Path(given.model), short=given.short))
            given.result.write_text(json.dumps(asdict(section)))
        else:
            bench_all(given, Console(soft_wrap=True, width=None if sys.stdout.isatty() else 160))
    except UncdError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
