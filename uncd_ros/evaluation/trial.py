# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks side by side: every frame goes to each of them in turn, so all are judged, and timed, on the same."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncd_ros.confidence import ConfidenceCurve
from uncd_ros.evaluation.agreement import Agreement
from uncd_ros.evaluation.judge import ImageScores, Network, PixelJudge, to_size
from uncd_ros.evaluation.metrics import ConfusionMatrix
from uncd_ros.evaluation.ranking import Ranking
from uncd_ros.evaluation.records import LabelledFrame, ShiftResult
from uncd_ros.palette import ABSTAINED as VOID
from uncd_ros.scores import IMAGE_RIVALS, IMAGE_SCORES, PIXEL_RIVALS, PIXEL_UNCERTAINTIES, pixel_uncertainty
from uncd_ros.student import StudentOutput

STUDENT, TEACHER, BASELINE, SCALED = 'student', 'teacher', 'baseline', 'baseline_scaled'
"""Names of contenders; the last two are a single net, as it is and after temperature scaling."""
STDS = ('mean_std', 'predicted_std')
"""Uncertainties that a network without an ensemble behind it does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One network under judgement."""

    name: str
    network: Network
    served: str
    """Pixel uncertainty that it serves."""
    has_std: bool
    curve: ConfidenceCurve | None = None
    """What makes its confidence image, if it serves one."""

    @property
    def uncertainties(self) -> tuple[str, ...]:
        """Every pixel uncertainty that it has."""
        return tuple(name for name in (*PIXEL_UNCERTAINTIES, *PIXEL_RIVALS) if self.has_std or name not in STDS)

    def scores(self) -> ImageScores:
        """Empty, for one set of images."""
        return ImageScores(self.served, (*IMAGE_SCORES, *IMAGE_RIVALS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One frame to look at, and what the first contender says about it; the paper's Fig 2."""

    frame: LabelledFrame
    predicted: NDArray[np.uint8]
    """(H, W) class ids."""
    uncertainty: NDArray[np.float32]
    """(H, W), the served one."""


class Trial:
    """All contenders before one labelled split."""

    def __init__(self, contenders: Sequence[Contender], num_classes: int, examples: Sequence[int]) -> None:
        self.contenders = contenders
        self.pixels = {
            each.name: PixelJudge(num_classes, each.uncertainties, each.served, each.curve) for each in contenders
        }
        self.images = {each.name: each.scores() for each in contenders}
        self.seconds: dict[str, list[float]] = {each.name: [] for each in contenders}
        followers = [each.name for each in contenders if each.has_std and each.name != TEACHER]
        has_teacher = any(each.name == TEACHER for each in contenders)
        self.agreement = {name: {std: Agreement() for std in STDS} for name in followers if has_teacher}
        self.examples: list[Example] = []
        self.sequences: list[str] = []
        self._wanted = frozenset(examples)

    @torch.inference_mode()
    def update(self, frame: LabelledFrame) -> None:
        """Ask every contender about the next frame."""
        image, labels = as_batch(frame.image), torch.from_numpy(frame.labels)
        outputs = {}
        for each in self.contenders:
            start = time.perf_counter()
            outputs[each.name] = each.network(image)
            _wait_for(outputs[each.name])
            self.seconds[each.name].append(time.perf_counter() - start)
            self.pixels[each.name].update(outputs[each.name], labels)
            self.images[each.name].update(outputs[each.name])
        self._compare(outputs, labels)
        if len(self.sequences) in self._wanted:
            self._keep(frame, outputs[self.contenders[0].name])
        self.sequences.append(frame.sequence)

    def milliseconds(self, name: str) -> float:
        """Median time of a pass: contenders take turns, so a busy moment hits all alike."""
        return 1e3 * float(np.median(self.seconds[name]))

    def _compare(self, outputs: dict[str, StudentOutput], labels: Tensor) -> None:
        """Student's std against the teacher's."""
        for name, agreements in self.agreement.items():
            teacher, student = (to_size(outputs[who], *labels.shape) for who in (TEACHER, name))
            valid = labels.to(student.logits.device) != VOID
            wrong = (student.labels()[0].cpu() != labels)[labels != VOID]
            for std, agreement in agreements.items():
                theirs, ours = (pixel_uncertainty(std, output)[0][valid] for output in (teacher, student))
                agreement.update(theirs.cpu(), ours.cpu(), wrong)

    def _keep(self, frame: LabelledFrame, output: StudentOutput) -> None:
        sized = to_size(output, *frame.labels.shape)
        uncertainty = pixel_uncertainty(self.contenders[0].served, sized)
        self.examples.append(
            Example(
                frame=frame,
                predicted=sized.labels()[0].byte().cpu().numpy(),
                uncertainty=uncertainty[0].float().cpu().numpy(),
            )
        )


@torch.inference_mode()
def score_images(contenders: Sequence[Contender], images: Iterable[NDArray[np.uint8]]) -> dict[str, ImageScores]:
    """Image scores of unlabelled (H, W, 3) RGB images, a contender each."""
    scores = {each.name: each.scores() for each in contenders}
    for image in images:
        batch = as_batch(image)
        for each in contenders:
            scores[each.name].update(each.network(batch))
    return scores


class ShiftTrial:
    """All contenders before labelled frames of another world, in that world's merged classes."""

    def __init__(self, contenders: Sequence[Contender], merge: NDArray[np.int64], num_merged: int) -> None:
        self.contenders, self.merge = contenders, torch.from_numpy(merge)
        self.confusions = {each.name: ConfusionMatrix(num_merged) for each in contenders}
        self.errors = {each.name: Ranking() for each in contenders}
        self.images = {each.name: each.scores() for each in contenders}
        self.frames = 0

    @torch.inference_mode()
    def update(self, frame: LabelledFrame) -> None:
        """Ask every contender about the next frame; its labels are ids of the merged classes."""
        image, labels = as_batch(frame.image), torch.from_numpy(frame.labels)
        valid = labels != VOID
        for each in self.contenders:
            answer = each.network(image)
            self.images[each.name].update(answer)
            output = to_size(answer, *labels.shape)
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
    """A CUDA device answers later than it returns; the clock must wait."""
    if output.logits.is_cuda:
        torch.cuda.synchronize()
