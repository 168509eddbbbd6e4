# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of a report: the paper's, and those that a sceptic asks for."""

from dataclasses import dataclass
from pathlib import Path

from uncd_ros.evaluation import anomaly_figures, image_figures, pixel_figures
from uncd_ros.evaluation.evaluation import Evaluation
from uncd_ros.evaluation.pixel_metrics import PAPER
from uncd_ros.evaluation.split_evaluator import STUDENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure that was written."""

    file: str
    """Path from the report's folder."""
    title: str
    caption: str


def draw_figures(evaluation: Evaluation, folder: Path) -> dict[str, Figure]:
    """Write every figure that there is data for, about the first split; by name."""
    folder.mkdir(parents=True, exist_ok=True)
    split, evaluator = next(iter(evaluation.splits.items()))
    figures: dict[str, Figure] = {}

    def add(name: str, of: str = '') -> Path:
        title, caption = _CAPTIONS[name]
        key, title = (f'{name}_{of}', f'{title}: {of}') if of else (name, title)
        figures[key] = Figure(file=f'{folder.name}/{key}.png', title=title, caption=' '.join(caption.split()))
        return folder / f'{key}.png'

    image_figures.examples(add('examples'), evaluation.card, evaluator)
    pixel_figures.reliability(add('reliability'), evaluator)
    pixel_figures.uncertainty_histograms(add('uncertainty_histograms'), evaluator)
    pixel_figures.retention(add('retention'), evaluator)
    pixel_figures.risk_coverage(add('risk_coverage'), evaluator)
    if PAPER in evaluator.agreement.get(STUDENT, ()):
        pixel_figures.agreement(add('std_agreement'), evaluator)
    if ood_sets := evaluation.image_scores(split):
        image_figures.roc(add('image_roc'), evaluation.card, evaluator, ood_sets)
    image_figures.score_distributions(add('image_scores'), evaluation)
    for name, anomalies in evaluation.anomaly.items():
        anomaly_figures.score_maps(add('anomaly_maps', name), anomalies)
        anomaly_figures.precision_recall(add('anomaly_curves', name), anomalies)
    return figures


_CAPTIONS = {
    'examples': (
        'Examples (Fig 2)',
        """Frames of the split, evenly spread. Correct and wrong pixels are compared with the ground truth; pixels
        without a label are grey. A useful uncertainty is bright where the fourth column is orange.""",
    ),
    'std_agreement': (
        'Student against teacher (Fig 3)',
        """The paper's uncertainty (class mean of the std) of every valid pixel, logarithmic on both axes. On the dashed
        line the uncertainty of the student equals that of the ensemble.""",
    ),
    'uncertainty_histograms': (
        'Uncertainty of correct and of wrong pixels (Fig 4)',
        """Share of correct and of wrong pixels at each level, each kind summing to one. The less the two overlap, the
        better an uncertainty detects errors.""",
    ),
    'image_roc': (
        'Detecting out-of-distribution images (Fig 6)',
        """ROC of each image score of the student: frames of the split against each OOD set. The served score is the
        thick line.""",
    ),
    'image_scores': (
        'Image score of each set (Fig 7)',
        """Distribution of the served image score. The dashed line is the threshold of the flag, the short tick the
        median.""",
    ),
    'anomaly_maps': (
        'Unknown objects',
        """Frames of the set, evenly spread, and the student's scores of their pixels, each on the scale of its own
        image. Orange outlines are anomalous pixels, blue ones the drivable region that the student sees. A useful
        score is bright inside the orange outlines alone.""",
    ),
    'anomaly_curves': (
        'Precision and recall of anomalous pixels',
        """Each score of the student. Higher is better; a score without information has the share of anomalous pixels as
        its precision.""",
    ),
    'reliability': (
        'Reliability',
        """Accuracy of the pixels of each level of confidence: the largest class probability of each network, and the
        confidence that the student serves. On the diagonal, 80 % of the pixels with a confidence of 80 % are correct;
        the bars show how many pixels have that confidence; levels with fewer than 200 pixels are left out.""",
    ),
    'retention': (
        'Dropping the most uncertain pixels',
        """mIoU and accuracy of the pixels that are kept, by the uncertainty that each network serves. A class of which
        no pixel is kept does not count in mIoU.""",
    ),
    'risk_coverage': (
        'Risk and coverage',
        """Error rate among the most certain share of pixels: left for each network by what it serves, right for the
        student by each of its uncertainties. Lower is better; the dotted line is the best that any ranking could
        do.""",
    ),
}
"""Figure -> title and caption."""
