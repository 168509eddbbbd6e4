# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Results of frames that no network has seen."""

import numpy as np

from support.bag_makers import CAMERA
from uncd_ros.bag_evaluation.frame_results import FrameResult
from uncd_ros.bags.frames import BagFrame
from uncd_ros.bags.reader import BagMessage
from uncd_ros.bags.topics import IMAGE
from uncd_ros.model.fit import Area
from uncd_ros.model.predictor import Prediction
from uncd_ros.monitor.scene_monitor import Decision

_SEEN = Area(top=0, left=0, height=1, width=2)
_LABELS = np.asarray([[0, 1]], np.uint8)
_UNCERTAINTY = np.asarray([[0.1, 0.3]], np.float32)


def result(*, seconds: float, is_ood: bool, score: float, fault: str = '') -> FrameResult:
    """The result of an image of two pixels, one of each class."""
    message = BagMessage(topic=CAMERA, kind=IMAGE, index=round(10 * seconds), received=0, data=b'')
    frame = BagFrame(
        message=message,
        stamp=round(seconds * 1e9),
        header=None,
        image=np.zeros((1, 2, 3), np.uint8),
        encoding='bgr8',
        is_grey=False,
        error=None,
        labels=None,
        label_fault='',
        stated_size=None,
        camera_info=None,
        silence=0.0,
        read_seconds=0.0,
    )
    decision = Decision(
        is_ood=is_ood,
        score=score,
        threshold=0.5,
        alarms=0,
        false_alarm_rate=0.01,
        guaranteed=True,
        false_alarms_per_hour=0.0,
        reason='',
        fault=fault,
    )
    return FrameResult(
        frame=frame,
        seconds=seconds,
        prediction=Prediction(labels=_LABELS, uncertainty=_UNCERTAINTY, score=score, confidence=None, seen=_SEEN),
        output=None,
        decision=decision,
        obstacles=None,
        pixels=np.asarray([1, 1]),
        uncertainty=np.asarray([0.1, 0.3]),
        stages={},
    )
