# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node at full load for a long time: its memory must not grow, its latency not drift, no image vanish.

python benchmark/soak.py --model models/street [--minutes 10]
"""

import argparse
import os
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import Image

from uncd_ros.node.child import process
from uncd_ros.node.transport import large_image_environment

RATE = 60.0
"""Images per second that the camera sends: more than a CPU can work on."""
SETTLED_AFTER = 0.2
"""Share of the time that is left out: allocators and buffers find their size first."""
GROWTH, DRIFT = 0.03, 0.25
"""Share of itself by which the median memory, and the median latency, may be larger in the second half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One of the node's diagnostics."""

    memory: float
    """MiB resident."""
    latency: float
    """Milliseconds, median of the last 300 images."""


class Listener(Node):
    """Asks for all the node can give, and keeps its diagnostics."""

    def __init__(self) -> None:
        super().__init__('soak')
        self.samples: list[Sample] = []
        self.values: dict[str, str] = {}
        for topic in ('mask', 'uncertainty', 'overlay'):
            self.create_subscription(Image, f'/segmentation/{topic}', lambda _: None, 5)
        self.create_subscription(DiagnosticArray, '/diagnostics', self._on_image, 10)

    def _on_image(self, msg: DiagnosticArray) -> None:
        values = {each.key: each.value for status in msg.status for each in status.values}
        self.values = values
        if int(values['processed']) > 0:
            self.samples.append(Sample(memory=float(values['memory_mb']), latency=float(values['latency_ms_p50'])))


def soak(model: str, minutes: float) -> Listener:
    """Run camera and node, listening; what was heard."""
    rclpy.init()
    listener = Listener()
    with ExitStack() as running:
        node = running.enter_context(process('perception_node', model=model))
        running.enter_context(process('image_player', rate=RATE, loop=True, subscribers=1))
        end = time.monotonic() + 60.0 * minutes
        while time.monotonic() < end and node.poll() is None:
            rclpy.spin_once(listener, timeout_sec=1.0)
        node.send_signal(signal.SIGINT)
        if status := node.wait(30.0):
            sys.exit(f'FAILED: the node ended with status {status}')
    rclpy.try_shutdown()
    return listener


def verdict(listener: Listener) -> list[str]:
    """What is wrong, a line each."""
    kept = listener.samples[int(SETTLED_AFTER * len(listener.samples)) :]
    if len(kept) < 20:
        return [f'{len(listener.samples)} diagnostics came, too few to tell']
    halves = kept[: len(kept) // 2], kept[len(kept) // 2 :]
    memory, latency = (
        [float(np.median([getattr(each, key) for each in half])) for half in halves] for key in ('memory', 'latency')
    )
    values = listener.values
    print(f'received {values["received"]}, processed {values["processed"]}, dropped {values["dropped"]}')
    print(f'memory   {memory[0]:8.1f} MiB, then {memory[1]:8.1f} MiB')
    print(f'latency  {latency[0]:8.1f} ms,  then {latency[1]:8.1f} ms (median)')
    faults = [f'{values["faults"]} faults'] if values['faults'] != '0' else []
    ended = sum(int(values[key]) for key in ('processed', 'dropped', 'faults'))
    if not 0 <= int(values['received']) - ended <= 2:  # one in work, one that waits
        faults.append(f'received {values["received"]} images but accounts for {ended}')
    if memory[1] > (1 + GROWTH) * memory[0]:
        faults.append('memory grows')
    if latency[1] > (1 + DRIFT) * latency[0]:
        faults.append('latency drifts')
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--model', default='street', help='model folder or built-in name (%(default)s)')
    parser.add_argument('--minutes', type=float, default=10.0, help='how long (%(default)s)')
    given = parser.parse_args()
    os.environ.update(large_image_environment(os.environ))
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    os.environ.setdefault('ROS_DOMAIN_ID', str(os.getpid() % 100 + 1))
    wrong = verdict(soak(given.model, given.minutes))
    print('FAILED: ' + ', '.join(wrong) if wrong else 'passed: memory and latency stay, every image is accounted for')
    return int(bool(wrong))


if __name__ == '__main__':
    sys.exit(main())
