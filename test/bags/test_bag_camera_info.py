# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rosbags', reason='reads and writes bags')

from support.bag_makers import CAMERA, PERIOD, START, camera_message, evaluate_bag, frame_lines, write_bag
from uncd_ros.bags.camera_info import AHEAD, CAMERA_INFO, open_camera_infos
from uncd_ros.bags.frames import FrameReader
from uncd_ros.bags.reader import Bag, typestore
from uncd_ros.bags.topics import IMAGE
from uncd_ros.bags.writer import header
from uncd_ros.images.camera_info import STALE_AFTER

INFO = '/camera/camera_info'


def info(stamp: int, height: int, width: int) -> bytes:
    """CDR of a camera_info; what is not named is 0."""
    types = typestore().types
    roi = types['sensor_msgs/msg/RegionOfInterest'](x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
    zeros = {name: np.zeros(size) for name, size in (('d', 0), ('k', 9), ('r', 9), ('p', 12))}
    message = types[CAMERA_INFO](
        header=header(stamp, 'camera'), height=height, width=width, distortion_model='', **zeros,
        binning_x=0, binning_y=0, roi=roi,
    )  # fmt: skip
    return bytes(typestore().serialize_cdr(message, CAMERA_INFO))


def stamp(index: int) -> int:
    """Of the camera's image number `index`."""
    return START + index * PERIOD - 10**6


def bag_with(path: Path, infos: list[tuple[int, bytes]], frames: int = 4) -> Path:
    """A camera's bag with these (nanoseconds of recording, camera_info)."""
    images = [(CAMERA, IMAGE, START + i * PERIOD, camera_message(i)) for i in range(frames)]
    rows = sorted([*images, *((INFO, CAMERA_INFO, received, data) for received, data in infos)], key=lambda row: row[2])
    return write_bag(path, rows)


def test_the_message_of_the_image_s_stamp_else_the_latest_before(tmp_path: Path) -> None:
    infos = [
        (START + 1, info(7, 40, 60)),
        (START + PERIOD + 1, info(stamp(1), 48, 64)),  # recorded after its image
        (START + 2 * PERIOD + 1, info(8, 30, 60)),
    ]
    with Bag(bag_with(tmp_path / 'bag', infos)) as bag:
        assert [frame.stated_size for frame in FrameReader(bag, CAMERA)] == [None, (48, 64), (48, 64), (30, 60)]


def test_one_that_images_outlive_says_nothing(tmp_path: Path) -> None:
    frames = 25
    with Bag(bag_with(tmp_path / 'bag', [(START, info(7, 40, 60))], frames=frames)) as bag:
        stated = [frame.stated_size for frame in FrameReader(bag, CAMERA)]
    fresh = round(STALE_AFTER * 1e9) // PERIOD + 1
    assert stated == [(40, 60)] * fresh + [None] * (frames - fresh)


def test_what_comes_far_behind_is_not_waited_for(tmp_path: Path) -> None:
    with Bag(bag_with(tmp_path / 'bag', [(START + AHEAD + 1, info(stamp(0), 48, 64))])) as bag:
        assert next(iter(FrameReader(bag, CAMERA))).stated_size is None


def test_topics_beside_the_images(tmp_path: Path) -> None:
    with Bag(bag_with(tmp_path / 'bag', [(START, info(0, 1, 1))])) as bag:
        assert open_camera_infos(bag, '/camera/image_raw/compressed') is not None
        assert open_camera_infos(bag, '/other/image_raw') is None


def test_an_image_of_another_shape_than_stated_is_a_fault(tiny_model: Path, tmp_path: Path) -> None:
    infos = [(START + i * PERIOD, info(stamp(i), 64 if i else 48, 64)) for i in range(4)]
    report = evaluate_bag(bag_with(tmp_path / 'bag', infos), tiny_model, tmp_path / 'out')
    assert report['camera_faults'] == {'wrong size': 3}
    assert [line['fault'] is None for line in frame_lines(tmp_path / 'out')] == [True, False, False, False]


def test_images_are_thinned_to_the_rate_as_in_the_node(tmp_path: Path) -> None:
    with Bag(bag_with(tmp_path / 'bag', [], frames=20)) as bag:
        frames = FrameReader(bag, CAMERA, max_rate=5.0)
        assert [frame.message.index for frame in frames] == list(range(0, 20, 2)) and frames.present == 20
        # The camera was never silent for longer than from one image to the next, those left out among them.
        assert [frame.silence for frame in frames] == [0.0, *[pytest.approx(PERIOD * 1e-9)] * 9]
