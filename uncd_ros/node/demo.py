# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole path on a camera stream: a player and the perception node as processes, and proof of what they did.

Writes overlay frames, one contact sheet and summary.json; exit status 1 if a result does not fit its image.
"""

import argparse
import json
import os
import re
import signal
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
from rich.console import Console
from rich.live import Live
from rich.panel import Panel

from uncd_ros.checks import check_range
from uncd_ros.errors import UncdError
from uncd_ros.images.contact_sheet import contact_sheet
from uncd_ros.model.find import find_model
from uncd_ros.model.store import load_card
from uncd_ros.node.child import process
from uncd_ros.node.demo_page import live_page
from uncd_ros.node.demo_summary import capability, sentences, summarise
from uncd_ros.node.domain import free_domain
from uncd_ros.node.listening import Spin, listening
from uncd_ros.node.recorder import DIAGNOSTICS, MASK, Recorder, mask_mismatches
from uncd_ros.node.telemetry import percentiles_ms
from uncd_ros.node.transport import large_image_environment
from uncd_ros.sources.frame_source import open_source

SECONDS = 40.0
"""Of a source that is longer, this much is played."""
HIGHEST_RATE = 1000.0
"""Images per second."""
ROWS = 6
"""Of the contact sheet."""
OBSTACLES = {'obstacles.smallest': 0.003, 'obstacles.images': 2}
"""Earlier than by default: what lies on the street is near for a quarter of a second only."""
START_WITHIN, SETTLE_WITHIN = 60.0, 20.0
"""Seconds for the node to load its model, and to work off what it has when the camera ends."""


class DemoError(UncdError):
    """The demo did not show what it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoArgs:
    """What to play, through which model, and where the results go."""

    source: str
    model: str
    out: Path
    frames: int
    """At most; 0 is all."""
    rate: float
    """Images per second."""
    view: bool
    """Whether to serve the live page, and to wait for somebody to open it."""


def parse_args(arguments: list[str] | None) -> DemoArgs:
    """Read the command line. Raises UncdError for a source or model that is not there."""
    parser = argparse.ArgumentParser(prog='demo', description=__doc__)
    parser.add_argument('--source', default='street', help="video file, folder of images, or 'street' (the default)")
    parser.add_argument('--model', help="model folder or built-in name; 'street' on the street, else 'camvid'")
    parser.add_argument('--out', type=Path, default=Path('out/demo'), help='folder for the results (%(default)s)')
    parser.add_argument('--frames', type=int, help=f'images to play at most; 0 is all, {SECONDS:g} s by default')
    parser.add_argument('--rate', type=float, help="images per second; the source's own by default")
    parser.add_argument('--view', action='store_true', help='serve a live page, and begin once it is open in a browser')
    parsed = parser.parse_args(arguments)
    source = open_source(parsed.source)
    model = parsed.model or ('street' if parsed.source == 'street' else 'camvid')
    find_model(model)
    rate = source.fps if parsed.rate is None else parsed.rate
    check_range('--rate', rate, 0.1, HIGHEST_RATE)
    check_range('--frames', parsed.frames or 0, 0, 10**9)
    return DemoArgs(
        source=parsed.source,
        model=model,
        out=parsed.out,
        frames=round(SECONDS * rate) if parsed.frames is None else parsed.frames,
        rate=rate,
        view=parsed.view,
    )


def run(args: DemoArgs, console: Console) -> dict[str, Any]:
    """Play, listen, check, write; the summary. Raises UncdError if anything is not as it should be."""
    card = load_card(find_model(args.model))
    overlays = args.out / 'overlay'
    overlays.mkdir(parents=True, exist_ok=True)
    for old in overlays.glob('*.jpg'):
        old.unlink()
    with ExitStack() as stack:
        recorder, spin = stack.enter_context(listening(lambda: Recorder(overlays, samples=ROWS)))
        node = stack.enter_context(process('perception_node', model=args.model, **OBSTACLES))
        console.print(f'starting the node with model [bold]{card.name}[/] …')
        spin(lambda: recorder.connected() or node.poll() is not None, START_WITHIN)
        if not recorder.connected():
            raise DemoError('the node did not start; its last lines above say why')
        if args.view:
            stack.enter_context(live_page(recorder, spin, console))
        sent = play(args, recorder, spin, console)
        recorder.camera_ended = True
        reports = recorder.messages[DIAGNOSTICS] + 2  # the first may be from before the last image
        spin(lambda: recorder.messages[DIAGNOSTICS] >= reports and settled(recorder), SETTLE_WITHIN)
        node.send_signal(signal.SIGINT)
        status = node.wait(SETTLE_WITHIN)
        rows = recorder.rows()
    if not recorder.node_status:
        raise DemoError(f'nothing came on {DIAGNOSTICS} from the node')
    summary = summarise(args.source, card, recorder, sent)
    (args.out / 'summary.json').write_text(json.dumps(summary, indent=2) + '\n')
    sheet = contact_sheet(rows, card.classes, card.uncertainty.upper)
    cv2.imwrite(str(args.out / 'contact_sheet.png'), sheet[..., ::-1])
    check(summary, mask_mismatches(recorder.images, recorder.masks), status)
    return summary


def play(args: DemoArgs, recorder: Recorder, spin: Spin, console: Console) -> int:
    """Play the source to its end, showing live numbers; how many images were sent."""
    parameters = {'source': args.source, 'rate': args.rate, 'frames': args.frames, 'subscribers': 2}
    with process('image_player', **parameters) as player, Live(console=console, refresh_per_second=4) as live:
        while player.poll() is None:
            spin(lambda: player.poll() is not None, 0.25)
            live.update(numbers(recorder))
        output, _ = player.communicate()
    if not console.is_terminal:  # where the panel ends without an end of the line
        console.line()
    sent = re.search(r'sent (\d+) images', output)
    if player.returncode or not sent:
        raise DemoError('the player ended early; its last lines above say why')
    return int(sent[1])


def settled(recorder: Recorder) -> bool:
    """Whether the node has accounted for all it received, and all its results have come."""
    status = recorder.node_status
    if not status:
        return False
    ended = sum(int(status[key]) for key in ('processed', 'dropped', 'faults'))
    return ended == int(status['received']) and len(recorder.mask_times) == int(status['processed'])


def numbers(recorder: Recorder) -> Panel:
    """How it goes, for a person."""
    status = recorder.node_status
    if not status or not recorder.scores:
        return Panel('waiting for the first image …', title='uncd_ros')
    counts = '   '.join(f'{key} {status[key]}' for key in ('received', 'processed', 'dropped', 'faults'))
    p50, p95, _ = percentiles_ms(recorder.latencies[-100:])
    speed = f'{status["fps"]} of {status["fps_in"]} images per second, {capability(status):.0f} possible'
    speed += f'   latency {p50:.0f} ms (p50), {p95:.0f} ms (p95)'
    flag = '[bold red]OUT OF DISTRIBUTION[/]' if recorder.flags[-1] else '[green]in distribution[/]'
    return Panel(f'{counts}\n{speed}\nOOD score {recorder.scores[-1]:.3f}   {flag}', title='uncd_ros')


def check(summary: dict[str, Any], mismatches: list[str], status: int) -> None:
    """Raise DemoError, with a line for each thing, unless every image is accounted for and every mask fits.

    `mismatches` say what is wrong with single masks, `status` is the node's exit status.
    """
    complaints = list(mismatches)
    ended = summary['frames_processed'] + summary['frames_dropped'] + summary['faults']
    if ended != summary['frames_received']:
        complaints.append(f'the node received {summary["frames_received"]} images but accounts for {ended}')
    masks = summary['messages'].get(MASK, 0)
    if masks == 0 or masks != summary['frames_processed']:
        complaints.append(f'{masks} masks came of {summary["frames_processed"]} processed images')
    if summary['lost_in_transport'] < 0:
        complaints.append(f'the node received more images than the {summary["frames_sent"]} that were sent')
    if status:
        complaints.append(f'the node ended with status {status}, expected 0')
    if complaints:
        raise DemoError('\n'.join(complaints[:10]))


def main(arguments: list[str] | None = None) -> int:
    """Entry point."""
    console = Console()
    os.environ.update(large_image_environment(os.environ))
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')  # nothing here concerns the network
    try:
        args = parse_args(arguments)
        # Never the user's own: a robot's node in it would see these images.
        os.environ['ROS_DOMAIN_ID'] = str(free_domain())
        console.print(f'ROS_DOMAIN_ID={os.environ["ROS_DOMAIN_ID"]}: a domain in which no other process is')
        summary = run(args, console)
    except UncdError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    where = f'look at {args.out}/contact_sheet.png; all figures are in {args.out}/summary.json'
    for sentence in (*sentences(summary), where):
        console.print(sentence, soft_wrap=True, markup=False, highlight=False)
    return 0


if __name__ == '__main__':
    sys.exit(main())
