# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What goes in and out of the node besides raw colour images: encodings, camera_info, PNG, names."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from support.camera_double import Camera, picture
from support.ros_harness import Probe, perception_node
from uncd_ros.images.encodings import ENCODINGS
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model

HEIGHT, WIDTH = 48, 64


@pytest.fixture(scope='module')
def camera(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Camera]:
    with perception_node(tmp_path_factory.mktemp('node') / 'log.txt', tiny_model) as process:
        camera = Camera(process, Probe())
        camera.wait()
        yield camera
        camera.probe.close()


def by_opencv(msg: Image) -> np.ndarray:
    """Grey levels of a smooth picture, whatever its encoding, as OpenCV makes RGB of them."""
    rosbags_image = pytest.importorskip('rosbags.image')
    return np.asarray(rosbags_image.message_to_cvimage(msg, 'rgb8'))


def smooth(encoding: str, *, big_endian: bool = False) -> Image:
    """A picture that every encoding of rosbags can hold, rows padded by 6 bytes."""
    wide = '16' in encoding
    channels = next(
        (
            n
            for key, n in {'rgba': 4, 'bgra': 4, 'rgb': 3, 'bgr': 3, 'yuv': 2, 'yuyv': 2, 'uyvy': 2}.items()
            if encoding.startswith(key)
        ),
        1,
    )
    values = cv2.resize(np.random.default_rng(3).integers(0, 256, (6, 8, channels), np.uint8), (WIDTH, HEIGHT))
    values = values.reshape(HEIGHT, -1).astype('u2') * 257 if wide else values.reshape(HEIGHT, -1)
    values = values.astype('>u2' if big_endian else '<u2') if wide else values
    msg = picture('mono8', HEIGHT, WIDTH)
    msg.encoding, msg.is_bigendian, msg.step = encoding, int(big_endian), values.nbytes // HEIGHT
    msg.data = values.tobytes()
    return msg


def padded(msg: Image) -> Image:
    rows = np.frombuffer(msg.data, np.uint8).reshape(HEIGHT, msg.step)
    msg.data = np.pad(rows, ((0, 0), (0, 6))).tobytes()
    msg.step += 6
    return msg


HELD = [each for each in ENCODINGS if 'C' not in each and not each.startswith('nv')]


@pytest.mark.parametrize(
    ('encoding', 'big_endian'),
    [*((each, False) for each in HELD), *((each, True) for each in HELD if '16' in each)],
)
def test_every_encoding_with_padded_rows_is_opencvs_result(
    camera: Camera, tiny_model: Path, encoding: str, big_endian: bool
) -> None:
    expected = Predictor(load_model(tiny_model), device='cpu').predict(
        by_opencv(smooth(encoding, big_endian=big_endian))
    )
    msg = padded(smooth(encoding, big_endian=big_endian))
    found = camera.heard('mask', camera.ask(msg))
    assert found.header == msg.header
    assert np.mean(np.frombuffer(found.data, np.uint8).reshape(HEIGHT, WIDTH) == expected.labels) > 0.97


def test_camera_info_goes_out_with_each_image(camera: Camera) -> None:
    camera.probe.listen(CameraInfo, '/segmentation/camera_info')
    k = [50.0, 0.0, 32.0, 0.0, 50.0, 24.0, 0.0, 0.0, 1.0]
    info = CameraInfo(height=HEIGHT, width=WIDTH, k=k)
    for height, width, fx in ((HEIGHT, WIDTH, 50.0), (HEIGHT // 2, WIDTH // 2, 25.0)):
        image = picture(height=height, width=width)

        def answer(image: Image = image) -> CameraInfo | None:
            camera.info_publisher.publish(info)
            camera.publisher.publish(image)
            camera.probe.within(0.3, lambda: camera.heard('camera_info', image.header))
            return camera.heard('camera_info', image.header)

        found = camera.probe.until(answer)
        assert (found.height, found.width, found.k[0]) == (height, width, fx)


def test_compressed_mask_is_the_mask_and_made_only_when_asked_for(camera: Camera) -> None:
    image = picture()
    camera.ask(image)
    assert camera.probe.node.count_publishers('/segmentation/mask/compressed') == 1
    camera.probe.listen(CompressedImage, '/segmentation/mask/compressed')
    image = picture()
    found = camera.probe.until(lambda: camera.ask(image) and camera.heard('mask/compressed', image.header))
    mask = camera.heard('mask', image.header)
    assert found.format == 'mono8; png compressed mono8'
    pixels = cv2.imdecode(np.frombuffer(found.data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(pixels, np.frombuffer(mask.data, np.uint8).reshape(HEIGHT, WIDTH))


def test_confidence_is_the_models_and_made_only_when_asked_for(camera: Camera, tiny_model: Path) -> None:
    camera.probe.listen(Image, '/segmentation/confidence')
    image = picture()
    found = camera.probe.until(lambda: camera.ask(image) and camera.heard('confidence', image.header))
    pixels = np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, -1)[..., ::-1]
    expected = Predictor(load_model(tiny_model), device='cpu').predict(pixels, confidence=True).confidence
    assert (found.encoding, found.step) == ('mono8', image.width)
    assert np.ptp(expected) > 0
    np.testing.assert_allclose(np.frombuffer(found.data, np.uint8).reshape(expected.shape), expected, atol=1)


def test_camera_info_of_the_stamp_goes_out_not_the_latest(camera: Camera) -> None:
    camera.probe.listen(CameraInfo, '/segmentation/camera_info')
    image, later = picture(height=HEIGHT, width=WIDTH, seed=11), picture()
    own = CameraInfo(header=image.header, height=HEIGHT, width=WIDTH, k=[50.0] * 9)
    other = CameraInfo(header=later.header, height=HEIGHT // 2, width=WIDTH // 2, k=[99.0] * 9)

    def heard() -> CameraInfo | None:
        for info in (own, other):
            camera.info_publisher.publish(info)
        return camera.heard('camera_info', camera.ask(image))

    assert camera.probe.until(heard).k[0] == 50.0
    before = int(camera.settled()['info_mismatches'])

    def mismatches() -> bool:  # of no camera_info's stamp: the latest, of another size
        camera.info_publisher.publish(other)
        camera.ask(picture(height=HEIGHT, width=WIDTH, seed=12))
        return int(camera.settled()['info_mismatches']) > before

    assert camera.probe.until(mismatches)
    assert 'camera_info of another stamp' in camera.process.output
