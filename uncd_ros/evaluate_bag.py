# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How good is the student on a recorded drive, when did the flag rise, was it right? ROS is needed for --live alone.

    python -m uncd_ros.evaluate_bag drive                                   timeline, alarms, classes, camera faults
    python -m uncd_ros.evaluate_bag drive --labels /camera/labels           and everything that labels can tell
    python -m uncd_ros.evaluate_bag drive --events events.csv               and detection delay, missed, false alarms

Writes report.html, report.md, report.json, frames.jsonl and figures/. The bag itself is never touched.
"""

import argparse
import sys
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
    from uncd_ros.bag_evaluation.run import EvaluateBagArgs

    parser = Parser(prog='evaluate_bag', description='Judge a model on a recorded drive.')
    parser.add_argument('bag', type=Path, help='rosbag2 folder, or one .mcap or .db3 file of it')
    parser.add_argument('--image-topic', metavar='T', help='images to look at; chosen by itself otherwise')
    parser.add_argument(
        '--labels', metavar='TOPIC|FOLDER', help='label ids: mono8 topic, or PNGs named by stamp or number'
    )
    parser.add_argument(
        '--void', type=int, default=IGNORE_INDEX, metavar='ID', help='label id of no class (%(default)s)'
    )
    parser.add_argument(
        '--events', type=Path, metavar='FILE', help='known strange stretches: CSV or JSON, start,end,kind'
    )
    parser.add_argument('--model', default='camvid', help='model folder or built-in name (%(default)s)')
    parser.add_argument('--out', type=Path, help='folder of the report; out/<name of the bag> by default')
    parser.add_argument('--write-bag', type=Path, metavar='OUT', help='new bag: camera, mask, uncertainty and flag')
    parser.add_argument('--every', type=int, default=1, metavar='N', help='look at every Nth image only')
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')
    live = 'play it to the real node at this many times real time, too: needs rclpy'
    parser.add_argument('--live', type=float, metavar='RATE', help=live)
    given = parser.parse_args(arguments)
    if given.every < 1:
        raise ConfigError(f'--every is {given.every}, expected 1 or more')
    if given.live is not None and not 0.0 < given.live <= 100.0:
        raise ConfigError(f'--live is {given.live}, expected more than 0 and at most 100')
    given.out = given.out or Path('out') / given.bag.resolve().name
    return EvaluateBagArgs(**vars(given))


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
        found = evaluate(args, console)
        console.print(f'report: {args.out}/report.html, report.md, report.json, frames.jsonl')
        if replay_live and args.live:
            replay_live(args.bag, found.topic, args.model, args.live, args.out, console)
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
