# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the node is doing, for /diagnostics."""

from diagnostic_msgs.msg import DiagnosticStatus

from uncd_ros.model.calibration_check import calibration_id
from uncd_ros.model.fallback_predictor import FallbackPredictor
from uncd_ros.node.decisions import CameraState
from uncd_ros.node.messages import key_values
from uncd_ros.node.telemetry import Snapshot, resident_bytes

NO_IMAGE_AFTER = 5.0
"""Seconds of silence after which the diagnostics warn."""
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
    name: str, counts: Snapshot, state: CameraState, *, topic: str, predictor: FallbackPredictor, stall: str
) -> DiagnosticStatus:
    """How one camera is doing; `topic` is the resolved name of its images, `stall` why none is worked on."""
    level, message = DiagnosticStatus.OK, f'{counts.fps:.1f} images per second'
    losses = explain_losses(topic, counts)
    if stall:
        level, message = DiagnosticStatus.ERROR, stall
    elif counts.silence > NO_IMAGE_AFTER:
        level, message = DiagnosticStatus.WARN, f'no image on {topic} for {counts.silence:.0f} s'
        message += f': {losses}' if losses else ''
    elif state.fault:
        level, message = DiagnosticStatus.ERROR, state.fault
    elif losses:
        level, message = DiagnosticStatus.WARN, losses
    stages = {'latency': counts.latency_ms} | counts.stage_ms
    return DiagnosticStatus(
        level=level,
        name=name,
        message=message,
        hardware_id=predictor.device_name,
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
            **{
                f'{stage}_ms_{percent}': round(value, 2)
                for stage, values in stages.items()
                for percent, value in zip(('p50', 'p95', 'p99'), values, strict=True)
            },
        ),
    )


def model_status(predictor: FallbackPredictor, warnings: list[str], mismatches: list[str]) -> DiagnosticStatus:
    """Which model is active and how it was calibrated.

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
        name='segmentation: model',
        message=message,
        hardware_id=predictor.device_name,
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
