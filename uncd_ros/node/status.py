# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the node is doing, for /diagnostics."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus

from uncd_ros.model.calibration_check import calibration_id
from uncd_ros.model.fallback_predictor import FallbackPredictor
from uncd_ros.node.decisions import CameraState
from uncd_ros.node.messages import key_values
from uncd_ros.node.names import status_name
from uncd_ros.node.telemetry import Snapshot, resident_bytes

BY_STAMP = ('receive', 'end_to_end')
"""Stages that begin at the stamp of an image."""
LOST_SHARE = 0.02
"""Share of images lost on the way above which the diagnostics warn."""


def explain_losses(topic: str, counts: Snapshot) -> str:
    """How many images are lost on the way and what helps, in one sentence; empty while it is few."""
    if counts.lost_share <= LOST_SHARE:
        return ''
    return (
        f'{counts.lost_share:.0%} of the images on {topic} were lost on the way in the last 10 s: let the camera driver'
        ' publish reliable, or start it with the large-image profile or compressed images (docs/cameras.md)'
    )


def explain_delay(counts: Snapshot, silent_after: float, device: str) -> str:
    """Whether results come too late to be about the scene of now, in one sentence; empty if not."""
    if counts.delay <= silent_after:
        return ''
    return (
        f'the latest result came {counts.delay:.1f} s after its image, expected {silent_after:g} s at most'
        f' (silent_after): device {device} is overloaded'
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFacts:
    """What the status of a camera is made of."""

    topic: str
    """Full name of its images."""
    counts: Snapshot
    state: CameraState
    stall: str
    """Why no image is worked on; empty if all is well, as below."""
    silence_cause: str
    """Why no image may come."""
    stamp_fault: str
    """What is wrong with the stamps of its images."""
    notes: Sequence[str]
    """What else a person should know, a sentence each, of which some may be empty."""


def camera_status(name: str, facts: CameraFacts, predictor: FallbackPredictor, silent_after: float) -> DiagnosticStatus:
    """How one camera is doing; OK only while its flag may be down and its latencies are right.

    `silent_after` is as in NodeParams.
    """
    topic, counts, state = facts.topic, facts.counts, facts.state
    warnings = [f'{topic}: {each}' for each in (facts.stamp_fault, state.info_fault) if each]
    late = explain_delay(counts, silent_after, predictor.device_name)
    warnings += [each for each in (explain_losses(topic, counts), late, *facts.notes) if each]
    problem, level = '', DiagnosticStatus.WARN if warnings else DiagnosticStatus.OK
    if not counts.received:
        problem, level = f'no image on {topic} yet', DiagnosticStatus.WARN
    if counts.silence > silent_after:
        problem, level = f'no image on {topic} for {counts.silence:.0f} s', DiagnosticStatus.ERROR
        problem += f': {facts.silence_cause}' if facts.silence_cause else ''
    elif state.fault:
        problem, level = state.fault, DiagnosticStatus.ERROR
    if facts.stall:
        problem, level = facts.stall, DiagnosticStatus.ERROR
    message = '; '.join(filter(None, [problem, *warnings])) or f'{counts.fps:.1f} images per second'
    return DiagnosticStatus(
        level=level,
        name=name,
        message=message,
        hardware_id=topic,
        values=key_values(
            received=counts.received,
            processed=counts.processed,
            dropped=counts.dropped,
            faults=counts.faults,
            lost=counts.lost,
            alarms=state.alarms,
            obstacles=state.obstacles,
            info_mismatches=state.info_mismatches,
            fps=round(counts.fps, 2),
            fps_in=round(counts.fps_in, 2),
            device=predictor.device_name,
            model=predictor.card.name,
            stamps=facts.stamp_fault or 'ok',
            **_latencies(counts, facts.stamp_fault),
        ),
    )


def _latencies(counts: Snapshot, stamp_fault: str) -> dict[str, object]:
    """Milliseconds by stage and percentile. What begins at a stamp is unknown while the stamps tell no time."""
    stages = {'latency': counts.latency_ms} | counts.stage_ms
    if stamp_fault:
        stages |= dict.fromkeys(BY_STAMP, (math.nan,) * 3)
    return {
        f'{stage}_ms_{percent}': 'unknown' if math.isnan(value) else round(value, 2)
        for stage, values in stages.items()
        for percent, value in zip(('p50', 'p95', 'p99'), values, strict=True)
    }


def model_status(
    node: str, predictor: FallbackPredictor, warnings: list[str], mismatches: list[str]
) -> DiagnosticStatus:
    """Which model is active in the node of this full name, and how it was calibrated.

    `warnings` say what else a person should know, `mismatches` what is not as it was calibrated; a sentence each.
    """
    card = predictor.card
    level, message = DiagnosticStatus.OK, f'{card.name} as calibrated'
    if warnings:
        level, message = DiagnosticStatus.WARN, '; '.join(warnings)
    if mismatches:
        level, message = DiagnosticStatus.ERROR, '; '.join([*mismatches, *warnings])
    return DiagnosticStatus(
        level=level,
        name=status_name(node, 'model'),
        message=message,
        hardware_id=status_name(node, predictor.device_name),
        values=key_values(
            model=card.name,
            weights=card.weights_sha256[:12],
            calibration=calibration_id(card),
            image_score=card.image_score,
            uncertainty_upper=card.uncertainty.upper,
            input=f'{card.student.input_width}x{card.student.input_height}',
            engine=predictor.engine.name,
            precision=predictor.engine.precision,
            memory_mb=round(resident_bytes() / 2**20, 1),
            device_memory_mb=round(predictor.engine.device_memory / 2**20, 1),
        ),
    )
