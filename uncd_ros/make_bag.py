# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Makes a rosbag2 of a video, a folder of images or the procedural street, pixels unchanged; ROS is not needed.

    python -m uncd_ros.make_bag city.mp4 rain.mp4 --out drive          one after the other
    python -m uncd_ros.make_bag camvid/val --labels camvid/valannot --out val
    python -m uncd_ros.make_bag street --out street                    with its exact labels

Stamps begin at a fixed time and are even, so the same source always makes the same messages.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from uncd_ros.bags.topics import COMPRESSED_IMAGE, IMAGE
from uncd_ros.bags.writer import STORAGES, BagWriter, header, image_message, png_message
from uncd_ros.errors import ConfigError, UncdError
from uncd_ros.images.codec import read_image
from uncd_ros.progress import shown_progress
from uncd_ros.sources.folder import FolderSource
from uncd_ros.sources.frame_source import FrameSource, open_source
from uncd_ros.sources.street import StreetSource
from uncd_ros.street.drive import StreetDrive

IMAGE_TOPIC, LABEL_TOPIC = '/camera/image_raw', '/camera/labels'
FRAME_ID = 'camera_optical_frame'
START = 1_700_000_000 * 10**9
"""Nanoseconds of the first stamp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeBagArgs:
    """The command line."""

    sources: tuple[str, ...]
    labels: Path | None
    """Folder of id PNGs with the stems of the images."""
    out: Path
    storage: str
    compressed: bool
    every: int
    skip: int
    """Frames at the start of each source that are left out."""
    frames: int
    """Of each source at most; 0 is all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One frame on its way into the bag."""

    image: NDArray[np.uint8]
    """(H, W, 3) BGR."""
    labels: NDArray[np.uint8] | None
    """(H, W) ids as the label image holds them."""


def parse_args(arguments: list[str] | None) -> MakeBagArgs:
    """Read the command line. Raises ConfigError for what is of no use."""
    parser = argparse.ArgumentParser(prog='make_bag', description='Make a rosbag2 of what is none.')
    parser.add_argument('sources', nargs='+', metavar='SOURCE', help="video, folder of images, or 'street'")
    parser.add_argument('--labels', type=Path, metavar='DIR', help='label id PNGs with the stems of the images')
    parser.add_argument('--out', type=Path, required=True, metavar='BAG', help='the new bag')
    parser.add_argument('--storage', choices=STORAGES, default=STORAGES[0], help='(%(default)s)')
    parser.add_argument('--compressed', action='store_true', help='PNG in CompressedImage instead of raw Image')
    parser.add_argument('--every', type=int, default=1, metavar='N', help='every Nth frame only')
    parser.add_argument('--skip', type=int, default=0, metavar='N', help='leave out the first N frames of each source')
    parser.add_argument('--frames', type=int, default=0, metavar='N', help='of each source at most; 0 is all')
    given = parser.parse_args(arguments)
    for option, lowest in (('every', 1), ('skip', 0), ('frames', 0)):
        if (value := getattr(given, option)) < lowest:
            raise ConfigError(f'--{option} {value}: expected {lowest} or more')
    given.sources = tuple(given.sources)
    return MakeBagArgs(**vars(given))


def make_bag(args: MakeBagArgs, console: Console) -> None:
    """The main path. Raises UncdError; nothing is left of a bag that could not be finished."""
    sources = [open_source(spec) for spec in args.sources]
    if args.labels is not None and not all(isinstance(source, FolderSource) for source in sources):
        raise ConfigError('--labels goes with a folder of images: a video has no stems, the street its own labels')
    stamp = START
    with BagWriter(args.out, args.storage) as bag:
        for source in sources:
            begin, labelled = stamp, 0
            for shot in shown_progress(source.name, _shots(source, args), _count(source, args), console):
                write_shot(bag, shot, stamp, compressed=args.compressed)
                labelled += shot.labels is not None
                stamp += round(1e9 * args.every / source.fps)
            told = f', {labelled} labelled' if labelled else ''
            console.print(f'{source.name}: {(begin - START) / 1e9:.2f} to {(stamp - START) / 1e9:.2f} s{told}')


def write_shot(bag: BagWriter, shot: Shot, stamp: int, *, compressed: bool) -> None:
    """One frame and its labels, of one stamp."""
    head = header(stamp, FRAME_ID)
    if compressed:
        bag.write(f'{IMAGE_TOPIC}/compressed', COMPRESSED_IMAGE, stamp, png_message(head, 'bgr8', shot.image))
    else:
        bag.write(IMAGE_TOPIC, IMAGE, stamp, image_message(head, 'bgr8', shot.image))
    if shot.labels is not None:
        bag.write(LABEL_TOPIC, IMAGE, stamp, image_message(head, 'mono8', shot.labels))


def _shots(source: FrameSource, args: MakeBagArgs) -> Iterator[Shot]:
    if isinstance(source, StreetSource):
        scenes = ((np.ascontiguousarray(each.image[..., ::-1]), each.labels) for each in StreetDrive())
        shots = (Shot(image=image, labels=labels) for image, labels in scenes)
    elif isinstance(source, FolderSource) and args.labels is not None:
        folder = args.labels
        shots = (_labelled(path, folder / f'{path.stem}.png') for path in source.paths)
    else:
        shots = (Shot(image=image, labels=None) for image in source)
    chosen = islice(shots, args.skip, None, args.every)
    return islice(chosen, args.frames or None)


def _labelled(path: Path, labels: Path) -> Shot:
    """A frame without labels stays one."""
    ids = read_image(labels, cv2.IMREAD_UNCHANGED) if labels.is_file() else None
    if ids is not None and ids.ndim != 2:
        raise ConfigError(f'--labels {labels}: has {ids.shape[2]} channels, expected one, of label ids')
    return Shot(image=read_image(path), labels=ids)


def _count(source: FrameSource, args: MakeBagArgs) -> int | None:
    if source.frame_count is None:
        return args.frames or None
    count = -(-max(0, source.frame_count - args.skip) // args.every)
    return min(count, args.frames) if args.frames else count


def main(arguments: list[str] | None = None) -> int:
    """Entry point."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        args = parse_args(arguments)
        make_bag(args, console)
    except UncdError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    console.print(f'bag: {args.out}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
