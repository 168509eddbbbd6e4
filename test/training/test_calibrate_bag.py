# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A threshold for another camera from a bag without labels: a new model folder, in which all else is as it was."""

import shutil
from pathlib import Path

import pytest
import torch

pytest.importorskip('rosbags', reason='reads and writes bags')

from support.bag_makers import CAMERA, PERIOD, START, camera_bag, camera_message, evaluate_bag, frame_lines, write_bag
from support.model_folder import edit_card
from training.calibrate import main
from uncd_ros.bags.topics import IMAGE
from uncd_ros.errors import UncdError
from uncd_ros.model.store import StoredModel, load_model


@pytest.fixture(scope='module')
def model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a card for people."""
    folder = shutil.copytree(tiny_model, tmp_path_factory.mktemp('models') / 'model')
    (folder / 'MODEL_CARD.md').write_text('# Tiny\n\n## Calibration\n\nof old\n\n## Limits\n\n- many\n')
    edit_card(folder, lambda _: None)
    return folder


@pytest.fixture(scope='module')
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return camera_bag(tmp_path_factory.mktemp('bags') / 'drive', 60)


@pytest.fixture(scope='module')
def calibrated(model: Path, drive: Path, tiny_data: Path) -> StoredModel:
    out = model.parent / 'new'
    options = ['--bag', str(drive), '--device', 'cpu', '--ood-sets', f'{tiny_data}/strange', '--out', str(out)]
    main([str(model), *options, '--false-alarm-rate', '0.2'])
    return load_model(out)


def test_what_needs_labels_is_as_it_was(model: Path, calibrated: StoredModel, tiny_data: Path) -> None:
    before, after = load_model(model).card, calibrated.card
    assert after.image_score in ('energy', 'mahalanobis', 'energy_mahalanobis')
    assert f'{tiny_data}/strange' in after.image_score_selection.figures[after.image_score]
    assert after.ood != before.ood and after.ood.false_alarm_rate == 0.2
    assert after.calibration_data.sequences == ('drive',) and after.calibration_data.images == 60
    for name in ('temperature', 'confidence', 'uncertainty', 'provenance', 'classes'):
        assert getattr(after, name) == getattr(before, name), name
    weights = zip(load_model(model).student.named_parameters(), calibrated.student.parameters(), strict=True)
    for (name, old), new in weights:
        assert torch.equal(old, new), name


def test_the_bag_is_then_within_the_rate(calibrated: StoredModel, drive: Path, tmp_path: Path) -> None:
    found = evaluate_bag(drive, calibrated.folder, tmp_path / 'out')
    lines = frame_lines(tmp_path / 'out')
    assert found['flag']['threshold'] == calibrated.card.ood.threshold(0.01) == lines[0]['threshold']
    assert sum(line['score'] > calibrated.card.ood.threshold() for line in lines) <= 0.2 * 60


def test_the_card_says_what_is_calibrated_and_what_is_not(calibrated: StoredModel, tiny_data: Path) -> None:
    text = (calibrated.folder / 'MODEL_CARD.md').read_text()
    assert text.startswith('# Tiny\n') and text.endswith('- many\n')
    for fact in ('60 images (64x48, fit: letterbox) of drive, /camera/image', 'Not calibrated', f'{tiny_data}/strange'):
        assert fact in text.replace('\\', ''), fact
    assert text.index('Not calibrated') < text.index('as it was calibrated before') < text.index('of old')


def test_a_second_drive_replaces_the_first(calibrated: StoredModel, tmp_path: Path) -> None:
    other = camera_bag(tmp_path / 'other', 50, first=100)
    main([str(calibrated.folder), '--bag', str(other), '--device', 'cpu', '--out', str(tmp_path / 'again')])
    text = (tmp_path / 'again/MODEL_CARD.md').read_text()
    assert text.count('as it was calibrated before') == 1 and 'of old' in text
    assert '50 images' in text and '60 images' not in text


def test_images_of_a_faulty_camera_set_no_threshold(model: Path, tmp_path: Path) -> None:
    same = camera_message(59)
    messages = [(CAMERA, IMAGE, START + i * PERIOD, camera_message(i) if i < 60 else same) for i in range(80)]
    bag = write_bag(tmp_path / 'bag', [*messages, (CAMERA, IMAGE, START + 80 * PERIOD, b'damaged')])
    main([str(model), '--bag', str(bag), '--device', 'cpu', '--out', str(tmp_path / 'new')])
    # The ninth copy makes ten images alike, which are frozen.
    assert load_model(tmp_path / 'new').card.calibration_data.images == 68
    assert 'without 13 of a faulty camera' in (tmp_path / 'new/MODEL_CARD.md').read_text()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--bag', 'nowhere'], 'nowhere: not found, expected a rosbag2 folder'),
        (['--bag', 'BAG', '--image-topic', '/x'], '--image-topic /x: no such topic'),
        (['--bag', 'BAG', '--every', '2'], 'the drive has 30 images that can be used, expected 50 or more'),
        (['--bag', 'BAG', '--holdout', 's1'], '--bag and --holdout: expected one of them'),
        (['--bag', 'BAG', '--fit', 'zoom'], '--fit is zoom, expected stretch or letterbox or crop'),
        (['--bag', 'BAG', '--false-alarm-rate', '2'], '2'),
        ([], '--dataset is missing'),
    ],
)
def test_nonsense_is_one_line(options: list[str], message: str, model: Path, drive: Path, tmp_path: Path) -> None:
    given = [str(drive) if option == 'BAG' else option for option in options]
    with pytest.raises(UncdError) as refused:
        main([str(model), *given, '--device', 'cpu', '--out', str(tmp_path / 'new')])
    assert message in str(refused.value) and '\n' not in str(refused.value)
    assert not (tmp_path / 'new').exists()
