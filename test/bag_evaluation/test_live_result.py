# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the report says of the node to which a bag was played."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip('rosbags', reason='reads and writes bags')

from support.live_runs import outcome
from uncd_ros.bag_evaluation.flag_comparison import compare_flags
from uncd_ros.bag_evaluation.live_result import as_json, markdown


def test_the_report_says_whether_it_kept_up_and_what_was_lost() -> None:
    text = markdown(outcome(10.0, lost=3))
    assert '- /segmentation subscribed to /image_raw' in text
    assert 'the node kept up on cpu: 0.0% of 100 images' in text
    assert 'have the same flag' in text and 'dropped are not in its window' not in text
    (plain,) = (line for line in text.splitlines() if line.startswith('| plain sender'))
    assert [cell.strip() for cell in plain.split('|')][5:8] == ['0.0%', '0', '3']


def test_the_report_says_that_it_did_not_keep_up() -> None:
    slow = replace(outcome(40.0, equal=9), best=None)
    text = markdown(slow)
    assert 'the node did not keep up on cpu: 50.0% of 100 images' in text and 'No rate was low enough' in text
    assert 'dropped are not in its window' in text
    content = as_json(slow)
    assert (content['asked']['drops'], content['highest_rate'], len(content['runs'])) == (0.5, None, 2)
    assert content['flags'] == {'compared': 10, 'equal': 9, 'largest_difference': 0.5, 'reason': ''}


def test_flags_are_compared_image_by_image(tmp_path: Path) -> None:
    lines = [{'score': 1.0, 'flag': False}, {'score': None, 'flag': True}, {'score': 2.0, 'flag': True}]
    (tmp_path / 'frames.jsonl').write_text(''.join(f'{json.dumps(line)}\n' for line in lines))
    # The second image cannot be read and is not sent; of the third, the node says something else.
    found = compare_flags(tmp_path, [100, 300], {100: (False, 1.0), 300: (False, 2.25), 999: (True, 5.0)})
    assert (found.compared, found.equal, found.largest_difference) == (2, 1, 0.25)
    none = compare_flags(tmp_path, [100, 300], {})
    assert none.compared == 0 and 'none of the images' in none.reason
