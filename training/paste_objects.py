# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Make a set of images with unknown objects: things of one such set, pasted onto the road of labelled frames.

    python training/paste_objects.py OBJECTS --dataset camvid --split train/0006R0 --out FOLDER

OBJECTS has images/ and labels_masks/ as for `evaluate.py --anomaly`, and so has FOLDER: an object a frame.
street/calibration in place of OBJECTS takes those that lie on procedural streets.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jsonargparse.typing import NonNegativeInt

from training.comparison.anomaly_data import anomaly_frames
from training.data.labelled_frames import LabelledFrames, Subset
from training.data.pasted_objects import cut_out, paste
from training.data.splits import open_dataset
from training.run.command_line import make_parser, parse
from training.run.progress import console
from training.run.settings import DataSettings
from uncd_ros.durable import write_durably
from uncd_ros.errors import ConfigError, UncdError
from uncd_ros.images.codec import encode_png
from uncd_ros.network.student import StudentConfig

OBJECTS_SIZE = (480, 640)
"""Height and width of a procedural street whose objects are cut out: large, so that none must be enlarged much."""


@dataclass(frozen=True, kw_only=True)
class PasteArgs:
    """Which objects, onto which frames."""

    objects: Path
    """Folder with images/ and labels_masks/."""
    dataset: str
    """Kind of data set of the frames, as in data.dataset of a training."""
    data: str | None = None
    """Folder of the data set; $UNCD_DATA/<dataset> by default."""
    split: str = 'val'
    """Split of the frames, or one sequence of it as in train/0006R0."""
    frames: str = ':'
    """Which of them, FIRST:LAST:STEP as Python slices."""
    drivable: tuple[str, ...]
    """Classes that the objects stand on."""
    seed: NonNegativeInt = 0
    """Of what is pasted where."""
    out: Path
    """Folder to write."""


def parse_args(arguments: Sequence[str] | None = None) -> PasteArgs:
    """Read the command line. Raises ConfigError for what is unknown."""
    parser = make_parser('Paste unknown objects onto the road of labelled frames.')
    parser.add_argument('objects', type=Path, help='folder with images/ and labels_masks/')
    parser.add_argument(
        '--drivable', nargs='+', default=['road'], metavar='CLASS', help='classes that the objects stand on'
    )
    parser.add_class_arguments(PasteArgs, as_group=False, skip={'objects', 'drivable'})
    options = parse(parser, arguments)
    return PasteArgs(**options | {'drivable': tuple(options['drivable'])})


def paste_objects(args: PasteArgs) -> None:
    """The main path."""
    things = cut_out(anomaly_frames(args.objects, OBJECTS_SIZE))
    if not things:
        raise ConfigError(f'{args.objects}: no object to cut out, expected masks with some')
    frames = open_frames(args)
    names = [info.name for info in frames.classes]
    if unknown := [name for name in args.drivable if name not in names]:
        raise ConfigError(f'--drivable {" ".join(unknown)}: no class of the data, expected some of {", ".join(names)}')
    rng = np.random.default_rng(args.seed)
    drivable = [names.index(name) for name in args.drivable]
    for number, frame in enumerate(frames):
        pasted = paste(frame, things[number % len(things)], drivable, rng)
        for folder, image in (
            ('images', cv2.cvtColor(pasted.image, cv2.COLOR_RGB2BGR)),
            ('labels_masks', pasted.labels),
        ):
            (args.out / folder).mkdir(parents=True, exist_ok=True)
            write_durably(args.out / folder / f'{number:04d}.png', encode_png(np.asarray(image, np.uint8)))
    console.print(f'{args.out}: {len(things)} objects on {len(frames)} frames')


def open_frames(args: PasteArgs) -> LabelledFrames:
    """The frames to paste onto. Raises ConfigError where there are none."""
    name, _, sequence = args.split.partition('/')
    split = open_dataset(DataSettings(dataset=args.dataset, root=args.data), StudentConfig(num_classes=2)).split(name)
    frames = split.select(lambda each: sequence in ('', each))
    try:
        kept = range(len(frames))[slice(*(int(part) if part else None for part in args.frames.split(':')))]
    except ValueError:
        raise ConfigError(f"--frames is '{args.frames}', expected FIRST:LAST:STEP") from None
    if not kept:
        known = ', '.join(sorted(set(split.sequences)))
        raise ConfigError(f'--split {args.split} --frames {args.frames}: no frame, expected some of {known}')
    return Subset.of(frames, kept)


if __name__ == '__main__':
    try:
        paste_objects(parse_args())
    except UncdError as error:
        sys.exit(f'error: {error}')
