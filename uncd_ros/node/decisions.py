# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The decisions about one camera: about its images by the worker's thread, about their absence by the executor's."""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sensor_msgs.msg import CameraInfo

from uncd_ros.images.camera_info import MatchedInfo
from uncd_ros.images.encodings import is_grey, named_encoding
from uncd_ros.model.calibration_check import ImageProperties
from uncd_ros.model.obstacle_search import find_obstacles
from uncd_ros.model.predictor import Prediction
from uncd_ros.monitor.scene_monitor import Decision, SceneMonitor
from uncd_ros.node.messages import seconds
from uncd_ros.node.outputs import Outputs
from uncd_ros.node.worker import ActiveModel, Arrival, Result
from uncd_ros.obstacles.tracker import Obstacle, ObstacleTracker

BEAT = 0.4
"""Seconds between two heartbeats. The flag is then never more than 0.8 s old, which leaves 0.2 s of the promised 1 s
to a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraState:
    """What is known after the latest image; replaced whole, so that the diagnostics read what belongs together."""

    alarms: int = 0
    """Times the flag has risen."""
    obstacles: int = 0
    """How many have appeared."""
    fault: str = ''
    """What is wrong with the latest image or its camera, or why there is no inference; empty if nothing is."""
    image_properties: ImageProperties | None = None
    """What the images are like; None before the first that can be decoded."""
    info_mismatches: int = 0
    """Images whose camera_info belongs to another image and states another size."""
    info_fault: str = ''
    """Why the camera_info does not serve the latest image; empty if it does, or if there is none at all."""
    passing_fault: str = ''
    """The latest fault since somebody asked for it, which may have gone by now."""
    change: str = ''
    """How images have become others since somebody asked for it: a camera in another mode, or two on one topic."""


class Decisions:
    """Decides about each image of one camera, and publishes that at once; says on and on what holds without one."""

    def __init__(self, outputs: Outputs, active: ActiveModel) -> None:
        self._outputs, self._active = outputs, active
        self._monitor = SceneMonitor(active.predictor.card.ood, active.params.alarm)
        self._tracker = ObstacleTracker()
        self._latest: Decision | None = None
        """The one published last about an image or its absence; None before the first."""
        self._published = -math.inf
        """When it was, in seconds of the steady clock."""
        self._ended = False
        self._lock = threading.Lock()
        """Held from a decision to its publication: the last one published is the last one made."""
        self.state = CameraState()

    def reconfigure(self, active: ActiveModel) -> None:
        """Decide by this from the next image on; a raised flag and the alarm count stay."""
        with self._lock:
            self._active = active
            self._monitor.reconfigure(active.predictor.card.ood, active.params.alarm)

    def stays_up(self, arrival: Arrival) -> bool:
        """Whether the flag is up and this image, which is next, cannot lower it, whatever it shows."""
        with self._lock:
            return self._monitor.stays_up(stamp=seconds(arrival.msg.header.stamp), arrival=arrival.time)

    def on_result(
        self, result: Result, matched: MatchedInfo[CameraInfo], now: float
    ) -> tuple[Decision, Sequence[Obstacle] | None]:
        """Decide about an image, or about the error that came in place of it or of its prediction.

        Beside the decision it gives the obstacles in the image; None where nobody looked.
        """
        arrival, image, prediction = result.arrival, result.image, result.prediction
        seen, score = (prediction, math.nan) if isinstance(prediction, Exception) else (image, prediction.score)
        with self._lock:
            decision = self._monitor.update(
                seen,
                score,
                stamp=seconds(arrival.msg.header.stamp),
                arrival=arrival.time,
                stated_size=matched.expected_size,
            )
            # A robot that waits for the flag does not wait for the search of obstacles, too.
            self._outputs.publish_decision(decision)
            obstacles = self._obstacles_in(prediction, decision)
            self._outputs.publish_status(arrival.msg.header, decision, obstacles)
            self._latest, self._published = decision, now
            state = self._with_decision(decision)
            self.state = _with_image(state, result, matched) if image.size else state
        return decision, obstacles

    def on_absence(self, reason: str) -> None:
        """Raise the flag at once, and say so: no image comes, or none is worked on, for `reason`."""
        with self._lock:
            self._latest = self._monitor.without_image(reason)
            self.state = self._with_decision(self._latest)
            self._outputs.publish_heartbeat(self._latest)

    def take_state(self) -> CameraState:
        """What is known, for a report: what has passed is told once."""
        with self._lock:
            state = self.state
            self.state = replace(state, passing_fault='', change='')
        return state

    def _obstacles_in(self, prediction: Prediction | Exception, decision: Decision) -> Sequence[Obstacle] | None:
        seen = None if isinstance(prediction, Exception) else prediction
        card, params = self._active.predictor.card, self._active.params.obstacles
        return find_obstacles(self._tracker, seen, card, params, is_ood=decision.is_ood)

    def _with_decision(self, decision: Decision) -> CameraState:
        passing = decision.fault or self.state.passing_fault
        return replace(
            self.state,
            alarms=decision.alarms,
            obstacles=self._tracker.count,
            fault=decision.fault,
            passing_fault=passing,
        )

    def repeat(self, now: float) -> None:
        """Say again what was decided last, unless that has just been said; `now` is of the steady clock."""
        with self._lock:
            if self._ended:
                return
            if self._latest is None:
                self._outputs.publish_heartbeat(self._monitor.unwatched('no image has been worked on yet'))
            elif now - self._published >= BEAT:
                self._outputs.publish_heartbeat(self._latest)

    def end(self) -> None:
        """Say last that nobody watches the camera."""
        with self._lock:
            self._ended = True
            self._outputs.publish_heartbeat(self._monitor.unwatched('the node is not active'))


def _with_image(state: CameraState, result: Result, matched: MatchedInfo[CameraInfo]) -> CameraState:
    """The state after an image that could be decoded."""
    msg, (height, width) = result.arrival.msg, result.image.shape[:2]
    properties = ImageProperties(height=height, width=width, encoding=named_encoding(msg), is_grey=is_grey(msg))
    before = state.image_properties
    return replace(
        state,
        image_properties=properties,
        change=state.change if before in (None, properties) else f'images changed from {before} to {properties}',
        info_mismatches=state.info_mismatches + matched.misses((height, width)),
        info_fault=matched.fault((height, width)),
    )
