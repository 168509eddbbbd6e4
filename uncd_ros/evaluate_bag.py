# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluate a model on a recorded drive: when the flag rose, and whether it was correct. Only --live needs ROS.

    python -m uncd_ros.evaluate_bag drive                                   timeline, alarms, classes, camera faults
    python -m uncd_ros.evaluate_bag drive --params perception.yaml          decided as the node with these parameters
    python -m uncd_ros.evaluate_bag drive --labels /camera/labels           and the metrics that need ground truth
    python -m uncd_ros.evaluate_bag drive --events events.csv               and delay, missed events, false alarms

Writes report.html, report.md, report.json, frames.jsonl and figures/. The bag itself is never touched.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.errors import ConfigError, UncdError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from uncd_ros.bag_evaluation.run import EvaluateBagArgs


class Parser(argparse.ArgumentParser):
    """Mistakes are one line, as everywhere."""

    def error(self, message: str) -> NoReturn:
        """Raise it as ours."""
        raise ConfigError(message)


def parse_args(arguments: list[str] | None) -> 'EvaluateBagArgs':
    """Read the command line. Raises ConfigError for what is unknown or of no use."""
    from uncd_ros.bag_evaluation.node_settings import NodeSettings, read_node_settings
    from uncd_ros.bag_evaluation.run import EvaluateBagArgs

    values = _parser().parse_args(arguments)
    if values.every < 1:
        raise ConfigError(f'--every is {values.every}, expected 1 or more')
    if values.live is not None and not 0.0 < values.live <= 100.0:
        raise ConfigError(f'--live is {values.live}, expected more than 0 and at most 100')
    values.out = values.out or Path('out') / values.bag.resolve().name
    params, model = values.params, values.model
    del values.params, values.model
    node = read_node_settings(params) if params else NodeSettings()
    return EvaluateBagArgs(**vars(values), node=replace(node, model=model) if model else node)


def _parser() -> Parser:
    parser = Parser(prog='evaluate_bag', description='Evaluate a model on a recorded drive.')
    parser.add_argument('bag', type=Path, help='rosbag2 folder, or one .mcap or .db3 file of it')
    parser.add_argument('--image-topic', metavar='T', help='topic of the images; chosen automatically by default')
    parser.add_argument(
        '--params',
        type=Path,
        metavar='FILE',
        help="the node's ROS 2 parameter file, such as config/perception.yaml: the decisions are those of the node "
        'with these parameters; by default with its default parameters',
    )
    parser.add_argument('--model', help='model folder or built-in name; by default that of --params, or camvid')
    parser.add_argument(
        '--labels',
        metavar='TOPIC|FOLDER',
        help='ground truth, label ids: mono8 topic, or PNGs named by stamp or number',
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
    parser.add_argument('--write-bag', type=Path, metavar='OUT', help='new bag: camera, mask, uncertainty and flag')
    parser.add_argument('--every', type=int, default=1, metavar='N', help='evaluate every Nth image only')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')
    live = 'also play the bag to the real node at this many times real time, and measure its speed: needs rclpy'
    parser.add_argument('--live', type=float, metavar='RATE', help=live)
    return parser


def _live() -> 'Callable[[Path, str, str, float, Path, Console], None]':
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

        from uncd_ros.bag_evaluation.run import evaluate

        console = Console(highlight=False, soft_wrap=True)
        args = parse_args(arguments)
        replay_live = _live() if args.live else None
        result = evaluate(args, console)
        console.print(f'report: {args.out}/report.html, report.md, report.json, frames.jsonl')
        if replay_live and args.live:
            replay_live(args.bag, result.topic, args.node.model, args.live, args.out, console)
            console.print(f'report: {args.out}/live.html, live.md, live.json')
    except UncdError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"error: evaluate_bag needs {error.name}: pip install 'uncd_ros[bags]'", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
