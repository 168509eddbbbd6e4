# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report of a bag as Markdown."""

import math
from collections.abc import Iterator, Mapping

from uncd_ros.bag_evaluation.alarm_log import PICTURED
from uncd_ros.bag_evaluation.bag_result import BagEvaluationResult
from uncd_ros.bag_evaluation.event_metrics import EventReport
from uncd_ros.evaluation import tables
from uncd_ros.evaluation.figures import Drawn
from uncd_ros.evaluation.results import EvaluationResult
from uncd_ros.evaluation.split_evaluator import STUDENT
from uncd_ros.evaluation.tables import fine, number, table

LISTED = 100
"""Alarms in the table; report.json has all."""


def markdown(found: BagEvaluationResult, judgement: EvaluationResult | None, drawn: Mapping[str, Drawn]) -> str:
    """The whole report; figures stand where they are spoken of."""
    parts = [
        *_opening(found),
        '## The drive',
        _picture('timeline', 'Score, flag and events over time'),
        *_flag(found),
        *_faults(found),
        *_alarms(found),
        *(_events(found.events) if found.events else ()),
        '## Classes',
        _picture('classes', 'Area and uncertainty of each class over time'),
        _classes(found),
        *(_labels(found, judgement, drawn) if judgement else ()),
        '## How this was measured',
        _METHOD,
    ]
    return '\n\n'.join(parts) + '\n'


def _opening(found: BagEvaluationResult) -> Iterator[str]:
    counts, line = found.counts, found.timeline
    yield f'# {found.card.name} on {found.bag}'
    yield (
        f'{counts.evaluated} images of `{found.topic}`, {line.seconds:.1f} s. The model serves the uncertainty '
        f'`{found.card.uncertainty.name}` and the image score `{found.card.image_score}`.'
    )
    if found.every > 1:
        yield (
            f'**A quick look: one image in {found.every}. The flag looks back on a number of images, so on all of them '
            'it rises and falls at other times.**'
        )
    gone = [
        (counts.unreadable, 'could not be read as an image'),
        (counts.lost, 'were recorded and are no longer in the bag'),
        (counts.labels_rejected, 'had labels that could not be used'),
    ]
    told = [f'{count} {what}' for count, what in gone if count]
    if told:
        yield f'**Of {counts.recorded} recorded images, {", ".join(told)}.**'
    if found.notices:
        yield '\n'.join(f'- {notice}' for notice in found.notices)


def _flag(found: BagEvaluationResult) -> Iterator[str]:
    line, timing = found.timeline, found.timing
    share = line.flagged_frames / max(1, line.frames)
    times = 'once' if len(found.alarms) == 1 else f'{len(found.alarms)} times'
    yield (
        f'The flag rose {times} and was up in {share:.1%} of the images. It rises when {timing.required} of the last '
        f'{timing.window} images score above {found.card.ood.threshold(timing.false_alarm_rate):.4g}, falls at '
        f'{timing.release} and stays for {timing.hold:g} s, as in the node. Mean score {line.mean_score():.4g}, mean '
        f'uncertainty {line.mean_uncertainty():.4g}.'
    )


def _faults(found: BagEvaluationResult) -> Iterator[str]:
    if found.faults:
        kinds = ', '.join(f'{kind} in {count} images' for kind, count in found.faults.items())
        yield f'The camera was faulty: {kinds}. Such an image counts as strange whatever its score.'


def _alarms(found: BagEvaluationResult) -> Iterator[str]:
    if not found.alarms:
        return
    yield '## Alarms'
    header = ['rose', 'fell', 'message', 'images', 'highest score', 'camera fault']
    rows = [
        [f'{each.start:.2f} s', f'{each.end:.2f} s', str(each.index), str(each.frames), number(each.peak),
         each.fault.split(':')[0] or '-']
        for each in found.alarms[:LISTED]
    ]  # fmt: skip
    if found.events:
        header.append('in event')
        for row, alarm in zip(rows, found.alarms, strict=False):
            row.append(alarm.event or '**none: false**')
    yield table(header, rows)
    if len(found.alarms) > LISTED:
        yield f'The first {LISTED} of {len(found.alarms)}; report.json has all.'
    for each in found.alarms:
        if each.picture:
            yield f'### {each.start:.2f} s, message {each.index}\n\n{_image(each.picture, "Before, at and after")}'
    if len(found.alarms) > PICTURED:
        yield f'Pictures are of the first {PICTURED}.'


def _events(events: EventReport) -> Iterator[str]:
    yield '## Known events'
    rate = '-' if math.isnan(events.false_alarms_per_hour) else f'{events.false_alarms_per_hour:.1f}'
    low, high = events.ci95
    of_faults = (
        f' ({events.false_alarms_of_faults} while the camera was faulty)' if events.false_alarms_of_faults else ''
    )
    delay = f'; median delay {_seconds(events.delay_median)}' if events.detected else ''
    alarms = f'{events.false_alarms} false alarm{"" if events.false_alarms == 1 else "s"}'
    yield (
        f'**Detected {events.detected} of {events.detected + events.missed}, missed {events.missed}{delay}. '
        f'{alarms}{of_faults} in '
        f'{60 * events.calm_hours:.1f} minutes outside of events: {rate} an hour** (95 % interval {low:.1f} to '
        f'{high:.1f}). Outside, the flag was up in {events.calm_flagged:.1%} of the images. AUROC of the image score, '
        f'events against the rest: {number(events.image_auroc)}.'
    )
    if events.unseen:
        yield f'**{events.unseen} events lie where there is no image and count nowhere.**'
    rows = [
        (
            each.kind,
            f'{each.start:.2f} s',
            f'{each.end:.2f} s',
            str(each.frames),
            'yes' if each.detected else '**no**',
            _seconds(each.delay) + (', up before' if each.up_before else ''),
            '-' if math.isnan(each.flagged) else f'{each.flagged:.1%}',
        )
        for each in events.events
    ]
    yield table(('event', 'from', 'to', 'images', 'detected', 'delay', 'flag up'), rows)
    kinds = [
        (kind, str(each.events), str(each.detected), _seconds(each.delay_median), _seconds(each.delay_max))
        for kind, each in events.by_kind.items()
    ]
    if kinds:
        yield table(('kind', 'events', 'detected', 'median delay', 'longest delay'), kinds)


def _classes(found: BagEvaluationResult) -> str:
    figures = zip(found.card.classes, found.timeline.of_classes(), strict=True)
    rows = [(info.name, f'{area:.1%}', fine(mean)) for info, (area, mean) in figures]
    return table(('class', 'share of the images', 'mean uncertainty'), rows)


def _labels(found: BagEvaluationResult, judgement: EvaluationResult, drawn: Mapping[str, Drawn]) -> Iterator[str]:
    judged = {STUDENT: judgement}
    right, fit, errors = judgement.segmentation, judgement.calibration, judgement.error_detection['served']
    figures = (right.miou, right.pixel_accuracy, fit.ece, fit.nll, fit.brier, errors.auroc)
    yield f'## Against the labels of {found.counts.labelled} images'
    header = ('serves', 'mIoU', 'accuracy', 'ECE', 'NLL', 'Brier', 'error AUROC', 'AURC')
    yield table(header, [(judgement.served, *map(number, figures), fine(errors.aurc))])
    yield tables.classes(judged)
    yield '### Finding wrong pixels'
    yield tables.error_detection(judged)
    yield '### Confidence'
    yield tables.confidence(judged)
    yield 'mIoU / accuracy after dropping the most uncertain pixels:'
    yield tables.retention(judged)
    if judgement.false_alarm:
        yield 'Labelled images above the threshold, as if nothing in them were strange:'
        yield tables.false_alarms(judgement.false_alarm)
    for each in drawn.values():
        yield f'### {each.title}\n\n{_image(each.file, each.title)}\n\n*{each.caption}*'


def _seconds(value: float) -> str:
    return '-' if math.isnan(value) else f'{value:.2f} s'


def _picture(name: str, title: str) -> str:
    return _image(f'figures/{name}.png', title)


def _image(file: str, title: str) -> str:
    return f'![{title}]({file})'


_METHOD = """\
- Every image was shown once, in the order of recording, to the model, to the checks of the camera and to the decision
  that the node runs, with the node's default timing. Seconds count from the bag's first message by the recorder's
  clock; the flag goes by the stamps of the images, as on the robot.
- An event is detected if the flag is up in any of its images; the delay runs from its start to the first of them. The
  flag rising outside of every event is a false alarm. The interval of their rate is Garwood's for a Poisson count.
- Labels are compared as by training/evaluate.py. Void pixels enter no figure; mIoU is over all images together.
- frames.jsonl has a line for every image, with the number of its message on the topic. The same bag and model give the
  same files byte for byte; how long things took differs and is kept apart, in timing.json and latency.jsonl."""
