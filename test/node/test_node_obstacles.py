# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Unknown things on the road, from the image to the topics, and that nobody pays for what nobody looks at."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from support import camera_double
from support.camera_double import Camera, picture
from support.node_double import node_in_process
from uncd_ros.images.encodings import as_array
from uncd_ros.images.palette import OUTLINE
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model
from uncd_ros.node import obstacle_topic
from uncd_ros.node.obstacle_topic import ObstacleTopic
from uncd_ros.obstacles import tracker
from uncd_ros.obstacles.params import ObstacleParams
from uncd_ros.obstacles.tracker import Obstacle

OBSTACLE = Obstacle(number=3, left=10, top=20, width=8, height=6, area=0.02, level=204.0)


@pytest.fixture
def odd_road(monkeypatch: pytest.MonkeyPatch, alarmed_model: Path) -> Path:
    """A model to which the whole road is odd, where that counts as an obstacle."""
    monkeypatch.setattr(tracker, 'LARGEST', 1.0)
    return alarmed_model


def _status(camera: Camera, image: Image) -> dict[str, str]:
    return {pair.key: pair.value for pair in camera.heard('ood_status', image.header).status[0].values}


def test_without_a_subscriber_no_anomaly_is_computed_and_with_one_it_is_the_models(
    anomaly_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(camera_double.OUTPUTS, 'overlay')
    with node_in_process(monkeypatch, anomaly_model) as (double, camera):
        image = picture()
        camera.decide(image)
        assert double.predictor.anomaly_asked == [False]
        assert 'obstacles' not in _status(camera, image)
        camera.probe.listen(Image, '/segmentation/anomaly')
        image = picture()
        found = camera.probe.until(lambda: camera.decide(image) and camera.heard('anomaly', image.header))
        expected = Predictor(load_model(anomaly_model), device='cpu').predict(as_array(image), anomaly=True).anomaly
        assert found.encoding == 'mono8' and expected is not None and np.ptp(expected) > 0
        pixels = np.frombuffer(found.data, np.uint8).reshape(expected.shape)
        assert np.abs(pixels.astype(int) - expected).mean() < 1.0


def test_an_obstacle_appears_after_some_images_is_outlined_and_counted(
    odd_road: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with node_in_process(monkeypatch, odd_road) as (_, camera):
        boxes = []
        for _ in range(ObstacleParams().images):
            image = picture()
            camera.ask(image)
            boxes.append(json.loads(_status(camera, image)['obstacles']))
        assert boxes[0] == [] and len(boxes[-1]) == 1
        drawn = as_array(camera.heard('overlay', image.header)).reshape(-1, 3)
        assert OUTLINE in {tuple(pixel) for pixel in drawn.tolist()}
        assert camera.settled()['obstacles'] == '1'


def test_a_model_without_the_score_says_nothing_of_obstacles(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with node_in_process(monkeypatch, tiny_model) as (_, camera):
        image = picture()
        camera.ask(image)
        assert 'obstacles' not in _status(camera, image)


# The fields of vision_msgs that are filled; any other keyword is an error.
@dataclass(kw_only=True)
class BoundingBox2D:
    center: Any = field(default_factory=lambda: SimpleNamespace(position=SimpleNamespace(x=0.0, y=0.0), theta=0.0))
    size_x: float = 0.0
    size_y: float = 0.0


@dataclass(kw_only=True)
class ObjectHypothesisWithPose:
    hypothesis: Any = field(default_factory=lambda: SimpleNamespace(class_id='', score=0.0))


@dataclass(kw_only=True)
class Detection2D:
    header: Header
    results: list[ObjectHypothesisWithPose]
    bbox: BoundingBox2D
    id: str


@dataclass(kw_only=True)
class Detection2DArray:
    header: Header
    detections: list[Detection2D]


class _Node:
    """A node, and the one publisher that is made in it."""

    def __init__(self) -> None:
        self.published: list[Detection2DArray] = []
        self.logged: list[str] = []
        self.subscribers = 1

    def resolve_topic_name(self, topic: str) -> str:
        return topic.replace('~', '/segmentation')

    def get_logger(self) -> Any:
        return SimpleNamespace(info=self.logged.append)

    def create_publisher(self, kind: type, topic: str, qos: QoSProfile, **_: object) -> '_Node':
        self.kind, self.topic, self.qos = kind, topic, qos
        return self

    def get_subscription_count(self) -> int:
        return self.subscribers

    def publish(self, message: Detection2DArray) -> None:
        self.published.append(message)


def test_detections_have_the_fields_of_vision_msgs(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (BoundingBox2D, ObjectHypothesisWithPose, Detection2D, Detection2DArray):
        monkeypatch.setattr(obstacle_topic, kind.__name__, kind, raising=False)
    node, header = _Node(), Header(frame_id='optical')
    topic = ObstacleTopic(node, '~/obstacles', 5)  # type: ignore[arg-type]
    topic.publish(header, [OBSTACLE])
    topic.publish(header, [])
    full, empty = node.published
    assert (node.kind, node.topic, node.qos.depth) == (Detection2DArray, '~/obstacles', 5)
    assert (full.header, empty.detections) == (header, [])
    (found,) = full.detections
    assert (found.id, found.header, found.bbox.size_x, found.bbox.size_y) == ('3', header, 8.0, 6.0)
    assert (found.bbox.center.position.x, found.bbox.center.position.y) == (14.0, 23.0)
    assert (found.results[0].hypothesis.class_id, found.results[0].hypothesis.score) == ('unknown', 0.8)
    node.subscribers = 0
    topic.publish(header, [OBSTACLE])
    assert len(node.published) == 2 and not topic.is_wanted()


def test_without_vision_msgs_the_log_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(obstacle_topic, 'Detection2DArray', None)
    node = _Node()
    topic = ObstacleTopic(node, '~/obstacles', 5)  # type: ignore[arg-type]
    topic.publish(Header(), [OBSTACLE])
    topic.destroy()
    assert node.published == [] and not topic.is_wanted()
    assert 'vision_msgs' in node.logged[0] and '/segmentation/obstacles' in node.logged[0]
