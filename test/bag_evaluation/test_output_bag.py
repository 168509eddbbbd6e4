# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The new bag of an evaluation: the camera, and all that the node says about its images."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rosbags', reason='reads and writes bags')

from ruamel.yaml import YAML

from support.bag_makers import (
    CAMERA,
    PERIOD,
    START,
    camera_bag,
    camera_info,
    camera_message,
    evaluate_bag,
    picture,
    write_bag,
)
from uncd_ros.bags.camera_info import CAMERA_INFO
from uncd_ros.bags.labels import nanoseconds
from uncd_ros.bags.reader import Bag, decode
from uncd_ros.bags.topics import IMAGE
from uncd_ros.images.palette import colour_table, overlay
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model


def test_answers_are_written_beside_the_camera(tiny_model: Path, tmp_path: Path) -> None:
    bag, beside = camera_bag(tmp_path / 'bag', 3), tmp_path / 'beside'
    evaluate_bag(bag, tiny_model, tmp_path / 'out', '--write-bag', str(beside))
    predictor = Predictor(load_model(tiny_model), device='cpu')
    with Bag(bag) as before, Bag(beside) as after:
        assert after.storage == before.storage == 'sqlite3' and after.notices == []
        assert list(after.messages([CAMERA])) == list(before.messages([CAMERA]))
        answers = (f'/segmentation/{name}' for name in ('mask', 'uncertainty', 'ood', 'ood_score'))
        mask, uncertainty, flag, score = ([decode(each) for each in after.messages([topic])] for topic in answers)
        assert [each.received for each in after.messages(['/segmentation/ood'])] == [
            START + i * PERIOD for i in range(3)
        ]
    for i in range(3):
        found = predictor.predict(picture(i)[..., ::-1])
        for message, encoding, pixels in (
            (mask[i], 'mono8', found.labels),
            (uncertainty[i], '32FC1', found.uncertainty),
        ):
            assert (message.encoding, message.header.frame_id) == (encoding, 'camera')
            assert nanoseconds(message.header.stamp) == START + i * PERIOD - 10**6
            np.testing.assert_array_equal(message.data.view(pixels.dtype).reshape(pixels.shape), pixels)
        assert not flag[i].data and score[i].data == pytest.approx(found.score)


def test_all_that_the_node_says_is_written_beside_the_camera(tiny_model: Path, tmp_path: Path) -> None:
    info, beside = '/camera/camera_info', tmp_path / 'beside'
    messages = [
        *((info, CAMERA_INFO, START + i * PERIOD - 10**6, camera_info(i)) for i in range(3)),
        *((CAMERA, IMAGE, START + i * PERIOD, camera_message(i)) for i in range(4)),
    ]
    messages.sort(key=lambda message: message[2])
    evaluate_bag(write_bag(tmp_path / 'bag', messages), tiny_model, tmp_path / 'out', '--write-bag', str(beside))
    model = load_model(tiny_model)
    found = Predictor(model, device='cpu').predict(picture(1)[..., ::-1])
    with Bag(beside) as after:
        said = {
            name: [decode(each) for each in after.messages([f'/segmentation/{name}'])]
            for name in ('label_info', 'overlay', 'ood_status', 'camera_info')
        }
    assert [len(messages) for messages in said.values()] == [1, 4, 4, 4]
    (labels,) = said['label_info']
    assert [(each.class_id, each.class_name) for each in labels.class_map] == [(i, f'class {i}') for i in range(5)]
    assert labels.header.frame_id == 'tiny'
    colours = colour_table(tuple(info.color for info in model.card.classes))
    drawn = overlay(np.ascontiguousarray(picture(1)[..., ::-1]), found.labels, found.uncertainty, colours, 0.5)
    np.testing.assert_array_equal(said['overlay'][1].data.reshape(drawn.shape), drawn)
    scene, health = said['ood_status'][1].status
    values = {pair.key: pair.value for pair in scene.values}
    assert float(values['score']) == found.score and values['is_ood'] == 'False' and health.message == 'no fault'
    for i, each in enumerate(said['camera_info']):
        assert (each.width, each.height) == (64, 48) and nanoseconds(each.header.stamp) == START + i * PERIOD - 10**6
    topics = YAML(typ='safe').load((beside / 'metadata.yaml').read_text())['rosbag2_bagfile_information']
    (latched,) = (
        topic['topic_metadata']['name']
        for topic in topics['topics_with_message_count']
        if 'durability: 1' in topic['topic_metadata']['offered_qos_profiles']  # transient local
    )
    assert latched == '/segmentation/label_info'
