# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of the teaching: what the student learns from the members, and which of them the objective heeds."""

from dataclasses import dataclass
from typing import Literal

from jsonargparse.typing import ClosedUnitInterval, NonNegativeFloat, PositiveFloat, PositiveInt

from uncd_ros.errors import ConfigError

OBJECTIVE_SETTINGS = {
    'holder': ('temperature', 'alpha', 'beta', 'target', 'scale'),
    'dudes': (),
    'end_kl': ('temperature',),
    'end_crd': ('temperature',),
}
"""Objective -> the settings of its loss."""


@dataclass(frozen=True, kw_only=True)
class DistillSettings:
    """How the student is trained, by default as in Holder and Shafique's paper; training/teaching has the equations."""

    objective: Literal['holder', 'dudes', 'end_kl', 'end_crd'] = 'holder'
    """What the student is trained to; docs/training.md compares the methods."""
    start: Literal['member', 'initial'] = 'member'
    """Weights that the student's trunk starts from: those of the first member, or those that the members started
    from."""
    temperature: PositiveFloat = 1.0
    """Temperature T of the Kullback-Leibler term of holder, end_kl and end_crd."""
    alpha: NonNegativeFloat = 0.1
    """Weight of the cross-entropy with the labels, of holder."""
    beta: NonNegativeFloat = 1.1
    """Weight of the squared error of the std, of holder."""
    target: Literal['all_classes', 'predicted_class'] = 'all_classes'
    """The std that holder learns: of every class, or only of the class that the teacher's mean predicts."""
    scale: Literal['linear', 'log', 'standardised'] = 'linear'
    """Scale on which holder compares stds; squared errors differ in size between scales, so beta must, too."""
    reinit_head: bool = True
    """Start the prediction head from random weights, as in the paper; false starts from the first member's head."""
    wise_ft_alpha: ClosedUnitInterval = 1.0
    """Interpolation towards the start (WiSE-FT): 1 keeps the trained weights, 0 the first member's."""
    cross_fit: bool = False
    """Take the targets of an image only from members that were not trained on its sequence. Without `data.holdout`,
    also calibrate on every drive, by students that never saw it."""
    cutmix: ClosedUnitInterval = 0.0
    """Probability that the images of a batch exchange regions (CutMix), before the teacher sees them."""
    outliers: ClosedUnitInterval = 0.0
    """Share of the images that show a synthetic outlier in a random shape. It has no label; the student learns there
    what the members say of it."""
    outlier_kinds: tuple[Literal['texture', 'piece', 'colours', 'adversarial'], ...] = ('texture', 'piece', 'colours')
    """What outliers show, one of these for a batch: a texture, a piece of another image, wrong colours, or the image
    moved by a step against what a member predicts, which takes a pass and a half more."""
    unlabelled: tuple[str, ...] = ()
    """Videos or folders of images without labels; relative paths lie in $UNCD_DATA."""
    unlabelled_every: PositiveInt = 1
    """Use every n-th frame of them."""

    def __post_init__(self) -> None:
        self._check_objective()
        self._check_outliers()
        if self.reinit_head and self.wise_ft_alpha < 1.0:
            raise ConfigError(
                f'distill.wise_ft_alpha is {self.wise_ft_alpha} with reinit_head true, but a head from random weights '
                'has no start to interpolate towards; expected distill.reinit_head false or distill.wise_ft_alpha 1'
            )
        if self.start == 'initial' and not self.reinit_head:
            raise ConfigError(
                'distill.start is initial with reinit_head false, but there is no trained head to start from; expected '
                'distill.start member or distill.reinit_head true'
            )
        if self.cross_fit and self.cutmix > 0.0:
            raise ConfigError(
                'distill.cross_fit and distill.cutmix exclude each other: a mixed image shows several sequences; '
                'expected cross_fit false or cutmix 0'
            )

    def _check_outliers(self) -> None:
        if self.outliers and not self.outlier_kinds:
            raise ConfigError(f'distill.outlier_kinds is empty with distill.outliers {self.outliers}, expected some')

    def _check_objective(self) -> None:
        """Refuse settings that the objective would not heed."""
        for name in OBJECTIVE_SETTINGS['holder']:
            value, default = getattr(self, name), type(self).__dataclass_fields__[name].default
            if name not in OBJECTIVE_SETTINGS[self.objective] and value != default:
                raise ConfigError(
                    f'distill.{name} is {value}, but the loss of {self.objective} has none; leave it out, or set '
                    'distill.objective to another'
                )
        if self.objective == 'end_crd' and self.cross_fit:
            raise ConfigError(
                'distill.cross_fit is true with objective end_crd, which compares a pixel with all members at once; '
                'expected cross_fit false or another objective'
            )
