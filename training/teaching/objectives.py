# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The objectives by name."""

from training.run.distill_settings import OBJECTIVE_SETTINGS, DistillSettings
from training.teaching.dudes import DudesLoss
from training.teaching.end_crd import EndCrdLoss
from training.teaching.end_kl import EndKlLoss
from training.teaching.holder import HolderLoss
from training.teaching.objective import Objective

OBJECTIVES: dict[str, type[Objective]] = {
    'holder': HolderLoss,
    'dudes': DudesLoss,
    'end_kl': EndKlLoss,
    'end_crd': EndCrdLoss,
}
"""Name -> objective, as in distill.objective."""


def make_objective(plan: DistillSettings) -> Objective:
    """The objective that the settings name, with those of its settings."""
    settings = {name: getattr(plan, name) for name in OBJECTIVE_SETTINGS[plan.objective]}
    return OBJECTIVES[plan.objective](**settings)
