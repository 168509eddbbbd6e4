# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of a drive with ground truth; in all of them, uncertainty is what the model publishes."""

from pathlib import Path

from uncd_ros.evaluation import image_figures, pixel_figures
from uncd_ros.evaluation.evaluation import Evaluation
from uncd_ros.evaluation.figures import Figure


def draw_label_figures(evaluation: Evaluation, folder: Path) -> list[Figure]:
    """Write them, in their order in the report."""
    (evaluator,) = evaluation.splits.values()
    image_figures.examples(folder / 'examples.png', evaluation.card, evaluator)
    pixel_figures.reliability(folder / 'reliability.png', evaluator)
    pixel_figures.retention(folder / 'retention.png', evaluator)
    captions = {
        'examples': (
            'Examples',
            (
                'Images with labels, evenly spread over the drive. Pixels without a label are grey. A useful '
                'uncertainty is bright where the fourth column is orange.'
            ),
        ),
        'reliability': (
            'Reliability',
            (
                'Accuracy of the pixels of each level of confidence: of the largest class probability, and of the '
                'confidence that the model publishes. On the diagonal, 80 % of the pixels with a confidence of 80 % '
                'are correct. The bars show how many pixels have that confidence.'
            ),
        ),
        'retention': (
            'Without the most uncertain pixels',
            'mIoU and accuracy of the pixels that are kept. A class of which no pixel is kept does not count in mIoU.',
        ),
    }
    return [
        Figure(file=f'{folder.name}/{name}.png', title=title, caption=caption)
        for name, (title, caption) in captions.items()
    ]
