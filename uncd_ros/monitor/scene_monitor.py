# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one place that decides what an image means: is the camera faulty, and is the scene out of distribution?

The node and the evaluation of bags both ask it, so that a bag evaluated with the node's parameters reproduces the
node's flags.
"""

import math
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from uncd_ros.errors import ImageError, TruncatedImageError
from uncd_ros.monitor.alarm import AlarmParams, AlarmState, OodAlarm
from uncd_ros.monitor.camera_health import CameraHealth
from uncd_ros.monitor.ood_rule import OodRule

SILENT_AFTER = 2.0
"""Seconds without an image after which a camera counts as silent by default: twice the period of a slow one, of 1 fps.

A robot of 1 m/s has driven 2 m by then.
"""


def silence_reason(silence: float) -> str:
    """Of a camera that has sent nothing for so many seconds."""
    return f'silent: no image for {silence:.1f} s'


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(AlarmState):
    """What is said about one image: the flag, which a faulty camera or a failed inference raises too, and why."""

    score: float
    """Image score; higher is more anomalous; NaN for an image without one."""
    fault: str
    """What is wrong with this image or its camera, in words that begin with the kind of fault; empty if nothing is.

    The first image after a silence, or after one of the network, has that as its fault, but its score counts.
    """


def decision_values(decision: Decision) -> dict[str, object]:
    """What led to the flag, by name, as `~/ood_status` tells it."""
    return {
        'is_ood': decision.is_ood,
        'score': decision.score,
        'threshold': decision.threshold,
        'alarms': decision.alarms,
        'false_alarm_rate': f'{decision.false_alarm_rate:.4g}',
        'guaranteed': decision.guaranteed,
        'false_alarms_per_hour': round(decision.false_alarms_per_hour, 1),
    }


class SceneMonitor:
    """Watches one camera, image by image."""

    def __init__(self, rule: OodRule, params: AlarmParams) -> None:
        self._alarm = OodAlarm(rule, params)
        self._health = CameraHealth()
        self._absence = ''
        """Why no image was decided about since the last one; empty if nothing kept it."""

    def reconfigure(self, rule: OodRule, params: AlarmParams) -> None:
        """Decide by these from the next image on; a raised flag and the alarm count stay, see `OodAlarm`."""
        self._alarm.reconfigure(rule, params)

    def update(
        self,
        image: NDArray[np.uint8] | Exception,
        score: float,
        *,
        stamp: float,
        arrival: float,
        stated_size: tuple[int, int] | None = None,
    ) -> Decision:
        """Decide about the next image, (H, W, 3), or about the error that came in its place.

        `score` is its image score, `stamp` its header's and `arrival` its time of arrival on a steady clock, in
        seconds; `stated_size` is the (height, width) that its camera_info states. The image of a faulty camera counts
        as anomalous whatever its score: what it shows is not the scene. A failed inference raises the flag at once:
        the fallback to another device has failed by then, too.
        """
        if isinstance(image, Exception):
            fault = _fault_of(image)
        else:
            fault = self._health.check(image, stated_size) or _fault_of_score(score)
        if isinstance(image, Exception) and not isinstance(image, ImageError):
            self._alarm.raise_now()
        state = self._alarm.update(math.nan if fault else score, stamp=stamp, arrival=arrival)
        absence, self._absence = self._absence, ''
        return _decision(state, math.nan if isinstance(image, Exception) else score, fault or absence)

    def without_image(self, reason: str) -> Decision:
        """Decide without an image: none comes, or none is worked on, for `reason`.

        The flag rises at once: the images that would make it rise one by one do not come.
        """
        self._absence = reason
        return _decision(self._alarm.raise_now(), math.nan, reason)

    def unwatched(self, reason: str) -> Decision:
        """What is said while nobody watches the camera, for `reason`: the flag is up, but that is no alarm."""
        return _decision(replace(self._alarm.state(), is_ood=True), math.nan, reason)

    def stays_up(self, *, stamp: float, arrival: float) -> bool:
        """Whether the flag is up and the next image, which came so, cannot lower it, whatever it shows."""
        return self._alarm.stays_up(stamp=stamp, arrival=arrival)


def _decision(state: AlarmState, score: float, fault: str) -> Decision:
    reason = f'{fault}; {state.reason}' if fault else state.reason
    return Decision(**asdict(replace(state, reason=reason)), score=score, fault=fault)


def _fault_of_score(score: float) -> str:
    """Numbers that overflow in the network leave no score."""
    return '' if math.isfinite(score) else f'inference failed: the image score is {score}, expected a number'


def _fault_of(error: Exception) -> str:
    """The kind of fault, and what happened."""
    if isinstance(error, TruncatedImageError):
        return f'truncated: {error}'
    if isinstance(error, ImageError):
        return f'unreadable: {error}'
    return f'inference failed: {type(error).__name__}: {error}'
