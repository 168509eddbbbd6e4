# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which `fit` serves a 16:9 camera best, after checking that images of the network's shape give the same with each.

CamVid's frames are cut to 16:9, in the middle and at full width. Needs $UNCD_DATA with CamVid and video/rain.mp4.

    python benchmark/fit.py [--model camvid] [--every 3]
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from training.data.labelled_frames import LabelledFrames
from training.data.splits import data_folder, open_dataset
from training.run.settings import DataSettings
from uncd_ros.evaluation.pixel_metrics import ErrorMetrics
from uncd_ros.evaluation.results import LabelledFrame
from uncd_ros.model.fit import FITS, STRETCH
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model
from uncd_ros.network.student import StudentConfig
from uncd_ros.sources.video import VideoSource
from uncd_ros.stopwatch import Stopwatch

DRIVES = {'0016E5': 'val', '0006R0': 'train'}
"""Drive -> split that holds it: a street that the model knows, and the one that only calibrated it."""
FULL = 'whole frame'
"""The frame before it is cut, for comparison."""


class Row:
    """What is measured of one fit on one drive."""

    def __init__(self, predictor: Predictor) -> None:
        self.predictor = predictor
        card = predictor.card
        self.metrics = ErrorMetrics(len(card.classes), (card.uncertainty.name,), card.confidence)
        self.scores: list[float] = []
        self.milliseconds: list[float] = []

    def update(self, image: NDArray[np.uint8], labels: NDArray[np.uint8] | None = None) -> None:
        """The next frame; labels that it does not see are not compared."""
        watch = Stopwatch()
        (prediction,), (output,) = self.predictor.predict_with_output([image], watch, confidence=True, all_maps=False)
        self.milliseconds.append(1e3 * sum(watch.seconds.values()))
        self.scores.append(prediction.score)
        if labels is not None:
            if not output.std.shape[1]:  # of no channels, which torch does not resize
                output = output._replace(std=output.logits[:, :1])
            self.metrics.update(output, torch.from_numpy(np.ascontiguousarray(labels[prediction.seen.index])))

    def line(self, name: str) -> str:
        """For a Markdown table."""
        metrics, scores = self.metrics, np.asarray(self.scores)
        threshold = self.predictor.card.ood.threshold(0.01)
        return (
            f'| {name} | {metrics.confusion.miou():.3f} | {metrics.calibration.ece():.3f} '
            f'| {metrics.errors[self.predictor.card.uncertainty.name].auroc():.3f} '
            f'| {scores.mean():.2f} | {(scores > threshold).mean():.0%} | {np.median(self.milliseconds):.0f} |'
        )


def wide(frame: LabelledFrame) -> LabelledFrame:
    """Cut to 16:9, in the middle and at full width."""
    height, width = frame.labels.shape
    rows = width * 9 // 16
    cut = slice((height - rows) // 2, (height - rows) // 2 + rows)
    return replace(frame, image=np.ascontiguousarray(frame.image[cut]), labels=frame.labels[cut])


def frames_of(drive: str, every: int) -> Iterator[LabelledFrame]:
    frames: LabelledFrames = open_dataset(DataSettings(dataset='camvid'), StudentConfig(num_classes=11)).split(
        DRIVES[drive]
    )
    numbers = [i for i, sequence in enumerate(frames.sequences) if sequence == drive]
    return (frames[i] for i in numbers[::every])


def check(predictors: dict[str, Predictor], image: NDArray[np.uint8]) -> None:
    """A frame of the network's shape must give the same with each."""
    expected = predictors[STRETCH].predict(image, confidence=True)
    for predictor in predictors.values():
        found = predictor.predict(image, confidence=True)
        assert found.score == expected.score
        np.testing.assert_array_equal(found.labels, expected.labels)


def measure(predictors: dict[str, Predictor], drive: str, every: int) -> None:
    """The fits take turns on each frame, so a busy moment hits all alike."""
    rows = {name: Row(predictors.get(name, predictors[STRETCH])) for name in (FULL, *FITS)}
    count = 0
    for frame in frames_of(drive, every):
        count += 1
        for name, row in rows.items():
            shown = frame if name == FULL else wide(frame)
            row.update(shown.image, shown.labels)
    print(f'\n{drive}, {count} frames\n')
    print('| fit | mIoU | ECE | error AUROC | mean score | above the 1 % threshold | ms |')
    print('|---|---|---|---|---|---|---|')
    for name, row in rows.items():
        print(row.line(name))


def measure_rain(predictors: dict[str, Predictor], every: int) -> None:
    """Images that the flag should rise for; the video is 16:9."""
    rows = {name: Row(predictor) for name, predictor in predictors.items()}
    path = data_folder('video') / 'rain.mp4'
    for index, image in enumerate(VideoSource(path)):
        if index % (10 * every) == 0:
            for row in rows.values():
                row.update(image[..., ::-1])
    threshold = predictors[STRETCH].card.ood.threshold(0.01)
    found = {name: f'{(np.asarray(row.scores) > threshold).mean():.0%}' for name, row in rows.items()}
    print(f'\nrain.mp4, {len(rows[STRETCH].scores)} frames above the 1 % threshold: {found}')


@torch.inference_mode()
def main() -> None:
    """Check, then measure drive by drive."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--model', default='camvid')
    parser.add_argument('--every', type=int, default=3, metavar='N', help='every Nth frame only')
    args = parser.parse_args()
    if not all(data_folder(name).is_dir() for name in ('camvid', 'video')):
        print(f'skipped: no camvid and video in {data_folder("camvid").parent}')
        return
    model = load_model(args.model)
    predictors = {fit: Predictor(model, device='cpu', fit=fit) for fit in FITS}
    check(predictors, next(iter(frames_of('0016E5', 1))).image)
    for drive in DRIVES:
        measure(predictors, drive, args.every)
    measure_rain(predictors, args.every)


if __name__ == '__main__':
    main()
