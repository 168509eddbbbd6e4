# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The topics on which the node answers; what nobody listens to is not even computed."""

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from numpy.typing import NDArray
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Bool, Float32, Header

from uncd_ros.messages import ImageBuffer, ood_status
from uncd_ros.model_card import ModelCard
from uncd_ros.ood import OodDecision
from uncd_ros.palette import colour_table, overlay
from uncd_ros.predictor import Prediction

DEPTH = 5
"""Messages kept for a slow subscriber. Reliable, so that reliable and best-effort subscribers both match."""


class Outputs:
    """Publishers of one configured model, and the messages they reuse."""

    def __init__(self, node: Node, card: ModelCard) -> None:
        self._node = node
        self._card = card
        self._colours = colour_table(tuple(each.color for each in card.classes))
        self._mask = node.create_publisher(Image, '~/mask', DEPTH)
        self._uncertainty = node.create_publisher(Image, '~/uncertainty', DEPTH)
        self._overlay = node.create_publisher(Image, '~/overlay', DEPTH)
        self._ood = node.create_publisher(Bool, '~/ood', DEPTH)
        self._ood_score = node.create_publisher(Float32, '~/ood_score', DEPTH)
        self._ood_status = node.create_publisher(DiagnosticArray, '~/ood_status', DEPTH)
        self._buffers = {encoding: ImageBuffer(encoding) for encoding in ('mono8', '32FC1', 'rgb8')}

    def publish(
        self,
        header: Header,
        image: NDArray[np.uint8],
        found: Prediction,
        decision: OodDecision,
        fault: str | None,
    ) -> None:
        """Publish all that was found in one (H, W, 3) RGB image, with that image's header.

        `fault` is what is wrong with the camera, if anything is.
        """
        self._ood.publish(Bool(data=decision.is_ood))
        self._ood_score.publish(Float32(data=decision.score))
        if self._ood_status.get_subscription_count():
            self._ood_status.publish(ood_status(header, decision, fault, model=self._card.name))
        if self._mask.get_subscription_count():
            self._mask.publish(self._buffers['mono8'].fill(header, found.labels))
        if self._uncertainty.get_subscription_count():
            self._uncertainty.publish(self._buffers['32FC1'].fill(header, found.uncertainty))
        if self._overlay.get_subscription_count():
            drawn = overlay(image, found.labels, found.uncertainty, self._colours, self._card.uncertainty.upper)
            self._overlay.publish(self._buffers['rgb8'].fill(header, drawn))

    def destroy(self) -> None:
        """Take the topics down."""
        for each in (self._mask, self._uncertainty, self._overlay, self._ood, self._ood_score, self._ood_status):
            self._node.destroy_publisher(each)
