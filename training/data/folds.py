# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who has seen what: sequences that networks do not train on, and the members that may label an image."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from training.data.labelled_frames import LabelledFrames
from training.data.splits import Splits
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
class Folds:
    """Cross-fitting: an image is labelled only by members that were not trained on its sequence."""

    trained_on: tuple[frozenset[str], ...]
    """Sequences each member has seen."""

    @classmethod
    def of(cls, settings: Settings, data: LabelledFrames) -> 'Folds':
        """Members of a run on its training data."""
        known = frozenset(data.sequences)
        return cls(trained_on=tuple(known - set(plan.exclude_sequences) for plan in settings.members))

    def may_label(self, sequences: tuple[str, ...]) -> Tensor:
        """(F, B) bool: which member may label which image of a batch."""
        return torch.tensor([[sequence not in seen for sequence in sequences] for seen in self.trained_on])
