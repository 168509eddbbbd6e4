# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The student as an evaluated model: images resized and normalised as on the robot."""

from torch import Tensor

from uncd_ros.evaluation.pixel_metrics import Network
from uncd_ros.evaluation.split_evaluator import STUDENT, EvaluatedModel
from uncd_ros.model.predictor import Predictor
from uncd_ros.network.student import Student, StudentOutput


def student_network(student: Student) -> Network:
    """On the device where it is."""
    device = next(student.parameters()).device

    def network(images: Tensor) -> StudentOutput:
        x = student.preprocess(images.to(device).permute(0, 2, 3, 1))
        output: StudentOutput = student(x, coarse='all')
        return output

    return network


def student_model(predictor: Predictor) -> EvaluatedModel:
    """The network as the robot runs it, batch norms folded; serves what its card says."""
    network, card = student_network(predictor.torch_engine.student), predictor.card
    spec = card.uncertainty
    return EvaluatedModel(
        name=STUDENT,
        network=network,
        served=spec.name,
        known=tuple(spec.candidates),
        curve=card.confidence,
        anomaly=card.anomaly.score if card.anomaly else None,
    )
