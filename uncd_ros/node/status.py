# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How the node is doing, for /diagnostics."""

from diagnostic_msgs.msg import DiagnosticStatus

from uncd_ros.model.calibration_check import calibration_id
from uncd_ros.model.fallback_predictor import FallbackPredictor
from uncd_ros.node.messages import key_values
from uncd_ros.node.telemetry import Snapshot, resident_bytes

NO_IMAGE_AFTER = 5.0
"""Seconds of silence after which the diagnostics warn."""


def camera_status(
    name: str, counts: Snapshot, *, topic: str, device: str, model: str, alarms: int, fault: str | None
) -> DiagnosticStatus:
    """How one camera is served; `topic` is the resolved name of its images, `fault` what is wrong with it."""
    level, message = DiagnosticStatus.OK, f'{counts.fps:.1f} images per second'
    if counts.silence > NO_IMAGE_AFTER:
        level, message = DiagnosticStatus.WARN, f'no image on {topic} for {counts.silence:.0f} s'
    elif fault:
        level, message = DiagnosticStatus.ERROR, f'camera fault: {fault}'
    stages = {'latency': counts.latency_ms} | counts.stage_ms
    return DiagnosticStatus(
        level=level,
        name=name,
        message=message,
        hardware_id=device,
        values=key_values(
            received=counts.received,
            processed=counts.processed,
            dropped=counts.dropped,
            faults=counts.faults,
            alarms=alarms,
            fps=round(counts.fps, 2),
            fps_in=round(counts.fps_in, 2),
            device=device,
            model=model,
            **{
                f'{stage}_ms_{percent}': round(value, 2)
                for stage, values in stages.items()
                for percent, value in zip(('p50', 'p95', 'p99'), values, strict=True)
            },
        ),
    )


def model_status(engine: FallbackPredictor, calibration_mismatches: list[str]) -> DiagnosticStatus:
    """Which model is served, how it was calibrated, and what is not as it was calibrated: a sentence each."""
    card = engine.card
    level, message = DiagnosticStatus.OK, f'{card.name} as calibrated'
    if engine.degraded_reason:
        level, message = DiagnosticStatus.WARN, engine.degraded_reason
    if calibration_mismatches:
        level, message = DiagnosticStatus.ERROR, '; '.join(calibration_mismatches)
    return DiagnosticStatus(
        level=level,
        name='segmentation: model',
        message=message,
        hardware_id=engine.device_name,
        values=key_values(
            model=card.name,
            weights=card.weights_sha256[:12],
            calibration=calibration_id(card),
            image_score=card.image_score,
            input=f'{card.student.input_width}x{card.student.input_height}',
            precision=engine.precision,
            memory_mb=round(resident_bytes() / 2**20, 1),
            device_memory_mb=round(engine.device_memory / 2**20, 1),
        ),
    )
