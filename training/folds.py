# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who has seen what: sequences that a network does not train on."""

from segdata import SegData
from settings import Settings
from uncd_ros.errors import ConfigError


def check_sequences(settings: Settings, data: SegData) -> None:
    """Refuse sequences that are not there: ConfigError names plan and sequence, before hours of training."""
    known = set(data.sequences)
    plans = {f'members.{index}': plan for index, plan in enumerate(settings.members)}
    for key, plan in (plans | {'student_fit': settings.student_fit}).items():
        if unknown := sorted(set(plan.without) - known):
            raise ConfigError(
                f"{key}.without: no sequence '{unknown[0]}' in training, expected some of {sorted(known)}"
            )
        if set(plan.without) == known:
            raise ConfigError(f'{key}.without is {sorted(known)}, which leaves nothing to train on')
