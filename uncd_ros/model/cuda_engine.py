# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The engine for CUDA devices: half precision, and one graph launch an image.

A small network on a fast device waits for Python, which starts some two hundred kernels one after another. A CUDA graph
starts them all at once, in memory that was taken when the graph was made; so there is one for each size of image. The
image goes up as bytes, and all else, from resizing to the score, happens on the device.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from uncd_ros.model.engine import EngineOutput
from uncd_ros.model.engine_wish import F16, TORCH
from uncd_ros.model.fit import Area, Placement
from uncd_ros.model.graphed import GraphedFunction, Launch
from uncd_ros.model.inference import anomaly_levels, as_it_lies, for_inference, infer, placed
from uncd_ros.model.store import StoredModel
from uncd_ros.network.coarse import CoarseMaps, CoarseTerms
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
    anomaly: bool
    """Whether they are asked for."""


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

    def forward(self, x: Tensor, *, std: StdMaps, features: bool, coarse: CoarseTerms) -> StudentOutput:
        """As `Student`."""
        output: StudentOutput = self.student(x.half(), std=std, features=features, coarse=coarse)
        maps = output.coarse and CoarseMaps(*(each.float() for each in output.coarse))
        return StudentOutput(
            logits=output.logits.float(), std=output.std.float(), features=output.features, coarse=maps
        )


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
        anomaly: bool,
    ) -> list[EngineOutput]:
        """As `Engine`."""
        outputs: list[EngineOutput] = []
        waiting: tuple[Launch, Area] | None = None
        for image, placement in zip(images, placements, strict=True):
            seen, bgr = as_it_lies(image[placement.seen.index])
            graph = self._graph(ImageKind(seen.shape, bgr, placement.filled, confidence, anomaly))
            launched = graph.launch(seen)
            watch.lap('upload')
            if waiting:
                outputs.append(self._collect(*waiting, watch))
            waiting = launched, placement.filled
        if waiting:
            outputs.append(self._collect(*waiting, watch))
        return outputs

    def compute(self, pixels: Tensor, kind: ImageKind) -> dict[str, Tensor]:
        """(H, W, 3) uint8 on the device -> fields of `EngineOutput`, and the anomaly score, as far as asked for.

        Each map is (h, w) of the filled area, but for the (1, h/s, w/s) anomaly score. It is what a graph records, so
        nothing in it may wait for the device.
        """
        normalise, area = self.student.normalise, kind.filled
        x = normalise(placed(normalise, pixels, area, bgr=kind.bgr)).contiguous(memory_format=torch.channels_last)
        inferred = infer(self.student, self.card, x, anomaly=kind.anomaly)
        maps = {'labels': inferred.labels, 'uncertainty': inferred.uncertainty}
        if kind.confidence:
            confidence = self.card.confidence.confidence(inferred.output.others, inferred.uncertainty, self._points)
            maps['confidence'] = confidence
        outputs = {name: values[0][area.index].contiguous() for name, values in maps.items()}
        if inferred.anomaly is not None:
            outputs['anomaly'] = inferred.anomaly
        return outputs | {'score': inferred.score(self.card.image_score, 0, area)}

    def _graph(self, kind: ImageKind) -> GraphedFunction:
        graph = self._graphs.pop(kind, None)
        if graph is None:
            if len(self._graphs) >= GRAPHS_KEPT:
                self._graphs.popitem(last=False)
            graph = GraphedFunction(lambda pixels: self.compute(pixels, kind), kind.shape, self.device)
        self._graphs[kind] = graph
        return graph

    def _collect(self, launch: Launch, area: Area, watch: Stopwatch) -> EngineOutput:
        launch.wait()
        watch.lap('forward')
        results = launch.results()
        scores = torch.from_numpy(results['anomaly']) if 'anomaly' in results else None
        output = EngineOutput(
            labels=results['labels'],
            uncertainty=results['uncertainty'],
            confidence=results.get('confidence'),
            anomaly=anomaly_levels(self.card, scores, 0, area),
            score=float(results['score'][0]),
        )
        watch.lap('download')
        return output
