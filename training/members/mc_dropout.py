# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Monte Carlo dropout (Gal and Ghahramani 2016): one network whose dropout stays on, so that each pass is a sample."""

from torch import nn

from training.members.member import Member
from training.run.settings import Settings
from uncd_ros.errors import ConfigError


class DropoutMember(Member):
    """A member that drops activations in evaluation mode, too; batch norms use their running statistics.

    The masks come from torch's global generator: whoever seeds it gets the same samples again.
    """

    def train(self, mode: bool = True) -> 'DropoutMember':
        """As any module's, but for dropout, which is on."""
        super().train(mode)
        for layer in dropout_layers(self):
            layer.train()
        return self


def dropout_layers(network: nn.Module) -> list[nn.Dropout]:
    """Those that drop anything."""
    return [layer for layer in network.modules() if isinstance(layer, nn.Dropout) and layer.p > 0.0]


def check_dropout(settings: Settings) -> None:
    """Raise ConfigError, before hours of training, for a network that drops nothing."""
    if not dropout_layers(Member(settings.student)):
        raise ConfigError('teacher.kind is mc_dropout, but the network of these settings has no dropout layer')


def dropout_samples(member: Member, settings: Settings) -> list[Member]:
    """The network as often as it is to be asked; each pass draws new masks."""
    sampled = DropoutMember(settings.student)
    sampled.load_state_dict(member.state_dict())
    sampled = sampled.to(next(member.parameters()).device).eval()
    return [sampled] * settings.teacher.samples
