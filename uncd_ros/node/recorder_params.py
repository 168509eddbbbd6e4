# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of the event recorder, the record that they are read into, and what `--help` prints of it."""

from dataclasses import dataclass
from pathlib import Path

from rclpy.node import Node

from uncd_ros.node.node_help import NodeHelp, Topic
from uncd_ros.node.parameter import Parameter, declare, values_of
from uncd_ros.recording.bag_folder import DiskLimits
from uncd_ros.recording.events import EventTimes

MB = 10**6
PARAMETERS = (
    Parameter(name='node', default='segmentation', text='Name of the perception node; its cameras are found.'),
    Parameter(name='folder', default='events', text='Where the bags go; made if it is not there.'),
    Parameter(
        name='before', default=10.0, text='Time before an event in its bag.', unit='seconds', low=0.0, high=3600.0
    ),
    Parameter(name='after', default=5.0, text='Time after the latest event.', unit='seconds', low=0.0, high=3600.0),
    Parameter(
        name='longest',
        default=120.0,
        text='Time after the first event at which a bag ends although events go on; the next event begins another.',
        unit='seconds',
        low=0.0,
        high=86400.0,
    ),
    Parameter(
        name='memory_mb',
        default=256,
        text='Memory for the time before an event; as much again may wait for a slow disk.',
        unit='MB',
        low=1,
        high=1_000_000,
    ),
    Parameter(
        name='quota_mb',
        default=10_000,
        text='Disk space of all bags; the oldest are deleted for new ones.',
        unit='MB',
        low=1,
        high=1_000_000_000,
    ),
    Parameter(
        name='min_free_mb',
        default=1000,
        text='Free disk space below which nothing is recorded, and nothing deleted.',
        unit='MB',
        low=0,
        high=1_000_000_000,
    ),
)
HELP = NodeHelp(
    program='event_recorder',
    purpose='Keeps the last seconds in memory and writes them, and some more, to a bag at each alarm.',
    example='__ns:=/robot1',
    parameters=PARAMETERS,
    subscribed=(
        Topic(name='/diagnostics', type='DiagnosticArray', text='Of the perception node: tells its cameras.'),
        Topic(name='(its cameras)', type='Image or CompressedImage', text='Kept as JPEG, or as they come.'),
        Topic(
            name='(the results)', type='', text='~/mask, ~/uncertainty, ~/ood, ~/ood_score, ~/ood_status of the node.'
        ),
    ),
    published=(
        Topic(name='/diagnostics', type='DiagnosticArray', text='Once per second: what is kept, disk, faults.'),
    ),
    services=(Topic(name='~/trigger', type='std_srvs/Trigger', text='Record now; the answer names the bag.'),),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderParams:
    """The parameters, as they stood when the recorder was made."""

    node: str
    """Full name of the perception node."""
    folder: Path
    times: EventTimes
    memory: int
    """Bytes."""
    disk: DiskLimits

    @classmethod
    def read(cls, node: Node) -> 'RecorderParams':
        """Declare the parameters and read them. Raises ConfigError for a value that is not allowed."""
        declare(node, PARAMETERS)
        values = values_of(node, PARAMETERS)
        return cls(
            node=node.resolve_topic_name(values['node']),
            folder=Path(values['folder']).expanduser(),
            times=EventTimes(before=values['before'], after=values['after'], longest=values['longest']),
            memory=values['memory_mb'] * MB,
            disk=DiskLimits(quota=values['quota_mb'] * MB, min_free=values['min_free_mb'] * MB),
        )
