# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The player as a real process: every frame, once, in order, unchanged."""

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from sensor_msgs.msg import CompressedImage, Image

from support.ros_harness import Probe, Process
from uncd_ros.images.encodings import as_array
from uncd_ros.node.image_player import play
from uncd_ros.sources.frame_source import open_source

FRAMES = 6
RATE = 20.0


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('frames')
    for i in range(FRAMES):
        pixels = np.random.default_rng(i).integers(0, 256, (30, 40, 3), np.uint8)
        cv2.imwrite(str(folder / f'{i}.png'), pixels)
    return folder


def test_every_frame_arrives_once_in_order(folder: Path, tmp_path: Path) -> None:
    probe = Probe()
    probe.listen(Image, '/image_raw')
    parameters = (f'source:={folder}', f'rate:={RATE}', 'frame_id:=front')
    overrides = [word for parameter in parameters for word in ('-p', parameter)]
    process = Process(tmp_path / 'log.txt', 'uncd_ros.node.image_player', '--ros-args', *overrides)
    try:
        heard = probe.heard['/image_raw']
        probe.until(lambda: len(heard) == FRAMES)
        assert process.wait() == 0
        assert f'image_player: sent {FRAMES} images' in process.output
    finally:
        process.kill()
        probe.close()
    for frame, msg in zip(open_source(str(folder)), heard, strict=True):
        assert (msg.encoding, msg.header.frame_id) == ('bgr8', 'front')
        np.testing.assert_array_equal(as_array(msg), frame[..., ::-1])
    stamps = [msg.header.stamp.sec + msg.header.stamp.nanosec * 1e-9 for msg in heard]
    assert stamps == sorted(set(stamps))
    assert f'at {RATE:g} images per second' in process.output


def test_compressed_images_are_those_of_the_source(tmp_path: Path) -> None:
    folder = tmp_path / 'flat'
    folder.mkdir()
    colours = [(200, 100, 50), (10, 150, 90)]
    for i, colour in enumerate(colours):
        cv2.imwrite(str(folder / f'{i}.png'), np.full((30, 40, 3), colour, np.uint8))
    probe = Probe()
    probe.listen(CompressedImage, '/camera/compressed')
    overrides = ('-p', f'source:={folder}', '-p', 'image_transport:=compressed', '-p', 'rate:=50.0')
    remapping = ('-r', 'image_raw/compressed:=camera/compressed')
    process = Process(tmp_path / 'log.txt', 'uncd_ros.node.image_player', '--ros-args', *overrides, *remapping)
    try:
        heard = probe.heard['/camera/compressed']
        probe.until(lambda: len(heard) == len(colours))
        assert process.wait() == 0
    finally:
        process.kill()
        probe.close()
    for colour, msg in zip(colours, heard, strict=True):
        assert msg.format == 'bgr8; jpeg compressed bgr8'
        image = as_array(msg)
        assert image.shape == (30, 40, 3)
        np.testing.assert_allclose(image[15, 20], colour[::-1], atol=6)


def test_source_that_is_not_there_is_one_line_and_exit_status_1(tmp_path: Path) -> None:
    process = Process(tmp_path / 'log.txt', 'uncd_ros.node.image_player', '--ros-args', '-p', 'source:=/nowhere.mp4')
    assert process.wait() == 1
    assert process.output.startswith('error: /nowhere.mp4: ')
    assert process.output.count('\n') == 1


def test_loop_and_limit(folder: Path) -> None:
    source = open_source(str(folder))
    assert len(list(play(source, loop=False, limit=0))) == FRAMES
    assert len(list(play(source, loop=False, limit=4))) == 4
    twice = list(play(source, loop=True, limit=2 * FRAMES))
    np.testing.assert_array_equal(twice[:FRAMES], twice[FRAMES:])
    assert len(list(islice(play(source, loop=True, limit=0), 3 * FRAMES))) == 3 * FRAMES
