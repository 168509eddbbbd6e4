# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What evaluating a bag costs beside the bare network on the same frames, after checking that it says the same.

python benchmark/bag.py [--model camvid] [--frames 60] [--device auto]
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from uncd_ros.bag_evaluation.frame_log import FRAMES, TIMING
from uncd_ros.bag_evaluation.run import evaluate
from uncd_ros.bags.topics import IMAGE
from uncd_ros.bags.writer import BagWriter, header, image_message
from uncd_ros.evaluate_bag import parse_args
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model
from uncd_ros.street.scene import render_street

ROUNDS = 5
SLOWEST = 0.9
"""Share of the bare network's speed that must be left."""


def write_bag(path: Path, frames: list[NDArray[np.uint8]]) -> None:
    with BagWriter(path) as bag:
        for index, frame in enumerate(frames):
            stamp = index * 10**8
            bag.write('/camera/image_raw', IMAGE, stamp, image_message(header(stamp, 'camera'), 'bgr8', frame))


def bare(predictor: Predictor, frames: list[NDArray[np.uint8]]) -> tuple[float, list[float]]:
    """Seconds, and scores."""
    start = time.perf_counter()
    scores = [predictor.predict(frame[..., ::-1]).score for frame in frames]
    return time.perf_counter() - start, scores


def main() -> None:
    """Each in turn, so that a busy moment hits both alike; the median of their ratios counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--model', default='camvid')
    parser.add_argument('--frames', type=int, default=60)
    parser.add_argument('--device', default='auto', help='auto, cpu or cuda')
    given = parser.parse_args()
    predictor = Predictor(load_model(given.model), device=given.device)
    scenes = (render_street(seed=7, frame=index, height=360, width=640) for index in range(given.frames))
    frames = [cv2.cvtColor(scene.image, cv2.COLOR_RGB2BGR) for scene in scenes]
    predictor.warm_up()
    ratios = []
    with tempfile.TemporaryDirectory() as scratch:
        write_bag(Path(scratch, 'bag'), frames)
        arguments = [f'{scratch}/bag', '--model', given.model, '--device', given.device, '--out', f'{scratch}/out']
        args, quiet = parse_args(arguments), Console(quiet=True)
        for _ in range(ROUNDS):
            seconds, scores = bare(predictor, frames)
            evaluate(args, quiet)
            recorded = [json.loads(line)['score'] for line in (args.out / FRAMES).read_text().splitlines()]
            np.testing.assert_array_equal(recorded, scores)
            whole = json.loads((args.out / TIMING).read_text())['seconds']
            ratios.append(seconds / whole)
            print(f'bare {len(frames) / seconds:6.2f}, bag {len(frames) / whole:6.2f} frames per second')
    ratio = float(np.median(ratios))
    print(f'{given.model}, 640x360, {predictor.device_name}: a bag goes at {ratio:.1%} of the bare network')
    if ratio < SLOWEST:
        sys.exit(f'error: expected {SLOWEST:.0%} or more')


if __name__ == '__main__':
    main()
