# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The network with its pre- and post-processing as one graph: uint8 image in, all that a model serves out."""

import logging
import warnings
from functools import cached_property

import torch
from torch import Tensor, nn

from uncd_ros.model.inference import for_inference, infer
from uncd_ros.model.openvino_engine import (
    ANOMALY,
    CONFIDENCE,
    DISTANCE,
    IMAGE,
    LABELS,
    OTHERS,
    SCORE,
    SCORE_MAP,
    UNCERTAINTY,
)
from uncd_ros.model.store import StoredModel
from uncd_ros.network.coarse import CoarseTerms
from uncd_ros.network.student import StdMaps, Student, StudentOutput
from uncd_ros.scores.image import reduce_score

OPSET = 18
_UNEXPORTABLE = ('median', 'median_min_over_max', 'upper_quantile')
"""Image scores that rank pixels, for which ONNX has no operation: they are made of the uncertainty outside."""


class WalkedOutput(StudentOutput):
    """A student's output whose shared quantities come from one walk over the classes, an online softmax.

    Of elementwise operations alone, which a runtime fuses into one loop over maps that fit the cache. Reductions over
    the classes, and the place of the largest, took half of an int8 pass: see benchmark/NOTES.md.
    """

    @cached_property
    def walk(self) -> tuple[Tensor, Tensor, Tensor]:
        """(B, h, w) each: largest logit, its class, and the sum over the others as `others`."""
        # Slices, not unbind: OpenVINO copies what it splits.
        classes = [self.logits[:, index] for index in range(self.logits.shape[1])]
        largest, label, others = classes[0], torch.zeros_like(classes[0]), torch.zeros_like(classes[0])
        for index, logit in enumerate(classes[1:], 1):
            is_larger = logit > largest
            smaller = (-(logit - largest).abs()).exp()
            others = torch.where(is_larger, (others + 1.0) * smaller, others + smaller)
            label = torch.where(is_larger, float(index), label)
            largest = torch.maximum(largest, logit)
        return largest, label, others

    @cached_property
    def top(self) -> tuple[Tensor, Tensor]:
        """As `StudentOutput`."""
        largest, label, _ = self.walk
        return largest, label.long()

    @cached_property
    def others(self) -> Tensor:
        """As `StudentOutput`."""
        return self.walk[2]


class _Walking(nn.Module):
    """A student that gives a `WalkedOutput`."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = student

    def forward(self, x: Tensor, *, std: StdMaps, features: bool, coarse: CoarseTerms) -> WalkedOutput:
        """As `Student`."""
        return WalkedOutput(*self.student(x, std=std, features=features, coarse=coarse))


class ServedNetwork(nn.Module):
    """(1, h, w, 3) uint8 RGB of the network's size -> the outputs that `output_names` names."""

    def __init__(self, model: StoredModel) -> None:
        super().__init__()
        self.student, self.card = for_inference(model.student), model.card
        self._walking = _Walking(self.student)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Labels, uncertainty and confidence, and what the image score is made of."""
        inferred = infer(self._walking, self.card, self.student.normalise(image.permute(0, 3, 1, 2)), anomaly=True)
        name, score_map, distance = self.card.image_score, inferred.score_map, inferred.distance
        outputs = {
            LABELS: inferred.labels,
            UNCERTAINTY: inferred.uncertainty,
            CONFIDENCE: self.card.confidence.confidence(inferred.output.others, inferred.uncertainty),
            OTHERS: inferred.output.others,
        }
        if name not in _UNEXPORTABLE:
            outputs[SCORE] = reduce_score(name, score_map, distance)
        if score_map is not None and score_map is not inferred.uncertainty:
            outputs[SCORE_MAP] = score_map
        if distance is not None:
            # A tensor may be one output only.
            outputs[DISTANCE] = distance * 1.0
        if inferred.anomaly is not None:
            outputs[ANOMALY] = inferred.anomaly
        self.output_names = tuple(outputs)
        return tuple(outputs.values())


def to_onnx(model: StoredModel) -> bytes:
    """The content of an ONNX file."""
    network = ServedNetwork(model).eval()
    image = torch.zeros(1, *network.student.normalise.size, 3, dtype=torch.uint8)
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of the exporter, about itself
        network(image)
        logging.getLogger('torch.onnx').setLevel(logging.ERROR)
        program = torch.onnx.export(
            network,
            (image,),
            input_names=[IMAGE],
            output_names=list(network.output_names),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return bytes(program.model_proto.SerializeToString())
