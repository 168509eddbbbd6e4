# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What an ensemble is worth as a teacher: how good its members are alone, and how far they disagree."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.data.labelled_frames import LabelledFrames
from training.members.member import Member
from training.members.member_network import member_network
from training.run.progress import console
from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.durable import write_durably
from uncd_ros.evaluation.metrics import CalibrationError, ConfusionMatrix
from uncd_ros.evaluation.pixel_metrics import to_size
from uncd_ros.evaluation.split_evaluator import as_batch

MAD_TO_STD = 1.4826
"""A normal distribution's standard deviation over its median absolute deviation."""
SPREADS, MARGIN = 3.0, 0.05
"""A member lags that is behind the median mIoU by more than this many robust spreads *and* by more than this."""


@dataclass(frozen=True, kw_only=True)
class EnsembleReport:
    """ensemble.json, or that of a share."""

    frames: int
    sequences: tuple[str, ...]
    """Where the frames are from; no member trained on them."""
    miou: dict[str, float]
    """Member -> mIoU."""
    ece: dict[str, float]
    """Member -> expected calibration error of its maximum softmax probability, as it was trained."""
    disagreement: float | None
    """Share of pixels that two members label differently, mean over pairs, in [0, 1]; None for a single member."""
    lagging: tuple[str, ...]
    """Members far behind the others."""


def report_path(run: Path, members: Iterable[int], count: int) -> Path:
    """ensemble.json for all `count` members; a share has a file of its own, named by its members' numbers.

    So shares that are trained side by side in one run folder do not overwrite each other's report.
    """
    numbers = sorted(members)
    share = '' if numbers == list(range(count)) else ''.join(f'_{number:02d}' for number in numbers)
    return run / f'ensemble{share}.json'


def report_ensemble(members: Mapping[int, Member], data: LabelledFrames, path: Path) -> None:
    """Write the report of these members and print what it says."""
    report = evaluate_ensemble({f'member{index:02d}': member for index, member in members.items()}, data)
    write_durably(path, (json.dumps(asdict(report), indent=1) + '\n').encode())
    apart = '' if report.disagreement is None else f'; two members disagree on {report.disagreement:.1%} of the pixels'
    figures = ', '.join(f'{name} {miou:.3f} ({report.ece[name]:.3f})' for name, miou in report.miou.items())
    sequences = ', '.join(report.sequences)
    console.print(f'mIoU (ECE) on {report.frames} held-out frames of {sequences}: {figures}{apart}')
    for name in report.lagging:
        median = float(np.median(list(report.miou.values())))
        console.print(f'warning: {name} lags behind: mIoU {report.miou[name]:.3f}, median of the members {median:.3f}')


@torch.inference_mode()
def evaluate_ensemble(members: Mapping[str, Member], data: LabelledFrames) -> EnsembleReport:
    """Images pass one at a time, and each keeps its votes per class: memory does not grow with images or members."""
    torch.manual_seed(0)  # for members that are sampled in each pass
    confusions = {name: ConfusionMatrix(len(data.classes)) for name in members}
    calibrations = {name: CalibrationError() for name in members}
    networks = {name: member_network(member) for name, member in members.items()}
    apart = pixels = 0.0
    for frame in data:
        image, labels = as_batch(frame.image), torch.from_numpy(frame.labels)
        valid = labels != IGNORE_INDEX
        votes = torch.zeros(len(data.classes), *labels.shape, dtype=torch.int32)
        for name, network in networks.items():
            logits = to_size(network(image), *labels.shape).logits.cpu()
            confidence, predicted = torch.softmax(logits, dim=1).max(dim=1)
            confusions[name].update(predicted[0], labels)
            calibrations[name].update(confidence[0][valid], (predicted[0] == labels)[valid])
            votes.scatter_add_(0, predicted, torch.ones_like(predicted, dtype=torch.int32))
        apart += float(pairs_apart(votes[:, valid]).sum())
        pixels += int(valid.sum())
    miou = {name: confusion.miou() for name, confusion in confusions.items()}
    return EnsembleReport(
        frames=len(data),
        sequences=tuple(sorted(set(data.sequences))),
        miou=miou,
        ece={name: calibration.ece() for name, calibration in calibrations.items()},
        disagreement=apart / max(pixels, 1) if len(members) > 1 else None,
        lagging=tuple(name for name, lags in zip(miou, lagging(list(miou.values())), strict=True) if lags),
    )


def pairs_apart(votes: Tensor) -> Tensor:
    """Votes per class (C, N) of F members -> (N,) share of pairs that differ: 1 - sum_c n_c (n_c - 1) / (F (F - 1))."""
    counts = votes.double()
    members = counts.sum(dim=0)
    return 1.0 - (counts * (counts - 1)).sum(dim=0) / (members * (members - 1))


def lagging(values: Sequence[float]) -> list[bool]:
    """Which lie below the median by more than MARGIN and by more than SPREADS x 1.4826 MAD."""
    behind = np.median(values) - np.asarray(values)
    spread = MAD_TO_STD * float(np.median(np.abs(behind)))
    return [bool(distance > max(SPREADS * spread, MARGIN)) for distance in behind]
