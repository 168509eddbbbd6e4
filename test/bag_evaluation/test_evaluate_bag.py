# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a bag to a report: the figures of evaluate.py, the way back to each message, the same bytes every time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rosbags', reason='reads and writes bags')


from support.bag_makers import (
    CAMERA,
    PERIOD,
    START,
    camera_bag,
    camera_message,
    evaluate_bag,
    frame_lines,
    picture,
    write_bag,
)
from training.comparison.evaluate_args import parse_args
from training.evaluate import evaluate
from uncd_ros.bags.reader import typestore
from uncd_ros.bags.topics import IMAGE
from uncd_ros.bags.writer import header, image_message
from uncd_ros.evaluate_bag import main
from uncd_ros.make_bag import LABEL_TOPIC
from uncd_ros.make_bag import main as make_bag
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_model

DETERMINISTIC = ('report.json', 'frames.jsonl')


@pytest.fixture(scope='module')
def labelled(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny CamVid's val as a bag; its void is 11."""
    bag, camvid = tmp_path_factory.mktemp('bags') / 'val', tiny_data / 'camvid'
    assert make_bag([f'{camvid}/val', '--labels', f'{camvid}/valannot', '--out', str(bag)]) == 0
    return bag


@pytest.fixture(scope='module')
def expected(tiny_data: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What evaluate.py says about the same frames."""
    out = tmp_path_factory.mktemp('out')
    options = ['--dataset', 'camvid', '--data', f'{tiny_data}/camvid', '--device', 'cpu', '--out', str(out)]
    evaluate(parse_args([str(tiny_model), *options]))
    found: dict[str, Any] = json.loads((out / 'report.json').read_text())
    return found


def test_labels_give_exactly_the_figures_of_evaluate(
    labelled: Path, expected: dict[str, Any], tiny_model: Path, tmp_path: Path
) -> None:
    found = evaluate_bag(labelled, tiny_model, tmp_path / 'out', '--labels', LABEL_TOPIC, '--ignore-index', '11')
    assert found['bag']['labelled'] == 5 and found['notices'] == []
    for block in ('segmentation', 'calibration', 'error_detection', 'retention', 'p_accurate_certain'):
        assert found['labels'][block] == expected[block], block
    assert 'milliseconds' not in found['labels']
    assert {path.name for path in (tmp_path / 'out/figures').glob('*.png')} > {'timeline.png', 'examples.png'}


def test_a_topic_of_labels_is_found_by_itself(
    labelled: Path, expected: dict[str, Any], tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = evaluate_bag(labelled, tiny_model, tmp_path / 'found', '--ignore-index', '11')
    assert found['labels']['segmentation'] == expected['segmentation']
    assert f'labels of {LABEL_TOPIC}; --labels names others' in capsys.readouterr().out
    without = evaluate_bag(labelled, tiny_model, tmp_path / 'without', '--labels', 'none')
    assert without['labels'] is None and without['bag']['labels_rejected'] == 0


def test_a_camera_whose_name_speaks_of_labels_holds_none(tiny_model: Path, tmp_path: Path) -> None:
    messages = [(topic, IMAGE, START + i, camera_message(i)) for i in range(3) for topic in (CAMERA, '/label/camera')]
    found = evaluate_bag(write_bag(tmp_path / 'bag', messages), tiny_model, tmp_path / 'out')
    assert found['bag']['topic'] == CAMERA and found['labels'] is None and found['notices'] == []


@pytest.mark.parametrize('by', ['number', 'stamp'])
def test_labels_in_a_folder_are_the_same(
    labelled: Path, expected: dict[str, Any], tiny_data: Path, tiny_model: Path, tmp_path: Path, by: str
) -> None:
    folder = tmp_path / 'labels'
    folder.mkdir()
    for i, path in enumerate(sorted((tiny_data / 'camvid/valannot').glob('*.png'))):
        name = f'{i:06d}' if by == 'number' else f'{1_700_000_000 * 10**9 + i * 10**8}'
        (folder / f'{name}.png').write_bytes(path.read_bytes())
    found = evaluate_bag(labelled, tiny_model, tmp_path / 'out', '--labels', str(folder), '--ignore-index', '11')
    assert found['labels']['segmentation'] == expected['segmentation']


def test_the_same_bag_and_model_give_the_same_bytes(labelled: Path, tiny_model: Path, tmp_path: Path) -> None:
    for name in ('a', 'b'):
        evaluate_bag(labelled, tiny_model, tmp_path / name, '--labels', LABEL_TOPIC, '--ignore-index', '11')
    figures = [f'figures/{path.name}' for path in (tmp_path / 'a/figures').iterdir()]
    for file in (*DETERMINISTIC, *figures):
        assert (tmp_path / 'a' / file).read_bytes() == (tmp_path / 'b' / file).read_bytes(), file
    assert len((tmp_path / 'a/latency.jsonl').read_text().splitlines()) == 5
    timing = json.loads((tmp_path / 'a/timing.json').read_text())
    assert timing['frames'] == 5 and timing['milliseconds']['forward']['p50'] > 0


def test_every_line_leads_back_to_its_message(tiny_model: Path, tmp_path: Path) -> None:
    bag = camera_bag(tmp_path / 'bag', 6, storage='mcap')
    evaluate_bag(bag, tiny_model, tmp_path / 'out', '--every', '2')
    predictor = Predictor(load_model(tiny_model), device='cpu')
    found = frame_lines(tmp_path / 'out')
    assert [line['index'] for line in found] == [0, 2, 4]
    for line in found:
        received = START + line['index'] * PERIOD
        assert (line['topic'], line['received'], line['stamp']) == (CAMERA, received, received - 10**6)
        assert line['seconds'] == pytest.approx(line['index'] / 10)
        prediction = predictor.predict(picture(line['index'])[..., ::-1])
        assert line['score'] == prediction.score
        assert line['mean_uncertainty'] == pytest.approx(float(prediction.uncertainty.mean()), rel=1e-5)
        assert sum(line['area'].values()) == pytest.approx(1.0, abs=1e-5)
        assert line['area']['class 0'] == pytest.approx(float(np.mean(prediction.labels == 0)), abs=1e-6)


def test_labels_that_do_not_fit_are_counted_and_told(labelled: Path, tiny_model: Path, tmp_path: Path) -> None:
    found = evaluate_bag(labelled, tiny_model, tmp_path / 'out', '--labels', LABEL_TOPIC)
    assert found['labels'] is None and found['bag']['labels_rejected'] == 5
    for fact in ('5 label images', '[11]', '0 to 4 or 255', '--ignore-index'):
        assert fact in found['notices'][0]


def test_a_wide_camera_is_told_once_and_compared_where_it_was_seen(tiny_model: Path, tmp_path: Path) -> None:
    wide, (params, labels) = {'height': 48, 'width': 86}, (tmp_path / 'params.yaml', '/camera/labels')
    params.write_text('/**/segmentation: {ros__parameters: {fit: crop}}\n')
    predictor = Predictor(load_model(tiny_model), device='cpu', fit='crop')

    def messages() -> Iterator[tuple[str, str, int, bytes]]:
        for i in range(3):
            predicted = predictor.predict(picture(i, **wide)[..., ::-1]).labels  # the camera sends bgr8
            ids = np.where(predicted == 255, 3, predicted).astype(np.uint8)
            truth = image_message(header(START + i * PERIOD - 10**6, 'camera'), 'mono8', ids)
            yield CAMERA, IMAGE, START + i * PERIOD, camera_message(i, **wide)
            yield labels, IMAGE, START + i * PERIOD, bytes(typestore().serialize_cdr(truth, IMAGE))

    bag = write_bag(tmp_path / 'bag', messages())
    found = evaluate_bag(bag, tiny_model, tmp_path / 'out', '--params', str(params), '--labels', labels)
    (notice,) = found['notices']
    for fact in ('86x48', '64x48', '26% has no labels', 'fit: crop'):
        assert fact in notice and fact in (tmp_path / 'out/report.md').read_text()
    assert found['bag']['fit'] == 'crop' and found['bag']['labelled'] == 3
    # The edges, whose ground truth is another class than any that was predicted, count nowhere.
    assert found['labels']['segmentation']['pixel_accuracy'] == 1.0
    for line in frame_lines(tmp_path / 'out'):
        assert sum(line['area'].values()) == pytest.approx(1.0, abs=1e-5)


def test_frozen_camera_raises_the_flag_and_the_alarm_has_its_picture(tiny_model: Path, tmp_path: Path) -> None:
    same = camera_message(0)
    messages = [(CAMERA, IMAGE, START + i * 10**8, camera_message(i) if i < 20 else same) for i in range(40)]
    found = evaluate_bag(write_bag(tmp_path / 'bag', messages), tiny_model, tmp_path / 'out')
    assert found['camera_faults'] == {'frozen': 11}
    (alarm,) = found['flag']['alarms']
    assert alarm['index'] == 31 and alarm['fault'].startswith('frozen') and alarm['event'] == ''
    assert (tmp_path / 'out' / alarm['picture']).is_file()
    page = (tmp_path / 'out/report.html').read_text()
    assert '<a href="#alarm-1">' in page and 'id="alarm-1"' in page


def test_events_are_told_in_the_report(tiny_model: Path, tmp_path: Path) -> None:
    events = tmp_path / 'events.csv'
    events.write_text('start,end,kind\n2.0,4.0,frozen\n1.0,1.5,nothing\n90,91,late\n')
    same = camera_message(0)
    messages = [(CAMERA, IMAGE, START + i * 10**8, camera_message(i) if i < 20 else same) for i in range(40)]
    bag, out = write_bag(tmp_path / 'bag', messages), tmp_path / 'out'
    found = evaluate_bag(bag, tiny_model, out, '--events', str(events))['events']
    assert (found['detected'], found['missed'], found['unseen'], found['false_alarms']) == (1, 1, 1, 0)
    # Ten images alike are frozen, and three of the last five raise the flag: image 31, 3.1 s.
    assert found['by_kind']['frozen']['delay_median'] == pytest.approx(1.1)
    assert found['events'][2]['delay'] is None
    text = (out / 'report.md').read_text()
    for fact in ('Detected 1 of 2, missed 1', 'median delay 1.10 s', '0 false alarms in 0.0 minutes', '1 event has no'):
        assert fact in text
    assert 'nan' not in text


@pytest.mark.parametrize(
    ('options', 'complaint'),
    [
        (['--image-topic', '/nowhere'], '--image-topic /nowhere: no such topic; image topics of'),
        (['--labels', '/nowhere'], '--labels /nowhere: no such topic'),
        (['--labels', CAMERA], f'--labels {CAMERA}: '),
        (['--events', '/nowhere.csv'], '/nowhere.csv: cannot be read'),
        (['--model', '/nowhere'], "model '/nowhere' not found"),
        (['--every', '0'], '--every is 0'),
        (['--live', '-1'], '--live is -1.0'),
        (['--every', 'x'], 'argument --every'),
    ],
)
def test_a_mistake_is_one_line(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], complaint: str
) -> None:
    bag = camera_bag(tmp_path / 'bag', 2)
    assert main([str(bag), '--model', str(tiny_model), '--out', str(tmp_path / 'out'), *options]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f'error: {complaint}') and error.count('\n') == 1
