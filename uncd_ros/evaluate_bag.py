# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluate a model on a recorded drive: when the flag rose, and whether it was correct. Only --live needs ROS.

    python -m uncd_ros.evaluate_bag drive                                   timeline, alarms, classes, camera faults
    python -m uncd_ros.evaluate_bag drive --params perception.yaml          decided as the node with these parameters
    python -m uncd_ros.evaluate_bag drive --set ood.window=9                or with this one
    python -m uncd_ros.evaluate_bag drive --labels /camera/labels           and the metrics that need ground truth
    python -m uncd_ros.evaluate_bag drive --events events.csv               and delay, missed events, false alarms
    python -m uncd_ros.evaluate_bag drives/* --ray 10.0.0.1:6379            many bags on a Ray cluster, one table

Writes report.html, which holds its figures, report.md, report.json, frames.jsonl and figures/, and fleet.html of
several bags. Ctrl-C ends it with a report of the images so far. The bags themselves are never touched.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.cluster import LOCAL
from uncd_ros.errors import ConfigError, UncdError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from uncd_ros.bag_evaluation.fleet import FleetArgs
    from uncd_ros.bag_evaluation.live_result import LiveOutcome
    from uncd_ros.bag_evaluation.run import EvaluateBagArgs


class Parser(argparse.ArgumentParser):
    """Mistakes are one line, as everywhere."""

    def error(self, message: str) -> NoReturn:
        """Raise it as ours."""
        raise ConfigError(message)


def parse_args(arguments: list[str] | None) -> 'EvaluateBagArgs | FleetArgs':
    """The command line, of one bag or of several. Raises ConfigError for what is unknown or of no use."""
    from uncd_ros.bag_evaluation.fleet import FleetArgs
    from uncd_ros.bag_evaluation.node_settings import read_node_settings
    from uncd_ros.bag_evaluation.run import EvaluateBagArgs

    values = vars(_parser().parse_args(arguments))
    if values['every'] < 1:
        raise ConfigError(f'--every is {values["every"]}, expected 1 or more')
    if values['live'] is not None and not 0.0 < values['live'] <= 100.0:
        raise ConfigError(f'--live is {values["live"]}, expected more than 0 and at most 100')
    params, model, bags, out, ray = (values.pop(name) for name in ('params', 'model', 'bags', 'out', 'ray'))
    node = read_node_settings(params, values.pop('set'))
    node = replace(node, model=model) if model else node
    if len(bags) > 1 or ray:
        common = EvaluateBagArgs(bag=bags[0], out=out or Path('out'), node=node, **values)
        return FleetArgs.of(bags, common, ray)
    return EvaluateBagArgs(bag=bags[0], out=out or Path('out') / bags[0].resolve().name, node=node, **values)


def _parser() -> Parser:
    parser = Parser(prog='evaluate_bag', description='Evaluate a model on a recorded drive.')
    bags = 'rosbag2 folder, or one .mcap or .db3 file of it; several are evaluated one after another'
    parser.add_argument('bags', type=Path, nargs='+', metavar='bag', help=bags)
    cluster = 'evaluate each bag as a task on the Ray cluster at HOST:PORT, or on one of this machine alone'
    parser.add_argument('--ray', nargs='?', const=LOCAL, metavar='ADDRESS', help=cluster)
    parser.add_argument('--image-topic', metavar='T', help='topic of the images; chosen automatically by default')
    parser.add_argument(
        '--params',
        type=Path,
        metavar='FILE',
        help="the node's ROS 2 parameter file, such as config/perception.yaml: the decisions are those of the node "
        'with these parameters; by default with its default parameters',
    )
    one = 'one parameter of the node, such as ood.window=9; it wins over --params, and may be given several times'
    parser.add_argument('--set', action='append', default=[], metavar='NAME=VALUE', help=one)
    parser.add_argument('--model', help='model folder or built-in name; by default that of --params, or camvid')
    parser.add_argument(
        '--labels',
        metavar='TOPIC|FOLDER',
        help='ground truth, label ids: mono8 topic, or PNGs named by stamp or number; by default the topic of the bag '
        "that seems to hold it, if there is one; 'none' for none",
    )
    parser.add_argument(
        '--ignore-index',
        '--void',
        type=int,
        default=IGNORE_INDEX,
        metavar='ID',
        help='label id of no class (%(default)s); --void is the old name',
    )
    parser.add_argument(
        '--events', type=Path, metavar='FILE', help='known out-of-distribution events: CSV or JSON, start,end,kind'
    )
    parser.add_argument('--out', type=Path, help='folder of the report; out/<name of the bag> by default')
    written = 'new bag of the camera and of what the node says about it; a folder of them for several bags'
    parser.add_argument('--write-bag', type=Path, metavar='OUT', help=written)
    parser.add_argument('--every', type=int, default=1, metavar='N', help='evaluate every Nth image only')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')
    live = 'also play the bag to the real node at this many times real time, and measure its speed: needs rclpy'
    parser.add_argument('--live', type=float, metavar='RATE', help=live)
    return parser


def _live() -> 'Callable[[EvaluateBagArgs, str, Console], LiveOutcome]':
    """The only part that needs ROS. Raises ConfigError where there is none."""
    try:
        from uncd_ros.node.live_replay import replay_live
    except ModuleNotFoundError as error:
        message = f"--live needs {error.name}: source a ROS 2 installation, or pip install 'uncd_ros[ros]'"
        raise ConfigError(message) from None
    return replay_live


def main(arguments: list[str] | None = None) -> int:
    """Entry point."""
    try:
        from rich.console import Console

        from uncd_ros.bag_evaluation.fleet import FleetArgs, evaluate_fleet

        console = Console(highlight=False, soft_wrap=True)
        args = parse_args(arguments)
        if isinstance(args, FleetArgs):
            return evaluate_fleet(args, console)
        return _evaluate_one(args, console)
    except UncdError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"error: evaluate_bag needs {error.name}: pip install 'uncd_ros[bags]'", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _evaluate_one(args: 'EvaluateBagArgs', console: 'Console') -> int:
    """The report, and with --live once more with what the node did; gives the exit status."""
    from uncd_ros.bag_evaluation.bag_report import write_live_report
    from uncd_ros.bag_evaluation.run import evaluate

    replay_live = _live() if args.live else None
    evaluated = evaluate(args, console)
    console.print(f'report: {args.out}/report.html, report.md, report.json, frames.jsonl')
    if evaluated.result.interrupted:
        return 130
    if replay_live:
        live = replay_live(args, evaluated.result.topic, console)
        write_live_report(evaluated.result, evaluated.run, args.out, live)
        console.print(f'report: {args.out}/report.html, with what the node did, and live.json')
    return 0


if __name__ == '__main__':
    sys.exit(main())
