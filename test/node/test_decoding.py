# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""cv_bridge and the table that bags use give the same image, and a cv_bridge that does not work is done without."""

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from sensor_msgs.msg import CompressedImage

from support.image_messages import message
from support.project import PROJECT
from uncd_ros.errors import ImageError
from uncd_ros.images.encodings import CONVERSIONS, ENCODINGS, as_array
from uncd_ros.node.decoding import BRIDGED, Decoder, open_decoder


class BridgeDouble:
    """Stands in for CvBridge: keeps what it is given and answers with `answer`, or as cv_bridge does."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.given: list[Any] = []

    def imgmsg_to_cv2(self, img_msg: Any, desired_encoding: str) -> Any:
        assert desired_encoding == 'rgb8'
        self.given.append(img_msg)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return self.answer
        # The library's own reading of a message: the buffer as it is, and no padding that is not whole pixels.
        kind, channels, code = CONVERSIONS[img_msg.encoding]
        raw = np.ndarray((img_msg.height, img_msg.width, channels), kind, np.ascontiguousarray(img_msg.data))
        rgb = raw if code is None else cv2.cvtColor(raw, code)
        return rgb if kind is np.uint8 else cv2.convertScaleAbs(rgb, alpha=255 / 65535)


def decoder_with(bridge: BridgeDouble) -> Decoder:
    """As on a robot where it is installed."""
    return Decoder(bridge=bridge, summary='')


@pytest.fixture(scope='module')
def real() -> Decoder:
    """With the installed cv_bridge."""
    decoder = open_decoder()
    if decoder.bridge is None:
        pytest.skip(f'needs a cv_bridge that works: {decoder.summary}')
    return decoder


@pytest.mark.parametrize('padding', [0, 5])
@pytest.mark.parametrize('big_endian', [False, True])
@pytest.mark.parametrize('encoding', ENCODINGS)
def test_the_real_cv_bridge_and_the_table_agree(real: Decoder, encoding: str, big_endian: bool, padding: int) -> None:
    msg = message(encoding, padding=padding, big_endian=big_endian)
    np.testing.assert_array_equal(real.decode(msg), as_array(msg))


@pytest.mark.parametrize('encoding', sorted(BRIDGED))
def test_cv_bridge_is_given_packed_rows(encoding: str) -> None:
    bridge = BridgeDouble()
    decoder = decoder_with(bridge)
    for big_endian in (False, True):
        msg = message(encoding, padding=5, big_endian=big_endian)
        np.testing.assert_array_equal(decoder.decode(msg), as_array(msg))
        rows = bridge.given[-1]
        assert (rows.height, rows.width, rows.encoding) == (msg.height, msg.width, encoding)
        assert rows.data.flags.c_contiguous and rows.data.nbytes == rows.step * rows.height
        assert not rows.is_bigendian


def test_what_cv_bridge_does_not_convert_is_not_given_to_it() -> None:
    bridge = BridgeDouble()
    decoder = decoder_with(bridge)
    png = CompressedImage(format='png', data=cv2.imencode('.png', np.zeros((4, 4, 3), np.uint8))[1].tobytes())
    for msg in (*(message(each) for each in ENCODINGS if each not in BRIDGED), png):
        np.testing.assert_array_equal(decoder.decode(msg), as_array(msg))
    assert bridge.given == []


@pytest.mark.parametrize(
    ('code', 'facts'),
    [
        ("raise ImportError('numpy.core.multiarray failed to import')", ('ImportError', 'multiarray')),
        ("raise AttributeError('_ARRAY_API not found')", ('AttributeError', '_ARRAY_API')),
        ('import os, signal; os.kill(os.getpid(), signal.SIGSEGV)', ('signal 11', 'another numpy')),
        ('return np.zeros((2, 2, 3), np.uint8)', ('mono16', '[0, 0, 0]', '128')),
        ("print('A module that was compiled using NumPy 1.x', file=sys.stderr); raise SystemError('7')", ('7',)),
    ],
)
def test_a_cv_bridge_that_does_not_work_is_done_without(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    code: str,
    facts: tuple[str, ...],
) -> None:
    module = f'import sys\nimport numpy as np\nclass CvBridge:\n    def imgmsg_to_cv2(self, *_):\n        {code}\n'
    (tmp_path / 'cv_bridge.py').write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv('PYTHONPATH', os.pathsep.join([str(tmp_path), str(PROJECT)]))
    decoder = open_decoder()
    assert decoder.bridge is None and 'without cv_bridge' in decoder.summary
    assert all(fact in decoder.summary for fact in facts) and '\n' not in decoder.summary
    np.testing.assert_array_equal(decoder.decode(message('mono16')), as_array(message('mono16')))
    assert capfd.readouterr().err == ''


def test_a_missing_cv_bridge_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('importlib.util.find_spec', lambda _: None)
    decoder = open_decoder()
    assert decoder.bridge is None and 'not installed' in decoder.summary


@pytest.mark.parametrize(
    ('answer', 'facts'),
    [
        (TypeError('OpenCV(4.6.0)\n error: !_src.empty()'), ("'mono16'", 'cv_bridge', '!_src.empty()')),
        (np.zeros((4, 4, 3), np.uint8), ('(4, 4, 3)', '(6, 8, 3)')),
        (np.zeros((6, 8, 3), np.uint16), ('uint16', 'uint8')),
    ],
)
def test_an_error_of_cv_bridge_is_one_sentence(answer: Any, facts: tuple[str, ...]) -> None:
    with pytest.raises(ImageError) as error:
        decoder_with(BridgeDouble(answer)).decode(message('mono16'))
    assert all(fact in str(error.value) for fact in facts) and '\n' not in str(error.value)


@pytest.mark.parametrize(
    'fields',
    [{'height': 0}, {'width': 0}, {'step': 1}, {'data': b''}, {'height': 2**32 - 1}, {'width': 2**31}, {'width': 7}],
)
def test_a_malformed_message_does_not_reach_cv_bridge(fields: dict[str, Any]) -> None:
    bridge, msg = BridgeDouble(), message('yuv422')
    for name, value in fields.items():
        setattr(msg, name, value)
    with pytest.raises(ImageError) as ours:
        as_array(msg)
    with pytest.raises(ImageError) as error:
        decoder_with(bridge).decode(msg)
    assert str(error.value) == str(ours.value)
    assert bridge.given == []
