# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags of every age and form are read; what is damaged costs no more than itself and leaves the bag as it is."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('rosbags', reason='reads and writes bags')

from support.bag_makers import (
    CAMERA,
    PERIOD,
    START,
    camera_bag,
    camera_message,
    fingerprint,
    old_bag,
    picture,
    split_bag,
    storage_file,
)
from support.bag_makers import write_bag as write_others_bag
from uncd_ros.bags.reader import Bag, decode
from uncd_ros.bags.topics import IMAGE, choose_topic
from uncd_ros.bags.writer import BagWriter, header, image_message
from uncd_ros.errors import BagError, ImageError
from uncd_ros.images.encodings import as_array

FRAMES = 6


def read_all(path: Path) -> tuple[list[int], list[str]]:
    """Numbers of the pictures in a bag, each compared with what was written; and what was told."""
    before, found = fingerprint(path), []
    with Bag(path) as bag:
        for count, message in enumerate(bag.messages([CAMERA])):
            index = (message.received - START) // PERIOD
            assert (message.index, message.topic, message.kind) == (count, CAMERA, IMAGE)
            np.testing.assert_array_equal(as_array(decode(message)), picture(index)[..., ::-1])
            found.append(index)
        notices = bag.notices
    assert fingerprint(path) == before
    return found, notices


@pytest.mark.parametrize(
    ('storage', 'compression'),
    [
        ('sqlite3', 'none'),
        ('sqlite3', 'message'),
        ('sqlite3', 'file'),
        ('mcap', 'none'),
        ('mcap', 'message'),
        ('mcap', 'file'),
        ('mcap', 'storage'),
    ],
)
@pytest.mark.parametrize('has_metadata', [True, False])
def test_every_storage_and_compression(tmp_path: Path, storage: str, compression: str, has_metadata: bool) -> None:
    path = camera_bag(tmp_path / 'bag', FRAMES, storage=storage, compression=compression)
    if not has_metadata:
        (path / 'metadata.yaml').unlink()
    found, notices = read_all(path)
    assert found == list(range(FRAMES))
    assert notices == ([] if has_metadata else ['no metadata.yaml: the files are read in the order of their names'])


def test_the_oldest_schema(tmp_path: Path) -> None:
    path = old_bag(tmp_path / 'old', FRAMES)
    assert read_all(path) == (list(range(FRAMES)), [])
    with Bag(path) as bag:
        assert bag.topics[CAMERA].kind == IMAGE and bag.recorded(CAMERA) == FRAMES
        assert (bag.start, bag.seconds) == (START, pytest.approx(0.5))


@pytest.mark.parametrize('storage', ['sqlite3', 'mcap'])
def test_a_split_bag_goes_on_from_file_to_file(tmp_path: Path, storage: str) -> None:
    path = split_bag(tmp_path / 'split', 11, 2, storage)
    assert read_all(path) == (list(range(22)), [])
    (path / 'metadata.yaml').unlink()
    assert read_all(path)[0] == list(range(22)), 'part 10 comes after part 9'


def test_a_single_file_is_a_bag(tmp_path: Path) -> None:
    file = storage_file(camera_bag(tmp_path / 'bag', FRAMES, storage='mcap'))
    assert read_all(file) == (list(range(FRAMES)), [])


@pytest.mark.parametrize(('storage', 'compression'), [('sqlite3', 'none'), ('mcap', 'none'), ('mcap', 'file')])
@pytest.mark.parametrize('kept', [0.5, 0.9])
def test_a_bag_cut_short_is_read_as_far_as_it_goes(tmp_path: Path, storage: str, compression: str, kept: float) -> None:
    path = camera_bag(tmp_path / 'bag', 400, storage=storage, compression=compression)
    file = storage_file(path)
    file.write_bytes(file.read_bytes()[: int(kept * file.stat().st_size)])
    found, notices = read_all(path)
    assert found == list(range(len(found))) and 0.5 * kept * 400 < len(found) < 400
    assert notices[0].startswith(f'{file.name}: cut short or damaged (')
    with Bag(path) as bag:
        assert bag.recorded(CAMERA) == 400


def test_one_part_that_is_gone_or_broken_leaves_the_others(tmp_path: Path) -> None:
    path = split_bag(tmp_path / 'split', 3, 2, 'mcap')
    (path / 'split_1.mcap').write_bytes(b'nothing that is known')
    assert read_all(path) == ([0, 1, 4, 5], ['split_1.mcap: cannot be read (File magic is invalid)'])
    (path / 'split_1.mcap').unlink()
    assert read_all(path) == ([0, 1, 4, 5], ['metadata.yaml names split_1.mcap, which is not there'])
    (path / 'metadata.yaml').write_text('no: metadata')
    found, notices = read_all(path)
    assert found == [0, 1, 4, 5] and notices[0].startswith('metadata.yaml cannot be read (')


def test_a_chunk_that_is_damaged_ends_its_file_only(tmp_path: Path) -> None:
    path = split_bag(tmp_path / 'split', 2, 200, 'mcap', compression='storage')
    file = path / 'split_0.mcap'
    data = bytearray(file.read_bytes())
    chunk = data.index(b'\x28\xb5\x2f\xfd', len(data) // 2)
    data[chunk : chunk + 4] = bytes(4)
    file.write_bytes(data)
    with Bag(path) as bag:
        indices = [(message.received - START) // PERIOD for message in bag.messages([CAMERA])]
        assert set(range(200, 400)) <= set(indices) and len(bag.notices) == 1
    assert indices == sorted(indices)


@pytest.mark.parametrize(
    ('make', 'complaint'),
    [
        (lambda _: None, 'bag: not found, expected a rosbag2 folder, or a .mcap or .db3 file'),
        (lambda path: path.mkdir(), 'bag: no .mcap or .db3 file in this folder'),
        (lambda path: path.write_text('what?'), 'bag: cannot be read (Unrecognized storage format'),
    ],
)
def test_what_is_no_bag_is_one_line(tmp_path: Path, make, complaint: str) -> None:
    make(tmp_path / 'bag')
    with pytest.raises(BagError) as error:
        Bag(tmp_path / 'bag')
    assert complaint in str(error.value) and '\n' not in str(error.value)


def test_nothing_left_to_read_and_ros_1(tmp_path: Path) -> None:
    path = camera_bag(tmp_path / 'bag', 1)
    storage_file(path).write_bytes(b'')
    with pytest.raises(BagError, match='nothing in it can be read'):
        Bag(path)
    with pytest.raises(BagError, match='a ROS 1 bag, expected a rosbag2'):
        Bag(tmp_path / 'old.bag')


def test_a_message_that_is_none_is_told(tmp_path: Path) -> None:
    good = camera_message(0)
    path = write_others_bag(tmp_path / 'bag', [(CAMERA, IMAGE, 1, good[:40]), (CAMERA, IMAGE, 2, good)])
    with Bag(path) as bag:
        broken, whole = bag.messages([CAMERA])
        with pytest.raises(ImageError, match='message of 40 bytes is no sensor_msgs/msg/Image'):
            decode(broken)
        assert as_array(decode(whole)).shape == (48, 64, 3)


def test_the_camera_is_found_among_the_topics(tmp_path: Path) -> None:
    image, text = camera_message(0), ('/chatter', 'std_msgs/msg/String', 0, b'\0\1\0\0\2\0\0\0a\0')
    topics = ['/camera/depth/image_raw', '/camera/labels', '/rear/image_raw', CAMERA]
    messages = [(topic, IMAGE, i, image) for i in range(4) for topic in topics[: 4 if i < 3 else 2]]
    path = write_others_bag(tmp_path / 'bag', [*messages, (CAMERA, IMAGE, 9, image), text])
    with Bag(path) as bag:
        topic, sentence = choose_topic(bag, None, None)
        assert topic.name == CAMERA and topic.count == 4
        assert (
            sentence.startswith(f'{CAMERA}, chosen from {CAMERA} (4), /rear/image_raw (3), /camera/')
            and 'chatter' not in sentence
        )
        assert choose_topic(bag, '/rear/image_raw', None)[0].name == '/rear/image_raw'
        for name, complaint in (('/nowhere', 'no such topic'), ('/chatter', 'holds std_msgs/msg/String')):
            with pytest.raises(BagError, match=rf'--image-topic {name}: {complaint}; image topics of .* are {CAMERA}'):
                choose_topic(bag, name, None)


def test_a_bag_without_images_says_so(tmp_path: Path) -> None:
    text = ('/chatter', 'std_msgs/msg/String', 0, b'\0\1\0\0\2\0\0\0a\0')
    with Bag(write_others_bag(tmp_path / 'bag', [text])) as bag, pytest.raises(BagError, match='there is /chatter'):
        choose_topic(bag, None, None)
    with BagWriter(tmp_path / 'empty') as writer:
        writer.declare(CAMERA, IMAGE)
    with Bag(tmp_path / 'empty') as bag, pytest.raises(BagError, match=f'no image on {CAMERA}'):
        choose_topic(bag, None, None)


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_a_full_disk_is_one_line_and_nothing_is_left(tmp_path: Path, storage: str) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, limits[1]))
    try:
        complaint = r'bag: cannot be written \(.*\); what there was of it is removed'
        with pytest.raises(BagError, match=complaint), BagWriter(tmp_path / 'bag', storage) as writer:
            for i in range(100):
                writer.write(CAMERA, IMAGE, i, image_message(header(i, ''), 'bgr8', picture(i, 480, 640)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not (tmp_path / 'bag').exists()


def test_a_bag_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = camera_bag(tmp_path / 'bag')
    before = fingerprint(path)
    with pytest.raises(BagError, match='bag: is there already'):
        BagWriter(path)
    assert fingerprint(path) == before
