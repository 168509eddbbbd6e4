# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Predictions and decisions as topics beside the camera, in a new bag that rviz and Foxglove show."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from uncd_ros.bag_evaluation.frame_results import FrameResult
from uncd_ros.bag_evaluation.node_messages import (
    DIAGNOSTICS,
    LABEL_INFO,
    NODE,
    camera_info_message,
    label_info_message,
    ood_status_message,
)
from uncd_ros.bags.camera_info import CAMERA_INFO
from uncd_ros.bags.topics import IMAGE
from uncd_ros.bags.writer import BagWriter, image_message, plain_message
from uncd_ros.errors import BagError
from uncd_ros.images.palette import colour_table, framed, overlay
from uncd_ros.model.card import ModelCard
from uncd_ros.model.predictor import Prediction

PREFIX = f'/{NODE}'
"""Of the topics, as the node calls them."""
BOOL, FLOAT = 'std_msgs/msg/Bool', 'std_msgs/msg/Float32'
IMAGES: dict[str, tuple[str, Callable[[Prediction], NDArray[np.uint8] | NDArray[np.float32] | None]]] = {
    'mask': ('mono8', lambda prediction: prediction.labels),
    'uncertainty': ('32FC1', lambda prediction: prediction.uncertainty),
    'confidence': ('mono8', lambda prediction: prediction.confidence),
}
"""Topic -> encoding, and what of a prediction it shows."""


class BagOutput:
    """Copies each evaluated camera message and adds what was decided. A full disk ends the bag, nothing else."""

    def __init__(self, path: Path, storage: str, card: ModelCard) -> None:
        """Raises BagError where there can be no new bag."""
        self._bag: BagWriter | None = BagWriter(path, storage)
        self._bag.declare(f'{PREFIX}/label_info', LABEL_INFO, latched=True)
        self._card, self._colours = card, colour_table(tuple(info.color for info in card.classes))
        self._is_announced = False
        self.write_error = ''
        """Why there is no bag in the end; empty if there is one."""

    def __enter__(self) -> 'BagOutput':
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bag is not None:
            self._bag.discard()
            self._bag = None

    def update(self, result: FrameResult) -> None:
        """Write the next image and what is said about it."""
        if self._bag is None:
            return
        try:
            self._write(self._bag, result)
        except BagError as error:
            self._bag, self.write_error = None, str(error)

    def finish(self) -> None:
        """Make it whole."""
        bag, self._bag = self._bag, None
        try:
            if bag is not None:
                bag.close()
        except BagError as error:
            self.write_error = str(error)

    def _write(self, bag: BagWriter, result: FrameResult) -> None:
        message, header = result.frame.message, result.frame.header
        bag.write(message.topic, message.kind, message.received, message.data)
        bag.write(f'{PREFIX}/ood', BOOL, message.received, plain_message(BOOL, result.decision.is_ood))
        bag.write(f'{PREFIX}/ood_score', FLOAT, message.received, plain_message(FLOAT, result.score))
        if header is not None:
            status = ood_status_message(header, result.decision, self._card.name)
            bag.write(f'{PREFIX}/ood_status', DIAGNOSTICS, message.received, status)
        if result.prediction:
            self._write_images(bag, result, result.prediction)

    def _write_images(self, bag: BagWriter, result: FrameResult, prediction: Prediction) -> None:
        received, header, image = result.frame.message.received, result.frame.header, result.frame.image
        assert image is not None
        if not self._is_announced:
            bag.write(f'{PREFIX}/label_info', LABEL_INFO, received, label_info_message(header, self._card))
            self._is_announced = True
        for topic, (encoding, pick) in IMAGES.items():
            if (pixels := pick(prediction)) is not None:
                bag.write(f'{PREFIX}/{topic}', IMAGE, received, image_message(header, encoding, pixels))
        upper = self._card.uncertainty.upper
        drawn = overlay(image, prediction.labels, prediction.uncertainty, self._colours, upper)
        shown = framed(drawn) if result.decision.is_ood else drawn
        bag.write(f'{PREFIX}/overlay', IMAGE, received, image_message(header, 'rgb8', shown))
        height, width = image.shape[:2]
        info = result.frame.camera_info and camera_info_message(header, result.frame.camera_info, (height, width))
        if info is not None:
            bag.write(f'{PREFIX}/camera_info', CAMERA_INFO, received, info)
