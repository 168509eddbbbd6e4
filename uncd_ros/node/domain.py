# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A ROS domain of their own for processes that are to hear nobody but each other."""

import random
import socket

from uncd_ros.errors import ConfigError

DOMAINS = range(1, 102)
"""Those whose ports lie below the ones that Linux gives to anybody; 0 is where everybody is."""
PARTICIPANTS = 32
"""Of one domain that are looked for: as many as find each other on this machine without multicast."""

_reserved: list[socket.socket] = []


def free_domain() -> int:
    """A domain in which no process of this machine is; none but this process is given it while this process lives.

    Raises ConfigError if all are taken.
    """
    for domain in random.sample(DOMAINS, len(DOMAINS)):
        if not _has_participant(domain) and _reserve(domain):
            return domain
    taken = f'every ROS domain from {DOMAINS[0]} to {DOMAINS[-1]} is in use on this machine'
    raise ConfigError(f'{taken}, expected a free one')


def _has_participant(domain: int) -> bool:
    """Whether somebody listens there, at a UDP port that the DDS standard gives to the domain.

    At 7400 + 250 x domain if it looks for others by multicast, and at the next free one of 10, 12, ... above that.
    """
    first = 7400 + 250 * domain
    return not all(map(_is_free, (first, *range(first + 10, first + 10 + 2 * PARTICIPANTS, 2))))


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        try:
            listener.bind(('', port))
        except OSError:
            return False
    return True


def _reserve(domain: int) -> bool:
    """Keep it from others who call `free_domain`; no file is left behind, however the process ends."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        name.bind(f'\0uncd_ros_domain_{domain}')
    except OSError:
        name.close()
        return False
    _reserved.append(name)
    return True
