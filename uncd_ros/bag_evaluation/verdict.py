# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What whoever reads only the top of the report should know: a sentence on each question, and how grave it is."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from uncd_ros.bag_evaluation.bag_result import BagEvaluationResult
from uncd_ros.bag_evaluation.event_metrics import EventReport
from uncd_ros.bag_evaluation.live_result import DROPS, LiveOutcome
from uncd_ros.bag_evaluation.run_info import RunInfo

GOOD, UNKNOWN, LOOK, BAD = 'good', 'unknown', 'look', 'bad'
"""How grave a finding is."""
MOSTLY = 0.5
"""Share of nominal images with the flag up from which on the model does not know the place."""
RECALIBRATE = 'the model does not know this camera or place: calibrate it on a nominal drive, see docs/models.md'


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The answer to one question."""

    level: str
    """GOOD, UNKNOWN, LOOK or BAD."""
    topic: str
    sentence: str


def findings(result: BagEvaluationResult, run: RunInfo, live: LiveOutcome | None) -> list[Finding]:
    """All of them, in the order in which a reader asks."""
    found = [
        Finding(level=level, topic=topic, sentence=sentence)
        for topic, (level, sentence) in {
            'alarms': _nominal_alarms(result.events) if result.events else _alarms(result),
            'detection': _detection(result.events),
            'camera': _camera(result),
            'image shape': _shape(result),
            'calibration': _calibration(result),
            'lost images': _loss(result),
            'speed': _live_speed(live) if live else _speed(run),
        }.items()
    ]
    if live:
        level, sentence = _live_flags(live)
        found.append(Finding(level=level, topic='live flags', sentence=sentence))
    return found


def headline(found: Sequence[Finding]) -> str:
    """One sentence on all findings."""
    bad, look = ([each.topic for each in found if each.level == level] for level in (BAD, LOOK))
    if bad:
        return f'Not to be relied on before this is settled: {", ".join(bad)}.'
    return f'Look at this first: {", ".join(look)}.' if look else 'Nothing speaks against this model on this drive.'


def _alarms(result: BagEvaluationResult) -> tuple[str, str]:
    share, count = result.flagged_share, len(result.alarms)
    if not count:
        return GOOD, 'The flag never rose.'
    text = f'The flag rose {times(count)} and was up in {share:.1%} of {result.counts.evaluated} images'
    if share > MOSTLY:
        return BAD, f'{text}. If the drive is nominal, {RECALIBRATE}.'
    return LOOK, f'{text}; whether rightly, only known events can say (--events).'


def _nominal_alarms(events: EventReport) -> tuple[str, str]:
    minutes, (low, high) = 60 * events.nominal_hours, events.ci95
    text = f'{events.false_alarms} false alarms in {minutes:.1f} minutes outside of events'
    if not math.isnan(events.false_alarms_per_hour):
        text += f', {events.false_alarms_per_hour:.1f} per hour (95 % interval {low:.1f} to {high:.1f})'
    if not math.isnan(events.nominal_flagged):
        text += f'; the flag was up in {events.nominal_flagged:.1%} of those images'
    if events.nominal_flagged > MOSTLY:
        return BAD, f'{text}. There, {RECALIBRATE}.'
    return LOOK if events.false_alarms else GOOD, f'{text}.'


def _detection(events: EventReport | None) -> tuple[str, str]:
    if events is None:
        return UNKNOWN, 'No events were given (--events).'
    known = events.detected + events.missed
    text = f'{events.detected} of {known} events detected'
    if events.detected:
        text += f', after {events.delay_median:.2f} s in the median'
    if events.up_before:
        text += f'; in {events.up_before} more the flag was up before and throughout, which shows nothing'
    if events.unseen:
        text += f'; {events.unseen} more without an image'
    return (BAD if events.missed else LOOK if events.up_before or not known else GOOD), f'{text}.'


def _camera(result: BagEvaluationResult) -> tuple[str, str]:
    kinds = ', '.join(f'{kind} in {count}' for kind, count in result.faults.items())
    if not kinds:
        return GOOD, 'No fault of the camera was noticed.'
    return LOOK, f'The camera was faulty: {kinds} images.'


def _shape(result: BagEvaluationResult) -> tuple[str, str]:
    if not result.mismatches:
        return GOOD, 'The images have the shape that the model was calibrated on.'
    level = BAD if any(mismatch.is_error for mismatch in result.mismatches) else LOOK
    text = '; '.join(mismatch.sentence for mismatch in result.mismatches)
    return level, f'{text[0].upper()}{text[1:]}.'


def _calibration(result: BagEvaluationResult) -> tuple[str, str]:
    ood, data, rate = result.card.ood, result.card.calibration_data, result.alarm_params.false_alarm_rate
    of_drives = f' ({", ".join(data.sequences[:3])}{", ..." if len(data.sequences) > 3 else ""})' * bool(data.sequences)
    text = f'{data.images} images of {data.dataset}{of_drives}, worth {ood.effective_n} independent ones'
    if ood.guaranteed(rate):
        return GOOD, f'A false-alarm rate of {rate:.2%} per image is promised for drives like its calibration: {text}.'
    return LOOK, f'A false-alarm rate of {rate:.2%} per image is NOT promised: the threshold comes from {text}.'


def _loss(result: BagEvaluationResult) -> tuple[str, str]:
    reasons = list(left_out(result))
    if not reasons:
        return GOOD, f'All {result.counts.recorded} recorded images could be read.'
    return LOOK, f'Of {result.counts.recorded} recorded images, {", ".join(reasons)}.'


def _speed(run: RunInfo) -> tuple[str, str]:
    text = f'{run.fps:.1f} images per second were evaluated here, {run.recorded_fps:.1f} were recorded'
    if run.fps >= run.recorded_fps:
        return GOOD, f'{text}.'
    share = 1 - run.fps / run.recorded_fps
    return LOOK, f'{text}: the node, at this speed, would drop {share:.0%} (--live measures it).'


def _live_speed(live: LiveOutcome) -> tuple[str, str]:
    asked, best = live.asked, live.best
    text = (
        f'At {asked.rate:.1f} images per second the node dropped {asked.drops:.1%} and took {asked.p95_ms:.0f} ms (p95)'
    )
    text += f'; up to {best.rate:.1f} per second it keeps up' if best else '; no rate was low enough for it to keep up'
    if live.plain.lost:
        text += f'. {live.plain.lost} of {live.plain.sent} images of a plain sender were lost on the way'
    return GOOD if asked.drops <= DROPS and not live.plain.lost else BAD if asked.drops > DROPS else LOOK, f'{text}.'


def _live_flags(live: LiveOutcome) -> tuple[str, str]:
    flags = live.flags
    if not flags.compared:
        return UNKNOWN, f'The flags of the node could not be compared: {flags.reason}.'
    text = f'{flags.equal} of {flags.compared} images have the same flag in the node as here'
    return GOOD if flags.equal == flags.compared else LOOK, f'{text}.'


def left_out(result: BagEvaluationResult) -> Iterator[str]:
    """What became of images that do not count."""
    counts = result.counts
    reasons = (
        (counts.unreadable, 'could not be read as an image'),
        (counts.lost, 'were recorded and are no longer in the bag'),
        (counts.labels_rejected, 'had labels that could not be used'),
    )
    return (f'{count} {reason}' for count, reason in reasons if count)


def times(count: int) -> str:
    """How often, in words."""
    return 'once' if count == 1 else f'{count} times'
