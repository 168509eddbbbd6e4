# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The engine for CUDA devices: half precision, and one graph launch an image.

A small network on a fast device waits for Python, which starts some two hundred kernels one after another. A CUDA graph
starts them all at once, in memory that was taken when the graph was made; so there is one for each size of image. The
image goes up as bytes, and all else, from resizing to the score, happens on the device.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from uncd_ros.model.engine import EngineOutput
from uncd_ros.model.engine_wish import F16, TORCH
from uncd_ros.model.fit import Area, Placement
from uncd_ros.model.graphed import GraphedFunction, Launch
from uncd_ros.model.inference import as_it_lies, for_inference, infer, placed
from uncd_ros.model.store import StoredModel
from uncd_ros.network.student import StdMaps, Student, StudentOutput
from uncd_ros.stopwatch import Stopwatch

GRAPHS_KEPT = 8
"""Graphs of as many kinds of images; a ninth takes the place of the one that was used least recently."""


class ImageKind(NamedTuple):
    """What a graph is made for."""

    shape: tuple[int, ...]
    """(H, W, 3), of the part of the image that the network sees."""
    bgr: bool
    filled: Area
    """Of the network's input."""
    confidence: bool
    """Whether it is asked for."""


class HalfStudent(nn.Module):
    """A student for inference that computes in 16-bit float up to its maps; what it gives is 32-bit float.

    Not by autocast, which would compute the Mahalanobis distance in 16 bits, too: its whitening does not fit into them.
    """

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = for_inference(student)
        self.normalise = self.student.normalise
        for part in (self.student.trunk, self.student.prediction_head, self.student.uncertainty_head):
            part.half()

    def forward(self, x: Tensor, *, std: StdMaps, features: bool) -> StudentOutput:
        """As `Student`."""
        output: StudentOutput = self.student(x.half(), std=std, features=features)
        return StudentOutput(logits=output.logits.float(), std=output.std.float(), features=output.features)


class CudaEngine:
    """Runs images one after another; while one is computed, the next goes up."""

    name, precision = TORCH, F16

    def __init__(self, model: StoredModel, device: torch.device) -> None:
        self.card, self.device = model.card, device
        self.student = HalfStudent(model.student).to(device)
        self._points = self.card.confidence.points(device)
        self._graphs: OrderedDict[ImageKind, GraphedFunction] = OrderedDict()

    @property
    def device_name(self) -> str:
        """What the CUDA device calls itself."""
        return torch.cuda.get_device_name(self.device)

    @property
    def device_memory(self) -> int:
        """As `Engine`."""
        return torch.cuda.memory_allocated(self.device)

    @torch.inference_mode()
    def infer(
        self,
        images: Sequence[NDArray[np.uint8]],
        placements: Sequence[Placement],
        watch: Stopwatch,
        *,
        confidence: bool,
    ) -> list[EngineOutput]:
        """As `Engine`."""
        outputs: list[EngineOutput] = []
        waiting: Launch | None = None
        for image, placement in zip(images, placements, strict=True):
            seen, bgr = as_it_lies(image[placement.seen.index])
            graph = self._graph(ImageKind(seen.shape, bgr, placement.filled, confidence))
            launched = graph.launch(seen)
            watch.lap('upload')
            if waiting:
                outputs.append(_collect(waiting, watch))
            waiting = launched
        if waiting:
            outputs.append(_collect(waiting, watch))
        return outputs

    def compute(self, pixels: Tensor, kind: ImageKind) -> tuple[Tensor, ...]:
        """(H, W, 3) uint8 on the device -> labels, uncertainty, (1,) score, and confidence if asked for.

        Each map is (h, w) of the filled area. What a graph records, so nothing in it may wait for the device.
        """
        normalise, area = self.student.normalise, kind.filled
        x = normalise(placed(normalise, pixels, area, bgr=kind.bgr)).contiguous(memory_format=torch.channels_last)
        inferred = infer(self.student, self.card, x)
        maps = [inferred.labels, inferred.uncertainty]
        if kind.confidence:
            maps.append(self.card.confidence.confidence(inferred.output.others, inferred.uncertainty, self._points))
        labels, uncertainty, *others = (each[0][area.index].contiguous() for each in maps)
        return labels, uncertainty, inferred.score(self.card.image_score, 0, area), *others

    def _graph(self, kind: ImageKind) -> GraphedFunction:
        graph = self._graphs.pop(kind, None)
        if graph is None:
            if len(self._graphs) >= GRAPHS_KEPT:
                self._graphs.popitem(last=False)
            graph = GraphedFunction(lambda pixels: self.compute(pixels, kind), kind.shape, self.device)
        self._graphs[kind] = graph
        return graph


def _collect(launch: Launch, watch: Stopwatch) -> EngineOutput:
    launch.wait()
    watch.lap('forward')
    labels, uncertainty, score, *confidence = launch.results()
    output = EngineOutput(
        labels=cast(NDArray[np.uint8], labels),
        uncertainty=cast(NDArray[np.float32], uncertainty),
        confidence=confidence[0] if confidence else None,
        score=float(score[0]),
    )
    watch.lap('download')
    return output
