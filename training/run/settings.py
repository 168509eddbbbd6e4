# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of a training run: YAML and command line -> one frozen record, checked once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from jsonargparse import ArgumentError, ArgumentParser
from jsonargparse.typing import ClosedUnitInterval, NonNegativeFloat, OpenUnitInterval, PositiveFloat, PositiveInt

from uncd_ros.errors import ConfigError
from uncd_ros.network.student import StudentConfig


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """Where images and labels come from; see segdata.py."""

    dataset: Literal['camvid', 'street']
    root: str | None = None
    """Folder of the data set; $UNCD_DATA/<dataset> by default. The street needs none."""
    holdout: tuple[str, ...] = ()
    """Sequences kept from all training; they calibrate the student."""
    sequence_length: PositiveInt = 60
    """Frames a sequence of the procedural street."""


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """How long and how fast one network is trained."""

    epochs: PositiveInt
    batch_size: PositiveInt = 8
    lr: PositiveFloat = 1e-3
    optimizer: Literal['adamw', 'sgd'] = 'adamw'
    weight_decay: NonNegativeFloat = 1e-2
    warmup: ClosedUnitInterval = 0.05
    """Share of all steps with a rising learning rate; polynomial decay (power 0.9) follows."""
    seed: int = 0
    """Data order and augmentation; the initial weights are `init_seed`'s."""
    jitter: ClosedUnitInterval = 0.3
    """Strength of colour jitter, in [0, 1]."""
    exclude_sequences: tuple[str, ...] = ()
    """Sequences that this network does not train on."""


@dataclass(frozen=True, kw_only=True)
class DistillSettings:
    """How the student is taught, by default as in Holder and Shafique's paper; equations in objectives.py."""

    temperature: PositiveFloat = 1.0
    """T of the KL term."""
    alpha: NonNegativeFloat = 0.1
    """Weight of the labels' cross-entropy."""
    beta: NonNegativeFloat = 1.1
    """Weight of the std's squared error."""
    target: Literal['all_classes', 'predicted_class'] = 'all_classes'
    """Whose std is learnt: every class's, or only that of the class which the teacher's mean predicts."""
    scale: Literal['linear', 'log', 'standardised'] = 'linear'
    """In which stds are compared; the squared error is of another size in each, so beta is too."""
    reinit_head: bool = True
    """The prediction head starts anew, as in the paper; false keeps the first member's, which has the same shape."""
    wise_ft_alpha: ClosedUnitInterval = 1.0
    """Share of what was learnt in the student's weights; the rest is the first member's, which it started from."""
    cross_fit: bool = False
    """An image is labelled only by members that were not trained on its sequence."""
    cutmix: ClosedUnitInterval = 0.0
    """Probability that a batch's images exchange regions, before the teacher sees them."""
    unlabelled: tuple[str, ...] = ()
    """Videos or folders of images that only the teacher labels; relative ones lie in $UNCD_DATA."""
    unlabelled_every: PositiveInt = 1
    """Take every n-th of their frames."""

    def __post_init__(self) -> None:
        if self.reinit_head and self.wise_ft_alpha < 1.0:
            raise ConfigError(
                f'distill.wise_ft_alpha is {self.wise_ft_alpha} with a new head, which has nothing in common with the '
                "first member's; expected distill.reinit_head false or distill.wise_ft_alpha 1"
            )
        if self.cross_fit and self.cutmix > 0.0:
            raise ConfigError(
                'distill.cross_fit and distill.cutmix exclude each other: a mixed image shows sequences of different '
                'members; expected cross_fit false or cutmix 0'
            )


@dataclass(frozen=True, kw_only=True)
class CalibrationSettings:
    """How the OOD threshold is found; see calibrate.py."""

    false_alarm_rate: OpenUnitInterval = 0.01
    """Target share of in-distribution frames flagged."""
    ood_sets: tuple[str, ...] = ()
    """Videos or folders of images of other worlds, which choose the image score together with shifts of familiar
    frames; relative ones lie in $UNCD_DATA. What is to be judged in the end must not be among them."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A whole run: data, ensemble, student, calibration."""

    name: str
    """Of the run and of the model."""
    data: DataSettings
    student: StudentConfig
    crop: tuple[PositiveInt, PositiveInt]
    """Height and width of training crops, pixels."""
    crop_scale: tuple[PositiveFloat, ClosedUnitInterval] = (0.12, 1.0)
    """Area of a crop's window over the image's."""
    pretrained: bool = True
    """Start the encoder from ImageNet weights (EfficientNet-Lite0 only)."""
    init_seed: int = 0
    """Initial weights, the same for every member."""
    members: tuple[FitSettings, ...]
    """The first is also the single-network baseline: the student starts from it and must beat it."""
    balance: ClosedUnitInterval = 0.0
    """Weight of a class in the members' loss: its frequency to the power of minus this; 0 is plain."""
    distill: DistillSettings = field(default_factory=DistillSettings)
    student_fit: FitSettings
    calibration: CalibrationSettings = field(default_factory=CalibrationSettings)
    variant: str = ''
    """Another student of the same members: its files lie in <run>/students/<variant>."""
    devices: PositiveInt = 1
    """GPUs, or CPU processes, that share each network's training."""
    precision: Literal['32-true', 'bf16-mixed', '16-mixed'] = '32-true'
    run: str = 'runs/{name}'
    """Folder of checkpoints; the same command resumes from it."""
    out: str | None = None
    """Model folder to write; 'model' beside the student's checkpoint by default."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r'[\w-]*', self.variant):
            raise ConfigError(f"variant is '{self.variant}', expected letters, digits, _ and - as it names a folder")

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


OTHERS = 'All other settings, as --key.subkey VALUE: see training/distill.py --help.'
"""For the help of programs that take more than settings."""


def parse_settings(arguments: Sequence[str] | None = None) -> Settings:
    """Read --config FILE and overriding --key.subkey VALUE. Raises ConfigError that names an unknown or bad key."""
    parser = ArgumentParser(description='Train an ensemble and distil it into one student.', exit_on_error=False)
    parser.add_argument('--config', action='config', help='YAML file of settings')
    parser.add_class_arguments(Settings)
    try:
        parsed = parser.instantiate(parser.parse_args(arguments))
    except ArgumentError as error:
        raise ConfigError(' '.join(str(error).split())) from None
    return Settings(**{key: value for key, value in vars(parsed).items() if key != 'config'})
