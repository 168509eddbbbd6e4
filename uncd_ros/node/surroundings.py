# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is wrong around a node that runs: another of its name, no space for its log, a profile that is not in force."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from rclpy.logging import get_logging_directory
from rclpy.node import Node

LOG_SPACE = 2**20
"""Bytes below which there is no space for a log: a page of messages fits."""
PROFILES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
"""Environment variables that name a file with settings of Fast DDS, which goes on without it if it cannot read it."""


class Surroundings:
    """Of one node; asked once per second."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._profile = explain_profile(os.environ)

    def faults(self) -> list[str]:
        """A sentence for each thing that is wrong."""
        own, names = self._node.get_fully_qualified_name(), self._node.get_node_names_and_namespaces()
        all_names = [f'{namespace.rstrip("/")}/{name}' for name, namespace in names]
        log = Path(get_logging_directory())
        return [each for each in (explain_twins(own, all_names), explain_log(log), self._profile) if each]


def explain_twins(own: str, names: Sequence[str]) -> str:
    """Whether more nodes than one have the full name `own` among the `names` of all; empty if not."""
    if (count := names.count(own)) < 2:
        return ''
    return (
        f'{count} nodes are called {own}, expected 1: they publish on the same topics; end one of them, or give it'
        ' another namespace (one that was killed is still counted for 20 s)'
    )


def explain_log(folder: Path) -> str:
    """Why no log can be written there; empty if it can."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return f'no log can be written to {folder}: {error.strerror}'
    if free < LOG_SPACE:
        return f'no log can be written to {folder}: the disk is full, expected {LOG_SPACE >> 20} MiB free'
    return '' if os.access(folder, os.W_OK) else f'no log can be written to {folder}: it is read-only'


def explain_profile(environment: Mapping[str, str]) -> str:
    """Why a profile of Fast DDS is not in force although the environment names one; empty if all is well."""
    for variable in PROFILES:
        if path := environment.get(variable):
            try:
                ElementTree.parse(path)
            except (OSError, ElementTree.ParseError) as error:
                reason = error.strerror if isinstance(error, OSError) else f'no XML ({error})'
                return f'{variable} is {path}: {reason}, so Fast DDS uses its defaults, and large images may be lost'
    return ''
