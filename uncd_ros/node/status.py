# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the node is doing, for /diagnostics."""

import math

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


def camera_status(
    name: str,
    counts: Snapshot,
    state: CameraState,
    *,
    topic: str,
    predictor: FallbackPredictor,
    stall: str,
    silent_after: float,
    stamp_fault: str,
) -> DiagnosticStatus:
    """How one camera is doing; OK only while its flag may be down and its latencies are right.

    `topic` is the resolved name of its images, `stall` why none is worked on, `silent_after` as in NodeParams,
    `stamp_fault` what is wrong with the stamps of its images.
    """
    warnings = [f'{topic}: {each}' for each in (stamp_fault, state.info_fault) if each]
    if losses := explain_losses(topic, counts):
        warnings.append(losses)
    problem, level = '', DiagnosticStatus.WARN if warnings else DiagnosticStatus.OK
    if not counts.received:
        problem, level = f'no image on {topic} yet', DiagnosticStatus.WARN
    if counts.silence > silent_after:
        problem, level = f'no image on {topic} for {counts.silence:.0f} s', DiagnosticStatus.ERROR
    elif state.fault:
        problem, level = state.fault, DiagnosticStatus.ERROR
    if stall:
        problem, level = stall, DiagnosticStatus.ERROR
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
            info_mismatches=state.info_mismatches,
            fps=round(counts.fps, 2),
            fps_in=round(counts.fps_in, 2),
            device=predictor.device_name,
            model=predictor.card.name,
            stamps=stamp_fault or 'ok',
            **_latencies(counts, stamp_fault),
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
            input=f'{card.student.input_width}x{card.student.input_height}',
            precision=predictor.precision,
            memory_mb=round(resident_bytes() / 2**20, 1),
            device_memory_mb=round(predictor.device_memory / 2**20, 1),
        ),
    )
