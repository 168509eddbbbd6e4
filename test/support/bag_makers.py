# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags as different recorders write them, and their evaluation."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from ruamel.yaml import YAML

from uncd_ros.bags.camera_info import CAMERA_INFO
from uncd_ros.bags.reader import typestore
from uncd_ros.bags.topics import IMAGE
from uncd_ros.bags.writer import header, image_message
from uncd_ros.evaluate_bag import main

CAMERA = '/camera/image_raw'
PERIOD = 10**8
"""Nanoseconds between two images."""
START = 5 * 10**9


def picture(seed: int, height: int = 48, width: int = 64) -> np.ndarray:
    """(H, W, 3) noise, another for each seed."""
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def camera_message(index: int, **size: int) -> bytes:
    """CDR of the camera's image number `index`, stamped 1 ms before it is recorded."""
    message = image_message(header(START + index * PERIOD - 10**6, 'camera'), 'bgr8', picture(index, **size))
    return bytes(typestore().serialize_cdr(message, IMAGE))


def camera_info(index: int) -> bytes:
    """CDR of a camera_info that goes with the camera's image number `index`."""
    types, zeros = typestore().types, np.zeros
    region = types['sensor_msgs/msg/RegionOfInterest'](x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
    message = types[CAMERA_INFO](
        header=header(START + index * PERIOD - 10**6, 'camera'),
        height=48,
        width=64,
        distortion_model='plumb_bob',
        d=zeros(5),
        k=zeros(9),
        r=zeros(9),
        p=zeros(12),
        binning_x=0,
        binning_y=0,
        roi=region,
    )
    return bytes(typestore().serialize_cdr(message, CAMERA_INFO))


def write_bag(
    path: Path,
    messages: Iterable[tuple[str, str, int, bytes]],
    *,
    storage: str = 'sqlite3',
    compression: str = 'none',
) -> Path:
    """A bag of (topic, type, nanoseconds, CDR)."""
    writer = Writer(path, version=8, storage_plugin=StoragePlugin[storage.upper()])
    writer.set_compression(CompressionMode[compression.upper()], CompressionFormat.ZSTD)
    connections: dict[str, Any] = {}
    with writer:
        for topic, kind, received, data in messages:
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, kind, typestore=typestore())
            writer.write(connections[topic], received, data)
    return path


def camera_bag(path: Path, frames: int = 6, *, first: int = 0, **options: str) -> Path:
    """A bag of one camera; frame i is recorded at START + i * PERIOD."""
    indices = range(first, first + frames)
    return write_bag(path, ((CAMERA, IMAGE, START + i * PERIOD, camera_message(i)) for i in indices), **options)


def split_bag(path: Path, parts: int, frames: int, storage: str, compression: str = 'none') -> Path:
    """One camera's bag in several files of so many frames each, numbered as rosbag2 does."""
    suffix = {'sqlite3': 'db3', 'mcap': 'mcap'}[storage]
    path.mkdir()
    names = [f'{path.name}_{part}.{suffix}' for part in range(parts)]
    for part, name in enumerate(names):
        options = {'storage': storage, 'compression': compression}
        piece = camera_bag(path.with_name(f'{path.name}_{part}'), frames, first=part * frames, **options)
        (piece / f'{piece.name}.{suffix}').rename(path / name)
    metadata = YAML(typ='safe').load((piece / 'metadata.yaml').read_text())
    information = metadata['rosbag2_bagfile_information']
    information['relative_file_paths'] = names
    information['message_count'] = information['topics_with_message_count'][0]['message_count'] = parts * frames
    YAML(typ='safe').dump(metadata, path / 'metadata.yaml')
    return path


def old_bag(path: Path, frames: int) -> Path:
    """As the first distributions wrote it: no QoS, no schema table, no definitions, types without `/msg/`."""
    path.mkdir()
    name = f'{path.name}.db3'
    with sqlite3.connect(path / name) as connection:
        connection.execute(
            'CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT, type TEXT, serialization_format TEXT)'
        )
        connection.execute(
            'CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER, timestamp INTEGER, data BLOB)'
        )
        connection.execute('INSERT INTO topics VALUES(1, ?, ?, ?)', (CAMERA, 'sensor_msgs/Image', 'cdr'))
        rows = ((1, START + i * PERIOD, camera_message(i)) for i in range(frames))
        connection.executemany('INSERT INTO messages(topic_id, timestamp, data) VALUES(?, ?, ?)', rows)
    connection.close()
    information = {
        'version': 1,
        'storage_identifier': 'sqlite3',
        'relative_file_paths': [f'somewhere/else/{name}'],
        'duration': {'nanoseconds': (frames - 1) * PERIOD},
        'starting_time': {'nanoseconds_since_epoch': START},
        'message_count': frames,
        'topics_with_message_count': [
            {
                'topic_metadata': {'name': CAMERA, 'type': 'sensor_msgs/Image', 'serialization_format': 'cdr'},
                'message_count': frames,
            }
        ],
    }
    YAML(typ='safe').dump({'rosbag2_bagfile_information': information}, path / 'metadata.yaml')
    return path


def storage_file(path: Path) -> Path:
    """The only file of a bag."""
    (file,) = (each for each in path.iterdir() if each.name != 'metadata.yaml')
    return file


def fingerprint(path: Path) -> dict[str, tuple[str, int]]:
    """Content and time of change of every file."""
    files = [path] if path.is_file() else sorted(path.rglob('*'))
    return {file.name: (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns) for file in files}


def evaluate_bag(bag: Path, model: Path, out: Path, *options: str) -> dict[str, Any]:
    """report.json, the bag being left as it was."""
    before = fingerprint(bag)
    assert main([str(bag), '--model', str(model), '--device', 'cpu', '--out', str(out), *options]) == 0
    assert fingerprint(bag) == before
    report: dict[str, Any] = json.loads((out / 'report.json').read_text())
    return report


def frame_lines(out: Path) -> list[dict[str, Any]]:
    """What frames.jsonl says."""
    return [json.loads(line) for line in (out / 'frames.jsonl').read_text().splitlines()]
