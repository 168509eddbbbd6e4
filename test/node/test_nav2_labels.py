# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Label ids of one model are never taken for those of another."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from builtin_interfaces.msg import Time
from lifecycle_msgs.msg import Transition
from std_msgs.msg import Header

from support.camera_double import Camera, picture
from support.model_folder import edit_card
from support.node_double import NodeDouble, node_in_process
from uncd_ros.node.label_info import LabelInfoTopic
from uncd_ros.node.outputs import Outputs


@pytest.fixture
def running(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[NodeDouble, Camera]]:
    with node_in_process(monkeypatch, tiny_model) as running:
        yield running


@pytest.fixture(scope='module')
def same_classes(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp('models') / 'same'
    shutil.copytree(tiny_model, folder)
    edit_card(folder, lambda card: card.update(name='same'))
    return str(folder)


@pytest.fixture(scope='module')
def other_classes(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp('models') / 'other'
    shutil.copytree(tiny_model, folder)
    edit_card(folder, lambda card: (card.update(name='other'), card['classes'][3].update(name='ladder')))
    return str(folder)


def model_of(camera: Camera) -> str:
    """The model that the node says has worked on the next image."""
    return str(camera.heard('ood_status', camera.ask(picture())).status[0].hardware_id)


def test_a_switch_to_other_classes_is_refused_unless_that_is_wanted(
    running: tuple[NodeDouble, Camera], same_classes: str, other_classes: str
) -> None:
    _, camera = running
    assert camera.set(model=same_classes) == ''
    refusal = camera.set(model=other_classes)
    for fact in ('model other', 'than same', "id 3 is 'ladder' instead of 'class 3'", 'lock_classes'):
        assert fact in refusal
    assert (camera.get('model'), model_of(camera)) == (same_classes, 'same')
    assert camera.set(lock_classes=False, model=other_classes) == ''
    assert model_of(camera) == 'other'


def test_a_model_loaded_while_the_node_is_inactive_is_named_from_the_first_image_on(
    running: tuple[NodeDouble, Camera], same_classes: str
) -> None:
    _, camera = running
    assert camera.change(Transition.TRANSITION_DEACTIVATE)
    assert camera.set(model=same_classes) == ''
    assert camera.change(Transition.TRANSITION_ACTIVATE)
    assert model_of(camera) == 'same'


def test_labels_are_announced_before_the_first_mask_of_another_model(
    running: tuple[NodeDouble, Camera], same_classes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, camera = running
    camera.ask(picture())
    published: list[tuple[str, Time]] = []
    fill = Outputs._fill

    def announce(*arguments: Any) -> None:
        published.append(('labels', arguments[-1]))

    def fill_and_record(outputs: Outputs, topic: str, encoding: str, header: Header, pixels: Any) -> None:
        published.append((topic, header.stamp))
        fill(outputs, topic, encoding, header, pixels)

    monkeypatch.setattr(LabelInfoTopic, 'announce', announce)
    monkeypatch.setattr(Outputs, '_fill', fill_and_record)
    assert camera.set(model=same_classes) == ''
    stamp = camera.ask(picture()).stamp
    assert published[:2] == [('labels', stamp), ('mask', stamp)]
