# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames a second of the procedural street, 320x240 on one thread, after checking that they are the right frames."""

import time

import cv2
import numpy as np

from uncd_ros.street.scene import render_street

SIZE = {'height': 240, 'width': 320}
FRAMES = 200


def check() -> None:
    """A seed and a frame number give the same scene whatever was drawn before."""
    before = render_street(seed=7, frame=20, **SIZE)
    render_street(seed=8, frame=3, **SIZE)
    again = render_street(seed=7, frame=20, **SIZE)
    np.testing.assert_array_equal(before.image, again.image)
    np.testing.assert_array_equal(before.labels, again.labels)


def frames_per_second(weather: dict[str, float]) -> float:
    """Of a drive of FRAMES frames, by the clock of the process: other programs do not count."""
    start = time.process_time()
    for frame in range(FRAMES):
        render_street(seed=9, frame=frame, **SIZE, **weather)
    return FRAMES / (time.process_time() - start)


def main() -> None:
    """Check, then time each weather."""
    cv2.setNumThreads(1)
    check()
    for name in ('clear', 'fog', 'night', 'rain'):
        speed = frames_per_second({} if name == 'clear' else {name: 1.0})
        print(f'street {name:6} {speed:6.1f} frames per second')


if __name__ == '__main__':
    main()
