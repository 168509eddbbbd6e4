# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stamps that tell no time: the flag falls all the same, and no latency is made up from them."""

from collections.abc import Iterator
from itertools import count, repeat
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import Image

from support.camera_double import Camera, key_values, picture, stamped_now, values_of
from support.ros_harness import Probe, perception_node


@pytest.fixture(scope='module')
def camera(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    timing = {'ood__window': 1, 'ood__required': 1, 'ood__release': 0, 'ood__hold': 0.2}
    with perception_node(tmp_path_factory.mktemp('node') / 'log.txt', tiny_model, **timing) as process:
        camera = Camera(process, Probe())
        camera.wait()
        yield camera
        camera.probe.close()


def flag_after(camera: Camera, image: Image) -> bool:
    """Send an image until there is a decision; images of one stamp are told apart by their order alone."""
    before = len(camera.decisions())
    camera.probe.until(
        lambda: camera.publisher.publish(image) or camera.probe.within(1.0, lambda: len(camera.decisions()) > before)
    )
    return values_of(camera.decisions()[-1])['is_ood'] == 'True'


@pytest.mark.parametrize('step', [0, -1, 60])
def test_flag_falls_by_arrival(camera: Camera, step: int) -> None:
    """Stamps that stand still, go back, or lie further apart than any camera's images."""
    stamps, seeds = count(1_000_000, step), count()

    def image() -> Image:
        msg = picture(seed=next(seeds))
        msg.header.stamp = Time(sec=next(stamps))
        return msg

    assert not flag_after(camera, image())
    broken = image()
    broken.data = broken.data[:7]
    assert flag_after(camera, broken)
    camera.probe.until(lambda: not flag_after(camera, image()))


@pytest.mark.parametrize(
    ('seconds', 'found'), [(repeat(0), 'stamps are 0'), (count(1_000), 's behind'), (count(2_100_000_000), 's ahead')]
)
def test_stamps_that_tell_no_time_are_a_warning_and_no_latency(
    camera: Camera, seconds: Iterator[int], found: str
) -> None:
    seeds = count(100)

    def told(text: str, image: Image) -> DiagnosticStatus | None:
        flag_after(camera, image)
        status = camera.status()
        return status if text in key_values(status)['stamps'] else None

    def wrong() -> Image:
        image = picture(seed=next(seeds))
        image.header.stamp = Time(sec=next(seconds))
        return image

    status = camera.probe.until(lambda: told(found, wrong()))
    assert status.level == DiagnosticStatus.WARN
    assert all(fact in status.message for fact in ('/image_raw: stamps', found, 'expected'))
    values = key_values(status)
    assert (values['end_to_end_ms_p50'], values['receive_ms_p99']) == ('unknown', 'unknown')
    assert float(values['latency_ms_p50']) > 0.0

    status = camera.probe.until(lambda: told('ok', stamped_now(picture(seed=next(seeds)))))
    assert status.level == DiagnosticStatus.OK
    assert float(key_values(status)['end_to_end_ms_p50']) > 0.0
