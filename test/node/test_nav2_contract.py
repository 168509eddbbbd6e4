# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What Nav2's semantic_segmentation_layer subscribes to, with its quality of service."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.parameter import Parameter
from rclpy.qos import (
    DurabilityPolicy,
    LivelinessPolicy,
    QoSCompatibility,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
)
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from support.camera_double import picture
from support.model_folder import edit_card
from support.node_double import node_in_process
from support.ros_harness import Probe, Process
from uncd_ros.model.store import load_card
from uncd_ros.node import label_info
from uncd_ros.node.label_info import LabelInfoTopic

# As in src/semantic_segmentation_layer.cpp, branches humble, jazzy, rolling and main.
LAYER_IMAGES = QoSProfile(depth=50, reliability=ReliabilityPolicy.BEST_EFFORT, liveliness=LivelinessPolicy.AUTOMATIC)
LAYER_LABELS = QoSProfile(
    depth=5,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
    liveliness=LivelinessPolicy.AUTOMATIC,
)
ALIGNED = ('mask', 'confidence', 'ood_status')
FRAMES = 100
"""Frames of each model that all have to arrive."""


# The fields of vision_msgs/msg/LabelInfo.msg and VisionClass.msg; any other keyword is an error.
@dataclass(kw_only=True)
class VisionClass:
    class_id: int = 0
    class_name: str = ''


@dataclass(kw_only=True)
class LabelInfo:
    header: Header = field(default_factory=Header)
    class_map: list[VisionClass] = field(default_factory=list)
    threshold: float = 0.0


class NodeDouble:
    """A node, and the one publisher that is made in it."""

    def __init__(self) -> None:
        self.published: list[LabelInfo] = []
        self.logged: list[str] = []

    def resolve_topic_name(self, topic: str) -> str:
        return topic.replace('~', '/segmentation')

    def get_logger(self) -> Any:
        return SimpleNamespace(info=self.logged.append)

    def create_publisher(self, kind: type, topic: str, qos: QoSProfile, **_: object) -> 'NodeDouble':
        self.kind, self.topic, self.qos = kind, topic, qos
        return self

    def publish(self, message: LabelInfo) -> None:
        self.published.append(message)


def test_label_info_has_the_fields_that_the_layer_reads(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_info, 'LabelInfo', LabelInfo)
    monkeypatch.setattr(label_info, 'VisionClass', VisionClass, raising=False)
    node, card = NodeDouble(), load_card(tiny_model)
    topic = LabelInfoTopic(node, '~/label_info')  # type: ignore[arg-type]
    for second, threshold in ((1, 0.0), (2, 0.0), (3, 0.25)):
        topic.announce(card, threshold, Time(sec=second))
    classes = [VisionClass(class_id=label, class_name=f'class {label}') for label in range(5)]
    assert (node.kind, node.topic) == (LabelInfo, '~/label_info')
    assert qos_check_compatible(node.qos, LAYER_LABELS)[0] == QoSCompatibility.OK
    assert node.published == [
        LabelInfo(header=Header(stamp=Time(sec=second), frame_id='tiny'), class_map=classes, threshold=threshold)
        for second, threshold in ((1, 0.0), (3, 0.25))
    ]


def test_without_vision_msgs_the_log_says_so(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_info, 'LabelInfo', None)
    node = NodeDouble()
    topic = LabelInfoTopic(node, '~/label_info')  # type: ignore[arg-type]
    topic.announce(load_card(tiny_model), 0.0, Time())
    topic.destroy()
    assert node.published == []
    assert 'vision_msgs' in node.logged[0]
    assert '/segmentation/label_info' in node.logged[0]


def test_the_layers_subscriptions_fit_the_masks(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with node_in_process(monkeypatch, tiny_model) as (_, camera):
        for topic in ('mask', 'confidence'):
            (offer,) = camera.probe.node.get_publishers_info_by_topic(f'/segmentation/{topic}')
            assert offer.topic_type == 'sensor_msgs/msg/Image'
            assert qos_check_compatible(offer.qos_profile, LAYER_IMAGES)[0] == QoSCompatibility.OK


class Layer:
    """A subscriber like the layer, for one camera of a node in a namespace."""

    def __init__(self, namespace: str) -> None:
        messages = pytest.importorskip('vision_msgs.msg', reason='vision_msgs comes with a ROS distribution, not pip')
        self.probe = Probe()
        self._namespace = namespace
        self._heard: dict[str, list[Any]] = {}
        for topic, kind, qos in (
            ('mask', Image, LAYER_IMAGES),
            ('confidence', Image, LAYER_IMAGES),
            ('ood_status', DiagnosticArray, 10),
            ('label_info', messages.LabelInfo, LAYER_LABELS),
        ):
            heard = self._heard.setdefault(topic, [])
            self.probe.node.create_subscription(kind, f'{namespace}/segmentation/{topic}', heard.append, qos)
        self._camera = self.probe.node.create_publisher(Image, f'{namespace}/image_raw', 10)

    def show(self, image: Image, timeout: float = 20.0) -> bool:
        """Send an image; whether mask, confidence and status with its header came."""
        self._camera.publish(image)
        return bool(self.probe.within(timeout, lambda: all(self.of(topic, image.header) for topic in ALIGNED)))

    def of(self, topic: str, header: Header) -> Any:
        """The message on a topic with this header."""
        return next((message for message in reversed(self._heard[topic]) if message.header == header), None)

    def change(self, **parameters: Any) -> None:
        """Set parameters of the node at once."""
        values = [Parameter(name, value=value).to_parameter_msg() for name, value in parameters.items()]
        service = f'{self._namespace}/segmentation/set_parameters_atomically'
        request = SetParametersAtomically.Request(parameters=values)
        result = self.probe.call(SetParametersAtomically, service, request).result
        assert result.successful, result.reason

    @property
    def labels(self) -> list[Any]:
        """All that came on label_info."""
        return self._heard['label_info']


@pytest.fixture
def other_model(tiny_model: Path, tmp_path: Path) -> Path:
    """The same network, which calls one class by another name."""
    folder = tmp_path / 'other'
    shutil.copytree(tiny_model, folder)
    edit_card(folder, lambda card: (card.update(name='other'), card['classes'][3].update(name='ladder')))
    return folder


@contextmanager
def node_in_namespace(log: Path, model: Path, namespace: str) -> Iterator[Process]:
    """The node as a process, which may change to a model with other classes."""
    values = ('-p', f'model:={model}', '-p', 'lock_classes:=false')
    process = Process(log, 'uncd_ros.node.perception_node', '--ros-args', '-r', f'__ns:={namespace or "/"}', *values)
    try:
        yield process
    finally:
        process.kill()


@pytest.mark.parametrize('namespace', ['', '/robot'])
def test_every_frame_arrives_aligned_and_with_its_labels(
    tiny_model: Path, other_model: Path, tmp_path: Path, namespace: str
) -> None:
    layer = Layer(namespace)
    with node_in_namespace(tmp_path / 'log.txt', tiny_model, namespace) as process:
        first = picture()  # the same again and again: on a busy machine its results may take longer than a second
        layer.probe.until(lambda: layer.show(first, 1.0) and layer.labels, 120.0)
        shown = [picture(seed=seed) for seed in range(2 * FRAMES)]
        arrived = [layer.show(image) for image in shown[:FRAMES]]
        layer.change(model=str(other_model), abstain_confidence=0.125)
        arrived += [layer.show(image) for image in shown[FRAMES:]]
    layer.probe.close()
    assert arrived == [True] * (2 * FRAMES), process.output
    models = [layer.of('ood_status', image.header).status[0].hardware_id for image in shown]
    assert models == ['tiny'] * FRAMES + ['other'] * FRAMES
    before, after = layer.labels
    assert [(info.header.frame_id, info.threshold) for info in (before, after)] == [('tiny', 0.0), ('other', 0.125)]
    assert after.header.stamp == shown[FRAMES].header.stamp
    assert [info.class_map[3].class_name for info in (before, after)] == ['class 3', 'ladder']
    assert [each.class_id for each in after.class_map] == list(range(5))
