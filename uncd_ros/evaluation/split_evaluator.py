# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks side by side: every frame goes to each of them in turn, so all are evaluated, and timed, on the same."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.evaluation.foreground import UNCHOSEN
from uncd_ros.evaluation.metrics import ConfusionMatrix
from uncd_ros.evaluation.pixel_metrics import ImageScores, Network, PixelMetrics, to_size
from uncd_ros.evaluation.ranking import Ranking
from uncd_ros.evaluation.results import LabelledFrame, ShiftResult
from uncd_ros.evaluation.std_agreement import Agreement
from uncd_ros.network.student import StudentOutput
from uncd_ros.scores.anomaly import AnomalyScore
from uncd_ros.scores.confidence import ConfidenceCurve
from uncd_ros.scores.image import COMPARISON_SCORES, IMAGE_SCORES
from uncd_ros.scores.pixel import COMPARISON_UNCERTAINTIES, STDS, pixel_uncertainty

STUDENT, TEACHER, BASELINE, SCALED = 'student', 'teacher', 'baseline', 'baseline_scaled'
"""Names of evaluated models; the last two are a single net, as it is and after temperature scaling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedModel:
    """One network that takes part in an evaluation."""

    name: str
    network: Network
    served: str
    """Pixel uncertainty that it serves."""
    known: tuple[str, ...]
    """Keys of PIXEL_UNCERTAINTIES that mean something in this network."""
    curve: ConfidenceCurve | None = None
    """What makes its confidence image, if it serves one."""
    anomaly: AnomalyScore | None = None
    """Its anomaly score, if it has one."""
    foreground_above: float = UNCHOSEN
    """With two classes, the probability above which a pixel is of the second."""
    note: str = ''
    """What a reader of the report must know about it, as one sentence; empty for nothing."""

    @property
    def uncertainties(self) -> tuple[str, ...]:
        """Every pixel uncertainty that it is evaluated by."""
        return (*self.known, *COMPARISON_UNCERTAINTIES)

    def scores(self) -> ImageScores:
        """Empty, for one set of images."""
        return ImageScores(self.served, (*IMAGE_SCORES, *COMPARISON_SCORES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One frame to look at, and the output of the first evaluated model; the paper's Fig 2."""

    frame: LabelledFrame
    predicted: NDArray[np.uint8]
    """(H, W) class ids."""
    uncertainty: NDArray[np.float32]
    """(H, W), the served one."""


class SplitEvaluator:
    """Metrics of all evaluated models on one labelled split; frames stream."""

    def __init__(self, evaluated_models: Sequence[EvaluatedModel], num_classes: int, examples: Sequence[int]) -> None:
        self.evaluated_models = evaluated_models
        self.pixels = {
            each.name: PixelMetrics(num_classes, each.uncertainties, each.served, each.curve)
            for each in evaluated_models
        }
        self.images = {each.name: each.scores() for each in evaluated_models}
        self.seconds: dict[str, list[float]] = {each.name: [] for each in evaluated_models}
        stds = {each.name: [std for std in STDS if std in each.known] for each in evaluated_models}
        of_teacher = stds.pop(TEACHER, [])
        self.agreement = {
            name: {std: Agreement() for std in each} for name, each in stds.items() if each and of_teacher
        }
        self.examples: list[Example] = []
        self.sequences: list[str] = []
        self._example_indices = frozenset(examples)

    @torch.inference_mode()
    def update(self, frame: LabelledFrame) -> None:
        """Run every model on the next frame, and evaluate what they give."""
        image = as_batch(frame.image)
        outputs = {}
        for model in self.evaluated_models:
            start = time.perf_counter()
            outputs[model.name] = model.network(image)
            _wait_for(outputs[model.name])
            self.seconds[model.name].append(time.perf_counter() - start)
        self.add(frame, outputs)

    @torch.inference_mode()
    def add(self, frame: LabelledFrame, outputs: Mapping[str, StudentOutput]) -> None:
        """Evaluate what each model, by name, has given for the next frame."""
        labels = torch.from_numpy(frame.labels)
        for name, output in outputs.items():
            self.pixels[name].update(output, labels)
            self.images[name].update(output)
        self._compare(outputs, labels)
        if len(self.sequences) in self._example_indices:
            self._keep(frame, outputs[self.evaluated_models[0].name])
        self.sequences.append(frame.sequence)

    def milliseconds(self, name: str) -> float:
        """Median time of a pass, NaN if none was timed: models take turns, so a busy moment hits all alike."""
        seconds = self.seconds[name]
        return 1e3 * float(np.median(seconds)) if seconds else float('nan')

    def _compare(self, outputs: Mapping[str, StudentOutput], labels: Tensor) -> None:
        """Student's std against the teacher's."""
        for name, agreements in self.agreement.items():
            teacher, student = (to_size(outputs[who], *labels.shape) for who in (TEACHER, name))
            valid = labels.to(student.logits.device) != IGNORE_INDEX
            wrong = (student.labels()[0].cpu() != labels)[labels != IGNORE_INDEX]
            for std, agreement in agreements.items():
                of_teacher, of_student = (pixel_uncertainty(std, output)[0][valid] for output in (teacher, student))
                agreement.update(of_teacher.cpu(), of_student.cpu(), wrong)

    def _keep(self, frame: LabelledFrame, output: StudentOutput) -> None:
        sized = to_size(output, *frame.labels.shape)
        uncertainty = pixel_uncertainty(self.evaluated_models[0].served, sized)
        self.examples.append(
            Example(
                frame=frame,
                predicted=sized.labels()[0].byte().cpu().numpy(),
                uncertainty=uncertainty[0].float().cpu().numpy(),
            )
        )


@torch.inference_mode()
def score_images(
    evaluated_models: Sequence[EvaluatedModel], images: Iterable[NDArray[np.uint8]]
) -> dict[str, ImageScores]:
    """Image scores of unlabelled (H, W, 3) RGB images, by evaluated model."""
    scores = {each.name: each.scores() for each in evaluated_models}
    for image in images:
        batch = as_batch(image)
        for each in evaluated_models:
            scores[each.name].update(each.network(batch))
    return scores


class ShiftEvaluator:
    """Metrics of all evaluated models on a labelled set under domain shift, in that set's merged classes."""

    def __init__(self, evaluated_models: Sequence[EvaluatedModel], merge: NDArray[np.int64], num_merged: int) -> None:
        self.evaluated_models, self.merge = evaluated_models, torch.from_numpy(merge)
        self.confusions = {each.name: ConfusionMatrix(num_merged) for each in evaluated_models}
        self.errors = {each.name: Ranking() for each in evaluated_models}
        self.images = {each.name: each.scores() for each in evaluated_models}
        self.frames = 0

    @torch.inference_mode()
    def update(self, frame: LabelledFrame) -> None:
        """Run every model on the next frame, whose labels are ids of the merged classes."""
        image, labels = as_batch(frame.image), torch.from_numpy(frame.labels)
        valid = labels != IGNORE_INDEX
        for each in self.evaluated_models:
            inferred = each.network(image)
            self.images[each.name].update(inferred)
            output = to_size(inferred, *labels.shape)
            predicted = self.merge[output.labels()[0].cpu()]
            self.confusions[each.name].update(predicted, labels)
            uncertainty = pixel_uncertainty(each.served, output)[0].cpu()[valid]
            self.errors[each.name].update(uncertainty, (predicted != labels)[valid])
        self.frames += 1

    def result(self, name: str) -> ShiftResult:
        """One row of the paper's Table 2."""
        confusion = self.confusions[name]
        return ShiftResult(
            images=self.frames,
            miou=confusion.miou(),
            pixel_accuracy=confusion.accuracy(),
            error_auroc=self.errors[name].auroc(),
        )


def as_batch(image: NDArray[np.uint8]) -> Tensor:
    """(H, W, 3) -> (1, 3, H, W)."""
    return torch.from_numpy(image).permute(2, 0, 1)[None]


def _wait_for(output: StudentOutput) -> None:
    """A CUDA device computes on after the call returns; the clock must wait."""
    if output.logits.is_cuda:
        torch.cuda.synchronize()
