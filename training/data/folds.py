# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who has seen what: sequences that networks do not train on, and the members that may label an image."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from training.data.labelled_frames import LabelledFrames
from training.data.splits import Splits, check_calibration
from training.run.settings import Settings
from uncd_ros.errors import ConfigError


def check_sequences(settings: Settings, data: LabelledFrames) -> None:
    """Refuse sequences that are not there, and cross-fitting where too few members could label one.

    Raises ConfigError that names plan and sequence, before hours of training.
    """
    known = set(data.sequences)
    plans = {f'members.{index}': plan for index, plan in enumerate(settings.members)}
    for key, plan in (plans | {'student_fit': settings.student_fit}).items():
        if unknown := sorted(set(plan.exclude_sequences) - known):
            raise ConfigError(
                f"{key}.exclude_sequences: no sequence '{unknown[0]}' in training, expected some of {sorted(known)}"
            )
        if set(plan.exclude_sequences) == known:
            raise ConfigError(f'{key}.exclude_sequences is {sorted(known)}, which leaves nothing to train on')
    if settings.distill.cross_fit:
        for sequence in sorted(known - set(settings.student_fit.exclude_sequences)):
            count = sum(sequence in plan.exclude_sequences for plan in settings.members)
            if count < 2:
                raise ConfigError(
                    f"distill.cross_fit: {count} members are without sequence '{sequence}', expected 2 or more, "
                    'for a spread takes two'
                )


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Members that are evaluated on the same frames."""

    members: tuple[int, ...]
    """Their numbers."""
    frames: LabelledFrames
    """Frames that none of them trains on."""


def held_out(settings: Settings, splits: Splits, members: Iterable[int]) -> list[HeldOut]:
    """What each of `members` is evaluated on: the sequences of `data.holdout`, or else those that it leaves out.

    Raises ConfigError for a member that trains on everything.
    """
    if len(splits.calibration):
        return [HeldOut(members=tuple(members), frames=splits.calibration)]
    groups: dict[frozenset[str], list[int]] = {}
    for index in members:
        sequences = frozenset(settings.members[index].exclude_sequences)
        if not sequences:
            raise ConfigError(
                f'members.{index}.exclude_sequences and data.holdout are empty, expected some of '
                f'{sorted(set(splits.train.sequences))} in either: the member is evaluated on them'
            )
        groups.setdefault(sequences, []).append(index)
    return [
        HeldOut(members=tuple(group), frames=splits.train.select(sequences.__contains__))
        for sequences, group in groups.items()
    ]


@dataclass(frozen=True, kw_only=True)
class DriveFold:
    """Drives that calibrate together by cross-fitting."""

    sequences: tuple[str, ...]
    """Drives that the same members leave out."""
    members: tuple[int, ...]
    """Their numbers; they alone teach the student of this fold."""

    def select(self, train: LabelledFrames) -> LabelledFrames:
        """The frames of its drives."""
        return train.select(self.sequences.__contains__)


def drive_folds(settings: Settings, splits: Splits) -> list[DriveFold]:
    """The folds that calibrate where `data.holdout` is empty: all drives. None where it names drives that do.

    Raises ConfigError for settings that leave nothing to calibrate on.
    """
    if len(splits.calibration):
        return []
    if not settings.distill.cross_fit:
        check_calibration(splits)
    known, excluded = sorted(set(splits.train.sequences)), list(settings.student_fit.exclude_sequences)
    if excluded:
        raise ConfigError(
            f'student_fit.exclude_sequences is {excluded} with data.holdout [], where every drive teaches the student; '
            'expected [], or these drives in data.holdout'
        )
    if len(known) < 2:
        raise ConfigError(f"data.holdout is [] and '{known[0]}' is every drive of train, expected two drives or more")
    check_sequences(settings, splits.train)
    held_out(settings, splits, range(len(settings.members)))  # refuses a member that trains on everything
    folds: dict[tuple[int, ...], list[str]] = {}
    for sequence in known:
        without = tuple(i for i, plan in enumerate(settings.members) if sequence in plan.exclude_sequences)
        folds.setdefault(without, []).append(sequence)
    return [DriveFold(sequences=tuple(sequences), members=members) for members, sequences in folds.items()]


@dataclass(frozen=True, kw_only=True)
class Folds:
    """Cross-fitting: an image is labelled only by members that were not trained on its sequence.

    The student of a fold has few teachers, for its members alone are without the drives of the fold. Where fewer than
    two of them are without another sequence, too, all of them label it: a member that has seen the sequence makes the
    std smaller than it is for the student that ships, but one that has seen the fold would tell the student about
    drives that it must not know.
    """

    trained_on: tuple[frozenset[str], ...]
    """Sequences each member has seen."""

    @classmethod
    def of(cls, settings: Settings, data: LabelledFrames) -> 'Folds':
        """Members of a run on its training data."""
        known = frozenset(data.sequences)
        return cls(trained_on=tuple(known - set(plan.exclude_sequences) for plan in settings.members))

    def may_label(self, sequences: tuple[str, ...]) -> Tensor:
        """(F, B) bool: which member may label which image of a batch."""
        may_label = torch.tensor([[sequence not in seen for sequence in sequences] for seen in self.trained_on])
        return may_label | (may_label.sum(dim=0) < 2)
