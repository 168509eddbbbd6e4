# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The flags of the node beside those of the evaluation, image by image."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from uncd_ros.bag_evaluation.frame_log import FRAMES
from uncd_ros.bag_evaluation.live_result import FlagComparison


def compare_flags(folder: Path, stamps: Sequence[int], decisions: Mapping[int, tuple[bool, float]]) -> FlagComparison:
    """`stamps` are those under which the readable images of the bag were sent, in their order.

    `decisions` are the node's, stamp -> flag and score; frames.jsonl in the folder has those of the evaluation.
    """
    with (folder / FRAMES).open() as lines:
        evaluated = [line for line in map(json.loads, lines) if line['score'] is not None]
    both = [(line, decisions[stamp]) for line, stamp in zip(evaluated, stamps, strict=False) if stamp in decisions]
    if not both:
        return FlagComparison.none('the node decided about none of the images')
    return FlagComparison(
        compared=len(both),
        equal=sum(line['flag'] == flag for line, (flag, _) in both),
        largest_difference=max(abs(line['score'] - score) for line, (_, score) in both),
    )
