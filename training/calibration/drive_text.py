# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a model card says about a threshold that one drive has set, and about all that it has not calibrated."""

from pathlib import Path

from training.calibration.drive_rule import DriveRule
from training.calibration.drive_scores import DriveScores
from uncd_ros.evaluation.markdown import escape, table
from uncd_ros.evaluation.tables import interval, number
from uncd_ros.model.card import ModelCard, SelectionReport

FORMER = '### All else, as it was calibrated before'
"""Heading of what a threshold of a drive leaves as it is."""


def drive_text(drive: DriveScores, rule: DriveRule, card: ModelCard, selection: SelectionReport, fit: str) -> str:
    """Markdown; `card` is that of the model as it was, `selection` says which image score is served now, and why."""
    ood = rule.ood
    left_out = f', without {drive.left_out} of a faulty camera or that cannot be read' if drive.left_out else ''
    figures = [(name, *(f'{value:.3f}' for value in of_one.values())) for name, of_one in selection.figures.items()]
    header = ('image score', *next(iter(selection.figures.values())))
    return (
        f'The flag is calibrated on one drive without labels: {len(drive.seconds)} images '
        f'({", ".join(drive.sizes)}, fit: {fit}) of {escape(drive.bag)}, {escape(drive.topic)}{left_out}. Nothing can '
        f'check that the drive is nominal, and that the model was not trained on it{_unlabelled(card)}: both are taken '
        'on trust.\n\n'
        '- Features: mean and whitening of the Mahalanobis distance are those of this drive. The calibration scores of '
        'each fifth of it come from a reference without that fifth.\n'
        f'- Image score: {selection.reason}\n'
        f'- Threshold: {ood.threshold():.4f} for a false-alarm rate of {ood.false_alarm_rate:.2%} per image; the '
        f'highest score of the drive is {max(block.highest for block in rule.blocks):.4f}. Each fifth of the drive, '
        'by itself, keeps this rate, and so would the next score of a normal distribution with mean and spread of '
        'the drive. The node asks for the rate of its parameter `ood.false_alarm_rate`, 0.01 by default, and takes '
        'its threshold from the same table.\n'
        f'- {_promise(drive, rule)}\n'
        f'- When each fifth is compared with the threshold that the others set, {rule.observed:.1%} of the images are '
        f'above it (95 % interval {interval(rule.ci95)}).\n'
        '- It is one drive. How much drives differ, by hour, weather or season, it cannot say.\n'
        '- Not calibrated for this camera and place: labels, temperature, uncertainty and confidence. They are as '
        'before; without labels nobody knows how good they are here.\n'
        '- It holds for this camera, image size and fit, and for the engine torch. Export other engines again.\n\n'
        f'{_block_table(rule)}\n\n'
        'AUROC of telling some images of the drive under each shift, and the OOD sets that were given, from the drive; '
        'and the share of all these that is above the threshold:\n\n'
        f'{table(header, figures)}'
    )


def with_former(text: str, former: str) -> str:
    """The text with, behind it, what was written before about all else; of several thresholds, the last one counts."""
    kept = former.partition(FORMER)[2] or f'The threshold in this section no longer applies.\n\n{former.strip()}'
    return f'{text}\n\n{FORMER}\n\n{kept.strip()}'


def _unlabelled(card: ModelCard) -> str:
    """Videos that taught the student, which a bag may hold under another name."""
    names = ', '.join(Path(path).name for path in card.provenance.config.get('distill', {}).get('unlabelled', ()))
    return f' (it was on {names})' if names else ''


def _promise(drive: DriveScores, rule: DriveRule) -> str:
    """Whether the drive is long enough, and how long it would have to be."""
    ood, seconds = rule.ood, drive.seconds[-1] - drive.seconds[0]
    worth = f'Neighbouring images are alike: these are worth {ood.effective_n} independent ones'
    if ood.guaranteed(ood.false_alarm_rate):
        return f'{worth}, enough to promise {ood.false_alarm_rate:.2%}.'
    minutes = seconds / 60 * rule.needed / ood.effective_n
    return (
        f'{worth}. That is NOT enough to promise {ood.false_alarm_rate:.2%}, which needs {rule.needed}, about '
        f'{minutes:.0f} minutes of such driving; the lowest rate that they promise is {rule.lowest_rate:.1%}. Lower '
        'rates rest on the assumption that scores are normally distributed.'
    )


def _block_table(rule: DriveRule) -> str:
    header = ('from', 'to', 'images', 'median score', '95 % quantile', 'highest', 'above the threshold of the others')
    rows = [
        (
            *(f'{block.start:.1f} s', f'{block.end:.1f} s', str(block.images)),
            *(number(block.median), number(block.q95), number(block.highest), f'{block.above:.1%}'),
        )
        for block in rule.blocks
    ]
    return table(header, rows)
