# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What of a bag is not as the model was calibrated: the sentences that the node shows in its diagnostics."""

from uncd_ros.bag_evaluation.frame_results import FrameResult
from uncd_ros.model.calibration_check import ImageProperties, Mismatch, calibration_mismatches
from uncd_ros.model.predictor import Predictor


class MismatchLog:
    """Each mismatch once, however many images have it."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._checked: set[ImageProperties] = set()
        self.mismatches: list[Mismatch] = []

    def update(self, result: FrameResult) -> None:
        """Take in the next image."""
        frame = result.frame
        if frame.image is None:
            return
        height, width = frame.image.shape[:2]
        image = ImageProperties(height=height, width=width, encoding=frame.encoding, is_grey=frame.is_grey)
        if image in self._checked:
            return
        self._checked.add(image)
        card, fit = self._predictor.card, self._predictor.fit
        for mismatch in calibration_mismatches(card, fit=fit, image=image):
            if mismatch not in self.mismatches:
                self.mismatches.append(mismatch)
