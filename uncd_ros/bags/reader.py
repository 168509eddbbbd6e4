# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A rosbag2, of any distribution since Humble and most before: its topics, and its messages one after another.

Its files are opened one by one, so that one that is damaged costs no more than itself. metadata.yaml tells their order
and how much there once was; without it the numbers in their names tell the order.
"""

from collections import Counter
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from uncd_ros.bags.files import is_bag_file, natural_order
from uncd_ros.bags.storage import Storage, Topic, open_storage
from uncd_ros.errors import BagError, ImageError

METADATA = 'metadata.yaml'
VISION_MSGS = {
    'vision_msgs/msg/VisionClass': 'uint16 class_id\nstring class_name\n',
    'vision_msgs/msg/LabelInfo': 'std_msgs/Header header\nvision_msgs/VisionClass[] class_map\nfloat32 threshold\n',
}
"""Type -> its definition, as in the package vision_msgs 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BagMessage:
    """One message as it was recorded."""

    topic: str
    kind: str
    """Such as 'sensor_msgs/msg/Image'."""
    index: int
    """Number among the messages of its topic in this bag, from 0."""
    received: int
    """Nanoseconds of the recorder's clock."""
    data: bytes
    """CDR."""


class Bag:
    """An open bag. Its files are read only; what must be unpacked lies in a temporary folder until it is closed."""

    def __init__(self, path: Path) -> None:
        """Raises BagError, in one sentence, where there is no bag or nothing of it can be read."""
        self.path, self.name = path, path.resolve().name
        self.notices: list[str] = []
        """What is wrong with it, a sentence each; grows while messages are read."""
        self._stack = ExitStack()
        self._scratch = Path(self._stack.enter_context(TemporaryDirectory(prefix='uncd_ros_bag_')))
        self._stated: dict[str, int] = {}
        self._topics: dict[str, Topic] = {}
        self.start, self.end = 2**63 - 1, 0
        """Nanoseconds of its first and of its last message."""
        try:
            self._files = [file for file in self._list(path) if self._survey(file)]
            if not self._files:
                raise BagError(f'{path}: nothing in it can be read: {"; ".join(self.notices)}')
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> 'Bag':
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove what was unpacked."""
        self._stack.close()

    @property
    def topics(self) -> Mapping[str, Topic]:
        """By name."""
        return self._topics

    @property
    def seconds(self) -> float:
        """From its first message to its last."""
        return max(0, self.end - self.start) / 1e9

    @property
    def storage(self) -> str:
        """How it is stored: 'mcap' or 'sqlite3'."""
        return 'sqlite3' if '.db3' in self._files[0].suffixes else 'mcap'

    def recorded(self, topic: str) -> int:
        """Messages of a topic that there were, as metadata.yaml states; fewer may be left."""
        return max(self._stated.get(topic, 0), self.topics[topic].count)

    def messages(self, names: Collection[str]) -> Generator[BagMessage, None, None]:
        """Of these topics, in order of recording; a file that breaks off is told in `notices`."""
        counts: Counter[str] = Counter()
        for file in self._files:
            with closing(open_storage(file, self._scratch)) as storage:
                kinds = {each.name: each.kind for each in storage.topics}
                rows = storage.messages(names)
                while (row := self._next(file, rows, sum(counts.values()))) is not None:
                    topic, received, data = row
                    yield BagMessage(topic=topic, kind=kinds[topic], index=counts[topic], received=received, data=data)
                    counts[topic] += 1

    def _next(self, file: Path, rows: Iterator[tuple[str, int, bytes]], count: int) -> tuple[str, int, bytes] | None:
        try:
            return next(rows, None)
        except Exception as error:  # damage shows itself in any way
            self._notice(f'{file.name}: breaks off after message {count} of those asked for ({error})')
            return None

    def _list(self, path: Path) -> list[Path]:
        if path.suffix == '.bag':
            raise BagError(f'{path}: a ROS 1 bag, expected a rosbag2, which `rosbags-convert` makes of it')
        if path.is_file():
            return [path]
        if not path.is_dir():
            raise BagError(f'{path}: not found, expected a rosbag2 folder, or a .mcap or .db3 file')
        there = {
            file.name: file
            for file in sorted(path.iterdir(), key=natural_order)
            if file.is_file() and is_bag_file(file)
        }
        if not there:
            raise BagError(f'{path}: no .mcap or .db3 file in this folder, expected a rosbag2')
        named = self._read_metadata(path / METADATA)
        missing = [name for name in named if name not in there]
        if missing:
            self._notice(f'{METADATA} names {", ".join(missing)}, which is not there')
        # What the metadata does not name was written after it: last.
        return [*(there.pop(name) for name in named if name in there), *there.values()]

    def _read_metadata(self, path: Path) -> list[str]:
        """Names of the files; fills in how many messages there were."""
        try:
            content = YAML(typ='safe').load(path.read_text())['rosbag2_bagfile_information']
            for entry in content['topics_with_message_count']:
                name, count = entry['topic_metadata']['name'], int(entry['message_count'])
                self._stated[name] = self._stated.get(name, 0) + count
            return [PurePath(name).name for name in content['relative_file_paths']]
        except FileNotFoundError:
            self._notice(f'no {METADATA}: the files are read in the order of their names')
        except (OSError, ValueError, KeyError, TypeError, AttributeError, YAMLError) as error:
            self._notice(f'{METADATA} cannot be read ({str(error).splitlines()[0]}): files are read in order of names')
        return []

    def _survey(self, file: Path) -> bool:
        """Take in what one file holds; whether it can be read at all."""
        try:
            storage: Storage = open_storage(file, self._scratch)
        except BagError as error:
            if self.path == file:
                raise
            self._notice(str(error))
            return False
        with closing(storage):
            self.start, self.end = min(self.start, storage.start), max(self.end, storage.end)
            for each in storage.topics:
                before = self._topics.get(each.name)
                count = each.count + (before.count if before else 0)
                self._topics[each.name] = Topic(name=each.name, kind=each.kind, count=count)
            if storage.damage:
                self._notice(storage.damage)
        return True

    def _notice(self, text: str) -> None:
        if text not in self.notices:
            self.notices.append(text)


@cache
def typestore() -> Typestore:
    """Of the messages that ROS comes with; those that are used here have stayed the same since the first ROS 2.

    And of those of vision_msgs that the node publishes.
    """
    store = get_typestore(Stores.LATEST)
    for kind, definition in VISION_MSGS.items():
        store.register(get_types_from_msg(definition, kind))
    return store


def decode(message: BagMessage) -> Any:
    """The message, its fields as in rclpy. Raises ImageError if its content is not what its type promises."""
    try:
        # A copy that may be written to: torch takes in no other memory without a word.
        return typestore().deserialize_cdr(memoryview(bytearray(message.data)), message.kind)
    except Exception as error:  # damage shows itself in any way
        raise ImageError(f'message of {len(message.data)} bytes is no {message.kind} ({error})') from None
