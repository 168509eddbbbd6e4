# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One bag with faults in it, through the real node and offline with the same parameters: the same decisions."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')
pytest.importorskip('rosbags', reason='reads and writes bags')

from diagnostic_msgs.msg import DiagnosticArray

from support.bag_makers import CAMERA, PERIOD, START, write_bag
from support.camera_double import Camera, values_of
from support.model_folder import edit_card
from support.ros_harness import Probe, perception_node
from uncd_ros.bag_evaluation.frame_results import decide, predict
from uncd_ros.bags.frames import FrameReader
from uncd_ros.bags.reader import Bag, typestore
from uncd_ros.bags.topics import IMAGE
from uncd_ros.bags.writer import header, image_message
from uncd_ros.model.fit import CROP
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model
from uncd_ros.monitor.alarm import AlarmParams
from uncd_ros.monitor.camera_health import FROZEN_AFTER
from uncd_ros.monitor.scene_monitor import SILENT_AFTER
from uncd_ros.obstacles.params import ObstacleParams

PARAMS = AlarmParams(false_alarm_rate=0.4, window=4, required=2, release=0, hold=0.5)
FIT = CROP
"""Not the default, so that both must read it."""
KINDS = ('noise',) * 8 + ('black',) * 4 + ('noise',) * 8 + ('truncated',) * 3 + ('noise',) * 12
KINDS += ('ood',) * 5 + ('noise',) * 10 + ('frozen',) * (FROZEN_AFTER + 3) + ('noise',) * 8
SILENT_FROM = len(KINDS)
"""Before this image the camera is silent for a while."""
KINDS += ('noise',) * 10
"""What the camera sends, image by image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was decided about one image, by either side."""

    is_ood: bool
    alarms: int
    fault: str
    """Its kind; empty if there is none."""
    threshold: float
    score: float


def stamp(index: int) -> int:
    """Of an image, in nanoseconds."""
    return START + index * PERIOD + (index >= SILENT_FROM) * round(2 * SILENT_AFTER * 1e9)


def pixels(kind: str, index: int) -> np.ndarray:
    """(36, 64, 3), wider than the network's input, of a kind of image."""
    rng = np.random.default_rng(0 if kind == 'frozen' else index + 1)
    if kind == 'black':
        return np.zeros((36, 64, 3), np.uint8)
    top = {'ood': 60}.get(kind, 256)  # dark noise: no fault of the camera, another score
    return rng.integers(0, top, (36, 64, 3), np.uint8)


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One image every 0.1 s, of each kind in KINDS, but for the pause."""

    def messages() -> Iterator[tuple[str, str, int, bytes]]:
        for index, kind in enumerate(KINDS):
            message = image_message(header(stamp(index), 'camera'), 'bgr8', pixels(kind, index))
            if kind == 'truncated':
                message.data = message.data[:1000]
            data = bytes(typestore().serialize_cdr(message, IMAGE))
            yield CAMERA, IMAGE, stamp(index) + 10**6, data

    return write_bag(tmp_path_factory.mktemp('bags') / 'faults', messages())


@pytest.fixture(scope='module')
def model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, its threshold between the scores of the noise and of what stands for an OOD scene."""
    folder = tmp_path_factory.mktemp('models') / 'calibrated'
    shutil.copytree(tiny_model, folder)
    predictor = Predictor(load_model(folder), device='cpu', fit=FIT)
    noise = [predictor.predict(pixels('noise', i)[..., ::-1]).score for i in range(20)]
    ood = [predictor.predict(pixels('ood', i)[..., ::-1]).score for i in range(20)]
    threshold = (max(noise) + min(ood)) / 2
    assert max(noise) < threshold < min(ood), 'the kinds of image must differ as nominal and OOD ones do'
    edit_card(folder, lambda card: card['ood'].update(calibration_scores=[threshold] * 100))
    return folder


def said_by_node(status: DiagnosticArray) -> Said:
    """From ~/ood_status."""
    values, camera = values_of(status), status.status[1].message
    return Said(
        is_ood=values['is_ood'] == 'True',
        alarms=int(values['alarms']),
        fault='' if camera == 'no fault' else camera.split(':')[0],
        threshold=float(values['threshold']),
        score=float(values['score']),
    )


def play_to_node(bag: Path, model: Path, log: Path) -> list[Said]:
    """What the real node says about each message, one at a time: the next is sent once its decision has come."""
    alarm = {f'ood__{name}': getattr(PARAMS, name) for name in PARAMS.__slots__}
    qos = {'qos_overrides./image_raw.subscription.reliability': 'reliable'}
    probe = Probe()
    statuses: dict[int, DiagnosticArray] = {}

    def keep(status: DiagnosticArray) -> None:
        if values_of(status)['heartbeat'] == 'True':
            return
        statuses[status.header.stamp.sec * 10**9 + status.header.stamp.nanosec] = status

    try:
        with perception_node(log, model, device='cpu', fit=FIT, **alarm, **qos) as process, Bag(bag) as opened:
            camera = Camera(process, probe)
            probe.node.create_subscription(DiagnosticArray, '/segmentation/ood_status', keep, 50)
            camera.wait()
            probe.until(lambda: camera.publisher.get_subscription_count() == 1)
            for index, message in enumerate(opened.messages([CAMERA])):
                if index == SILENT_FROM:
                    let_be_silent(camera)
                camera.publisher.publish(message.data)  # the recorded bytes themselves
                probe.until(lambda index=index: stamp(index) in statuses)
    finally:
        probe.close()
    return [said_by_node(statuses[stamp]) for stamp in sorted(statuses)]


def let_be_silent(camera: Camera) -> None:
    """Until the node has noticed it, however long this test takes between two images elsewhere."""
    assert camera.set(silent_after=0.1) == ''
    camera.probe.until(lambda: 'silent' in camera.all('ood_status')[-1].status[0].message)
    assert camera.set(silent_after=3600.0) == ''


def evaluate_offline(bag: Path, model: Path) -> list[Said]:
    """What bag evaluation says."""
    predictor = Predictor(load_model(model), device='cpu', fit=FIT)
    with Bag(bag) as opened:
        frames = FrameReader(opened, CAMERA)
        results = decide(
            predict(frames, predictor, confidence=False),
            predictor.card,
            PARAMS,
            opened.start,
            silent_after=SILENT_AFTER,
            obstacles=ObstacleParams(),
        )
        return [
            Said(
                is_ood=result.decision.is_ood,
                alarms=result.decision.alarms,
                fault=result.decision.fault.split(':')[0],
                threshold=result.decision.threshold,
                score=result.decision.score,
            )
            for result in results
        ]


def test_the_node_and_bag_evaluation_decide_alike(bag: Path, model: Path, tmp_path: Path) -> None:
    offline, online = evaluate_offline(bag, model), play_to_node(bag, model, tmp_path / 'log.txt')
    assert len(offline) == len(online) == len(KINDS)
    assert [replace(each, score=0.0) for each in online] == [replace(each, score=0.0) for each in offline]
    np.testing.assert_allclose([each.score for each in online], [each.score for each in offline], atol=1e-6, rtol=0)
    # And the bag holds what it should: every fault, an alarm for each stretch, and a flag that falls in between.
    assert {each.fault for each in online} == {'', 'black', 'truncated', 'frozen', 'silent'}
    assert online[-1].alarms == 5
    assert [each.is_ood for each in online[SILENT_FROM - 1 : SILENT_FROM + 1]] == [False, True]
    by_scene = [each for each, kind in zip(online, KINDS, strict=True) if kind == 'ood']
    assert by_scene[-1].is_ood and by_scene[-1].fault == ''
    assert not online[-1].is_ood
