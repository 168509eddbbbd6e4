# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of a training run: YAML and command line -> one frozen record, checked once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from jsonargparse.typing import (
    ClosedUnitInterval,
    NonNegativeFloat,
    NonNegativeInt,
    OpenUnitInterval,
    PositiveFloat,
    PositiveInt,
)

from training.run.command_line import make_parser, parse
from training.run.distill_settings import DistillSettings
from uncd_ros.errors import ConfigError
from uncd_ros.network.student import StudentConfig


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """Where images and labels come from."""

    dataset: str
    """Kind of data set: the name of a file in training/data/datasets/, such as camvid, cityscapes, street or folder."""
    root: str | None = None
    """Folder of the data set; $UNCD_DATA/<dataset> by default. Procedural streets need none."""
    holdout: tuple[str, ...] = ()
    """Training sequences that no network trains on; they calibrate the student. Names may hold * and ?. Procedural
    streets need none, and an ensemble needs none if every member leaves out sequences of its own (`exclude_sequences`):
    with `distill.cross_fit` all drives then calibrate."""
    val: tuple[str, ...] = ()
    """Sequences that evaluate, for a data set without a val split of its own; all others train. Names may hold * and ?.
    """
    sequence_pattern: str = ''
    """Regular expression whose first group is, in the name of a frame of `folder`, the name of its sequence; by
    default that is the name of the sub-folder."""
    sequence_length: PositiveInt = 60
    """Frames per sequence of procedural streets."""
    workers: Literal['auto'] | NonNegativeInt = 'auto'
    """Processes that read and augment frames beside each process that trains; auto takes as many as there are cores
    to spare, 0 reads in the training process."""
    cache: Literal['auto', 'on', 'off'] = 'auto'
    """Keep decoded frames in memory: auto does where they fill less than half of what is free."""

    def __post_init__(self) -> None:
        try:
            groups = re.compile(self.sequence_pattern).groups
        except re.error as error:
            raise ConfigError(f"data.sequence_pattern is '{self.sequence_pattern}': {error}") from None
        if self.sequence_pattern and groups != 1:
            raise ConfigError(f"data.sequence_pattern is '{self.sequence_pattern}', expected one group in ( )")


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """How one network is trained."""

    epochs: PositiveInt
    """Passes over the training data."""
    batch_size: PositiveInt = 8
    """Images per step and device."""
    lr: PositiveFloat = 1e-3
    """Learning rate at its maximum, after the warm-up."""
    encoder_lr: PositiveFloat = 1.0
    """Learning rate of the encoder, as a share of that of everything else."""
    lr_floor: ClosedUnitInterval = 0.0
    """Share of the learning rate below which it does not decay; SWAG samples where the weights still move."""
    optimizer: Literal['adamw', 'sgd'] = 'adamw'
    """AdamW, or SGD with Nesterov momentum 0.9."""
    weight_decay: NonNegativeFloat = 1e-2
    """Weight decay of the optimizer, per step and relative to the learning rate."""
    warmup: ClosedUnitInterval = 0.05
    """Share of all steps with a rising learning rate; polynomial decay (power 0.9) follows."""
    seed: int = 0
    """Seed of data order and augmentation; `init_seed` is that of the initial weights."""
    jitter: ClosedUnitInterval = 0.3
    """Strength of colour jitter, in [0, 1]."""
    exclude_sequences: tuple[str, ...] = ()
    """Sequences that this network does not train on."""


@dataclass(frozen=True, kw_only=True)
class TeacherSettings:
    """Where the networks come from whose mean and spread the student learns."""

    kind: Literal['ensemble', 'mc_dropout', 'swag'] = 'ensemble'
    """All members; or one member, sampled by dropout that stays on (Gal and Ghahramani 2016) or by SWAG (Maddox et al.
    2019)."""
    samples: PositiveInt = 10
    """Networks that are sampled from the one member of mc_dropout and swag; 2 or more."""

    def __post_init__(self) -> None:
        if self.samples < 2:
            raise ConfigError(f'teacher.samples is {self.samples}, expected 2 or more, for a spread takes two')


@dataclass(frozen=True, kw_only=True)
class CalibrationSettings:
    """How the OOD threshold and what the model serves are chosen."""

    false_alarm_rate: OpenUnitInterval = 0.01
    """Share of in-distribution frames that may be flagged."""
    ood_sets: tuple[str, ...] = ()
    """Videos or folders of out-of-distribution images. They select the image score, together with shifts of the
    calibration frames; relative paths lie in $UNCD_DATA. Sets of the final evaluation must not be among them."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A whole run: data, ensemble, student, calibration."""

    name: str
    """Name of the run and of the model."""
    data: DataSettings
    """Data set and its splits."""
    student: StudentConfig
    """Network of the student and of the members."""
    crop: tuple[PositiveInt, PositiveInt]
    """Height and width of training crops, pixels."""
    crop_scale: tuple[PositiveFloat, ClosedUnitInterval] = (0.12, 1.0)
    """Smallest and largest area of a training crop, as a share of the image."""
    pretrained: bool = True
    """Start the encoder from ImageNet weights (EfficientNet-Lite0 only)."""
    init_seed: int = 0
    """Seed of the initial weights, the same for every member."""
    members: tuple[FitSettings, ...]
    """How each member is trained. The first is also the baseline: the student starts from it and must beat it."""
    teacher: TeacherSettings = field(default_factory=TeacherSettings)
    """Which networks teach."""
    balance: ClosedUnitInterval = 0.0
    """Class weights in the members' loss: frequency to the power of -balance; 0 weights all classes equally."""
    dice: NonNegativeFloat = 0.0
    """Weight of the Dice loss beside the cross-entropy in the members' loss."""
    distill: DistillSettings = field(default_factory=DistillSettings)
    """What the student learns from the members."""
    student_fit: FitSettings
    """How the student is trained."""
    calibration: CalibrationSettings = field(default_factory=CalibrationSettings)
    """How the student is calibrated."""
    variant: str = ''
    """Name of another student of the same members; its files lie in <run>/students/<variant>."""
    devices: PositiveInt = 1
    """GPUs, or CPU processes, that train a network together; each step takes batch_size images on each of them."""
    precision: Literal['32-true', 'bf16-mixed', '16-mixed'] = '32-true'
    """Floating-point format of training; mixed precision is for GPUs."""
    run: str = 'runs/{name}'
    """Folder of members, checkpoints and reports; the same command resumes from it."""
    out: str | None = None
    """Model folder to write; <run>/model by default, or that of the variant."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r'[\w-]*', self.variant):
            raise ConfigError(f"variant is '{self.variant}', expected letters, digits, _ and - as it names a folder")
        if self.teacher.kind != 'ensemble' and len(self.members) != 1:
            raise ConfigError(
                f'members are {len(self.members)} with teacher.kind {self.teacher.kind}, expected 1, from which '
                'teacher.samples networks are sampled'
            )

    @property
    def run_folder(self) -> Path:
        """Where the members lie."""
        return Path(self.run.format(name=self.name))

    @property
    def student_folder(self) -> Path:
        """Where the student's checkpoint and its report lie."""
        return self.run_folder / 'students' / self.variant if self.variant else self.run_folder

    @property
    def model_folder(self) -> Path:
        """Where the model is written."""
        return Path(self.out) if self.out else self.student_folder / 'model'


def parse_settings(arguments: Sequence[str] | None = None) -> Settings:
    """Read --config FILE and overriding --key.subkey VALUE. Raises ConfigError that names an unknown or bad key."""
    parser = make_parser('Train an ensemble and distil it into one student.')
    parser.add_argument('--config', action='config', help='YAML file of settings')
    parser.add_class_arguments(Settings)
    settings = parse(parser, arguments)
    del settings['config']
    return Settings(**settings)
