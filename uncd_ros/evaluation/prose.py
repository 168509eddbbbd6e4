# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report as Markdown: what was found, in sentences and tables."""

import math
from collections.abc import Iterator, Mapping

from uncd_ros.evaluation import tables
from uncd_ros.evaluation.cost import Cost
from uncd_ros.evaluation.evaluation import UNCERTAINTY_KEYS, Evaluation
from uncd_ros.evaluation.figures import Drawn
from uncd_ros.evaluation.names import MODEL_NAMES, UNCERTAINTY_NAMES
from uncd_ros.evaluation.results import EvaluationResult
from uncd_ros.evaluation.split_evaluator import STUDENT
from uncd_ros.evaluation.tables import EvaluationResults


def markdown(evaluation: Evaluation, judged: Mapping[str, EvaluationResults], figures: Mapping[str, Drawn]) -> str:
    """The whole report; figures stand where they are spoken of."""
    main, found = next(iter(judged.items()))
    parts = [
        *_opening(evaluation, main),
        '## Side by side',
        tables.side_by_side(judged),
        '\n'.join(
            f'- {line}' for line in (*_against_rivals(found), *_of_itself(found[STUDENT]), *_cost(evaluation.cost))
        ),
        *_figure(figures, 'examples'),
        '## Classes (Table 1)',
        tables.classes(found),
        "Uncertainty: the paper's (eq. 8), mean over the pixels of the class.",
        '## Finding wrong pixels',
        tables.error_detection(found),
        'Higher AUROC and AUPR are better, lower FPR95 and AURC.',
        *_figure(figures, 'uncertainty_histograms', 'risk_coverage'),
        *_figure(figures, 'retention'),
        'mIoU / accuracy after dropping the most uncertain pixels:',
        tables.retention(found),
        *_figure(figures, 'std_agreement'),
        '## Confidence',
        tables.confidence(found),
        *_figure(figures, 'reliability'),
        '## Strange images',
        *(part for split, networks in judged.items() for part in _strange(split, networks)),
        *_figure(figures, 'image_roc', 'image_scores'),
        '## False alarms',
        *(part for split, networks in judged.items() for part in _false_alarms(split, networks[STUDENT])),
        *evaluation.sweeps,
        '## How this was measured',
        _METHOD,
    ]
    return '\n\n'.join(parts) + '\n'


def _opening(evaluation: Evaluation, main: str) -> Iterator[str]:
    card, trial = evaluation.card, evaluation.splits[main]
    sequences = sorted(set(trial.sequences))
    yield f'# How good is {card.name}?'
    yield (
        f'Judged on `{evaluation.dataset}`, split `{main}`: {len(trial.sequences)} images of {len(sequences)} '
        f'sequence{"s" if len(sequences) > 1 else ""} ({", ".join(sequences)}). The model serves the uncertainty '
        f'`{card.uncertainty.name}` and the image score `{card.image_score}`, both chosen on calibration data.'
    )
    if len(evaluation.splits) > 1:
        yield f'Tables and figures are about `{main}`, unless they name a split.'
    if evaluation.every > 1:
        yield f'**A quick look: only every {evaluation.every}th frame of each set was judged.**'
    for split, each in evaluation.splits.items():
        if used := sorted(evaluation.calibration_sequences & set(each.sequences)):
            yield (
                f'**What the model serves, and its threshold, were chosen on {", ".join(used)}: figures on `{split}` '
                'are mildly optimistic.**'
            )
        if seen := sorted(evaluation.seen_sequences & set(each.sequences)):
            yield (
                f'**The student was trained on frames of {", ".join(seen)}: figures on `{split}` flatter it.** Those '
                'on sequences that it never saw are the honest ones.'
            )
    for name, note in evaluation.notes.items():
        title = MODEL_NAMES[name]
        yield f'{title[0].upper()}{title[1:]}: {note}'


def _against_rivals(judged: EvaluationResults) -> Iterator[str]:
    student = judged[STUDENT]
    for name, rival in judged.items():
        if name != STUDENT:
            miou = student.segmentation.miou - rival.segmentation.miou
            auroc = student.error_detection['served'].auroc - rival.error_detection['served'].auroc
            yield (
                f'Against the {MODEL_NAMES[name]}: mIoU {miou:+.3f}, AUROC of finding wrong pixels by what each '
                f'serves {auroc:+.3f}, time of a pass x {student.milliseconds / rival.milliseconds:.2f}.'
            )


def _of_itself(student: EvaluationResult) -> Iterator[str]:
    """Losses as plainly as gains."""
    found = {source: student.error_detection[key].auroc for key, source in UNCERTAINTY_KEYS.items()}
    best = max(found, key=lambda name: (-math.inf if math.isnan(found[name]) else found[name], name == student.served))
    margin = found[best] - found[student.served]
    verdict = 'is what it serves' if best == student.served else f'beats the served one by {margin:.3f}'
    yield f'Of its own uncertainties, {UNCERTAINTY_NAMES[best]} finds wrong pixels best and {verdict}.'
    for world, ood in student.image_ood.items():
        rival = max(ood.auroc, key=ood.auroc.__getitem__)
        lead = ood.auroc[rival] - ood.auroc['served']
        rest = f'{rival} does better by {lead:.3f}' if lead > 0 else 'no other score does better'
        yield f'{world}: image AUROC {ood.auroc["served"]:.3f} by the served score; {rest}.'
    for std, value in student.spearman_to_teacher.items():
        yield f"Its {UNCERTAINTY_NAMES[std]} has a rank correlation of {tables.number(value)} with the teacher's."


def _cost(found: Cost | None) -> Iterator[str]:
    if found is None:
        return
    yield (
        f'What knowing costs: a pass of the student takes {found.student_ms:.1f} ms, '
        f'{found.student_over_plain:.2f} times that of the plain net; {found.members} plain nets, as many as the '
        f'ensemble has, take {found.members_over_plain:.2f} times as long.'
    )


def _strange(split: str, judged: EvaluationResults) -> Iterator[str]:
    student = judged[STUDENT]
    if not student.image_ood:
        yield f'No strange images were given to compare `{split}` with.'
        return
    yield f'AUROC of telling the images of each set from the frames of `{split}`; bad weather is over its own frames:'
    yield tables.image_ood(judged)
    if student.shift:
        yield 'Labels under shift (Table 2), in the classes of each set:'
        yield tables.shift(judged)
        yield 'Each cell: mIoU / accuracy / AUROC of finding wrong pixels by the served uncertainty.'


def _false_alarms(split: str, student: EvaluationResult) -> Iterator[str]:
    found = student.false_alarm
    if found is None:
        return
    within = 'lies within' if found.ci95[0] <= found.target <= found.ci95[1] else 'lies outside'
    is_broken = found.observed > found.target
    remedy = f'; a threshold of {found.keeping_threshold:.4g} would have kept it' if is_broken else ''
    seen = 'Seen, each fifth of it judged by the threshold that the rest sets' if found.is_held_out else 'Seen'
    yield (
        f'On `{split}`, promised: {found.target:.1%} of familiar frames above the threshold {found.threshold:.4g}. '
        f'{seen}: {found.observed:.1%}, 95 % interval {tables.interval(found.ci95)} from frames '
        f'worth {found.effective_n} independent ones. The promise {within} the interval{remedy}.'
    )
    yield tables.false_alarms(found)


def _figure(figures: Mapping[str, Drawn], *names: str) -> Iterator[str]:
    for name in names:
        if name in figures:
            drawn = figures[name]
            yield f'### {drawn.title}\n\n![{drawn.title}]({drawn.file})\n\n*{drawn.caption}*'


_METHOD = """\
- Void pixels enter no figure. mIoU is over the data set. Network outputs are brought to the size of the labels
  bilinearly; labels are never interpolated. Image scores are computed at the network's own size, as on the robot.
- AUROC, AUPR, FPR95 and AURC come from two histograms of the score, of right and of wrong pixels, whose bins are
  0.05 % wide; pixels of one bin count as ties. Wrong pixels are the positives. AURC is the mean over orders of ties.
- A single net has no std; it serves what the student does, or its entropy where that is a std. The teacher's logits
  are the logarithms of its mean probabilities.
- A pixel is uncertain above the mean of the served uncertainty over the split; p(accurate given certain) and
  p(uncertain given inaccurate) after Mukhoti and Gal (2018), pixel by pixel.
- The rank correlation (Spearman) is over all valid pixels, from a joint histogram with bins 4 to 6 % wide.
- Intervals of alarm rates are Clopper and Pearson's with the effective number of frames,
  n (1 - r) / (1 + r) a sequence, where r is the correlation of the scores of neighbouring frames.
- Times are medians over the frames of the first split, all networks in turn on the same frame, without batch-norm
  folding; the teacher's is that of all its members one after another.
- What knowing costs is measured apart: batch norms folded, only what is served computed, medians of passes in turns.
- The feature distance needs a reference that only the student has: null in report.json elsewhere.
- The served confidence is an image of its own, P(label is right); its ECE is of the pixels at the labels' size."""
