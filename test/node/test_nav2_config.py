# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""`config/nav2_costmap.yaml` fits the model camvid, the node's topics and the parameters of the layer."""

import re
from itertools import chain

import pytest
import yaml

from support.project import PROJECT
from uncd_ros.model.store import find_model, load_card

PARAMETERS = yaml.safe_load((PROJECT / 'config/nav2_costmap.yaml').read_text())['local_costmap']['local_costmap']
LAYER = PARAMETERS['ros__parameters']['semantic_segmentation_layer']
SOURCE = LAYER[LAYER['observation_sources']]
TYPES = {name: SOURCE[name] for name in SOURCE['class_types']}
NO_INFORMATION = 255

# What the layer declares, as in the branch main of its repository; older ones know some of them only.
LAYER_PARAMETERS = {
    'plugin',
    'enabled',
    'combination_method',
    'observation_sources',
    'publish_debug_topics',
    'use_approximate_time_sync',
    'sensor_data_depth',
}
SOURCE_PARAMETERS = {
    'segmentation_topic',
    'confidence_topic',
    'labels_topic',
    'pointcloud_topic',
    'observation_persistence',
    'expected_update_rate',
    'class_types',
    'max_obstacle_distance',
    'min_obstacle_distance',
    'tile_map_decay_time',
    'visualize_tile_map',
    'use_cost_selection',
}
TYPE_PARAMETERS = {
    'classes': list,
    'base_cost': int,
    'max_cost': int,
    'mark_confidence': int,
    'samples_to_max_cost': int,
    'dominant_priority': bool,
}


def test_each_class_of_the_model_is_named_once_and_no_other() -> None:
    names = list(chain.from_iterable(each['classes'] for each in TYPES.values()))
    assert sorted(names) == sorted(info.name for info in load_card(find_model('camvid')).classes)


def test_its_parameters_are_the_layers() -> None:
    assert set(LAYER) <= LAYER_PARAMETERS | {LAYER['observation_sources']}
    assert set(SOURCE) <= SOURCE_PARAMETERS | set(TYPES)
    for each in TYPES.values():
        assert {name: type(value) for name, value in each.items()} == TYPE_PARAMETERS
        assert all(0 <= each[name] <= 255 for name in ('base_cost', 'max_cost', 'mark_confidence'))


def test_pixels_without_confidence_say_nothing() -> None:
    """The layer gives a cell its base_cost while the mean confidence is not above mark_confidence."""
    assert {each['base_cost'] for each in TYPES.values()} == {NO_INFORMATION}


def test_obstacles_count_at_once() -> None:
    """A class with dominant_priority clears the observations of all others, which may be obstacles as well."""
    assert {each['samples_to_max_cost'] for each in TYPES.values() if each['dominant_priority']} == {1}


def test_its_topics_are_the_nodes() -> None:
    pytest.importorskip('rclpy', reason='needs rclpy and the message packages')
    from uncd_ros.node.outputs import TOPICS

    topics = {SOURCE[f'{name}_topic'].removeprefix('/segmentation/') for name in ('segmentation', 'confidence')}
    assert topics == {'mask', 'confidence'}
    assert topics <= set(TOPICS)
    assert SOURCE['labels_topic'] == '/segmentation/label_info'


def test_the_page_shows_the_parameters_that_the_manager_declares() -> None:
    page = (PROJECT / 'docs/nav2.md').read_text(encoding='utf-8')
    blocks = [yaml.safe_load(block) for block in re.findall(r'```yaml\n(.*?)```', page, re.S)]
    managers = [block['lifecycle_manager']['ros__parameters'] for block in blocks if 'lifecycle_manager' in block]
    assert managers
    assert {name for each in managers for name in each} <= {'autostart', 'node_names', 'bond_timeout'}
