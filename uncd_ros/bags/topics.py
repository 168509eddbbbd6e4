# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which topic of a bag is the camera."""

from collections.abc import Sequence

from uncd_ros.bags.reader import Bag
from uncd_ros.bags.storage import Topic
from uncd_ros.errors import BagError

IMAGE, COMPRESSED_IMAGE = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
KINDS = (IMAGE, COMPRESSED_IMAGE)
UNLIKELY = (
    'depth', 'disparity', 'infra', 'thermal', 'mask', 'label', 'annot', 'uncertainty', 'confidence', 'overlay', 'debug',
)  # fmt: skip
"""In the name of an image topic that is no camera's picture."""


def image_topics(bag: Bag) -> list[Topic]:
    """Those that hold images, the likeliest camera first: many images before few, raw before compressed."""
    images = [topic for topic in bag.topics.values() if topic.kind in KINDS]
    return sorted(
        images, key=lambda each: (each.count == 0, _is_unlikely(each), -each.count, each.kind != IMAGE, each.name)
    )


def choose_topic(bag: Bag, wanted: str | None, labels: str | None, kinds: Sequence[str] = KINDS) -> tuple[Topic, str]:
    """The camera's topic, and a sentence on the choice. Raises BagError.

    `wanted` names it; else it is chosen among the topics of these kinds, `labels` being the name of one that is not it.
    """
    images = [topic for topic in image_topics(bag) if topic.kind in kinds]
    there = [topic for topic in images if topic.name != labels] or images
    listed = ', '.join(f'{topic.name} ({topic.count})' for topic in there) or 'none'
    if wanted is not None:
        topic = find_topic(bag, wanted, '--image-topic')
        sentence = f'{topic.name}, as asked for'
    elif there:
        topic = there[0]
        sentence = f'{topic.name}, chosen from {listed}; --image-topic names another' if len(there) > 1 else topic.name
    else:
        others = ', '.join(sorted(bag.topics)) or 'nothing'
        raise BagError(f'{bag.path}: no topic holds images, expected {" or ".join(kinds)}; there is {others}')
    if topic.count == 0:
        raise BagError(f'{bag.path}: no image on {topic.name}; image topics are {listed}')
    return topic, sentence


def find_topic(bag: Bag, name: str, option: str) -> Topic:
    """An image topic by its name, which `option` gave. Raises BagError that lists those there are."""
    topic = bag.topics.get(name)
    if topic is not None and topic.kind in KINDS:
        return topic
    listed = ', '.join(f'{each.name} ({each.count})' for each in image_topics(bag)) or 'none'
    problem = 'no such topic' if topic is None else f'holds {topic.kind}'
    raise BagError(f'{option} {name}: {problem}; image topics of {bag.path} are {listed}')


def _is_unlikely(topic: Topic) -> bool:
    return any(word in topic.name.lower() for word in UNLIKELY)
