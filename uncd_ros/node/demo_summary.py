# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the demo has measured: for a file, and in sentences."""

from collections.abc import Iterator, Mapping
from typing import Any

from uncd_ros.model.card import ModelCard
from uncd_ros.node.recorder import Recorder
from uncd_ros.node.telemetry import percentiles_ms

OUTSIDE = ('latency', 'receive', 'wait', 'end_to_end')
"""What is timed of an image beside the stages in which the node works on it."""


def capability(status: Mapping[str, str]) -> float:
    """Images per second that the node could process: one after another, each as long as its stages take (p50).

    `status` are the values of the camera in /diagnostics. The fps there are at most those of the camera.
    """
    stages = (key.removesuffix('_ms_p50') for key in status if key.endswith('_ms_p50'))
    busy = sum(float(status[f'{stage}_ms_p50']) for stage in stages if stage not in OUTSIDE)
    return 1e3 / busy if busy else 0.0


def summarise(source: str, card: ModelCard, recorder: Recorder, sent: int) -> dict[str, Any]:
    """What summary.json holds. Latency is from an image's stamp to its mask's arrival in this process."""
    counts = {key: int(recorder.node_status[key]) for key in ('received', 'processed', 'dropped', 'faults')}
    times, flags = recorder.mask_times, recorder.flags
    p50, p95, p99 = percentiles_ms(recorder.latencies)
    return {
        'source': source,
        'model': card.name,
        'device': recorder.node_status['device'],
        'frames_sent': sent,
        'frames_received': counts['received'],
        'frames_processed': counts['processed'],
        'frames_dropped': counts['dropped'],
        'faults': counts['faults'],
        'lost_in_transport': sent - counts['received'],
        'fps': round((len(times) - 1) / (times[-1] - times[0]), 2) if len(times) > 1 else 0.0,
        'fps_possible': round(capability(recorder.node_status), 1),
        'latency_ms': {'p50': round(p50, 2), 'p95': round(p95, 2), 'p99': round(p99, 2)},
        'ood': {
            'alarms': sum(now and not before for before, now in zip([False, *flags], flags, strict=False)),
            'frames_flagged': sum(flags),
            'score_mean': sum(recorder.scores) / max(1, len(recorder.scores)),
        },
        'obstacles': {'appeared': int(recorder.node_status['obstacles']), 'frames': sum(map(bool, recorder.obstacles))},
        'diagnostics': recorder.problems.summary(),
        'messages': dict(sorted(recorder.messages.items())),
    }


def sentences(summary: Mapping[str, Any]) -> Iterator[str]:
    """A summary of a demo in which every mask fitted its image, for a person."""
    yield (
        f'{summary["frames_sent"]} images were sent: {summary["frames_processed"]} processed, '
        f'{summary["frames_dropped"]} dropped by the node, {summary["lost_in_transport"]} lost on the way, '
        f'{summary["faults"]} faulty'
    )
    p50, p95, p99 = (f'{summary["latency_ms"][each]:.0f} ms ({each})' for each in ('p50', 'p95', 'p99'))
    speed = f'{summary["fps"]:.1f} images per second, {summary["fps_possible"]:.0f} possible'
    yield f'{speed}; from an image to its mask {p50}, {p95}, {p99}'
    alarms, flagged = summary['ood']['alarms'], summary['ood']['frames_flagged']
    rose = 'once' if alarms == 1 else f'{alarms} times'
    flag = f'rose {rose} and was up in {flagged} images' if alarms else 'never rose'
    yield f'the flag {flag}; every mask has the size and stamp of its image'
    if appeared := summary['obstacles']['appeared']:
        yield f'unknown obstacles on the road: {appeared}, seen in {summary["obstacles"]["frames"]} images'
    for problem in summary['diagnostics']:
        yield '{level} in /diagnostics: {name}: {message}'.format(**problem)
