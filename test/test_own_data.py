# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The way of docs/training.md from one's own images to a model, followed to the letter, with tiny networks."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from support.datasets import write
from support.pages import TEXTS, run_python

SECTION = TEXTS['docs/training.md'].split('## Your own data')[1].split('\n## ')[0]
TINY = [
    *('--student.encoder=mobilenet_v2', '--student.width=0.25', '--student.decoder_channels=16', '--pretrained=false'),
    *('--student.input_height=48', '--student.input_width=64', '--crop=[32, 48]'),
    *('--members=[{seed: 1, epochs: 1, batch_size: 2}, {seed: 2, epochs: 1, batch_size: 2}]',),
    '--student_fit={epochs: 1, batch_size: 2}',
]


def _block(kind: str) -> str:
    return re.findall(rf'```{kind}\n(.+?)```', SECTION, re.DOTALL)[0]


def _commands() -> list[list[str]]:
    lines = [line for block in re.findall(r'```sh\n(.+?)```', SECTION, re.DOTALL) for line in block.splitlines()]
    return [shlex.split(line) for line in lines]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What steps 1 to 3 leave, in the current folder: four frames of each drive that the page names."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for image, label in re.findall(r'(my_data/images/\S+)0001\.jpg +(my_data/labels/\S+)0001\.png', SECTION):
        for number in range(1, 5):
            ids = rng.integers(0, 3, (6, 8), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
            ids[:4] = 255
            noise = rng.integers(0, 60, (48, 64, 1), np.uint8)
            write(Path(f'{image}{number:04d}.jpg'), np.repeat(60 * (ids[..., None] % 4) + noise, 3, axis=2))
            write(Path(f'{label}{number:04d}.png'), ids)
    Path('my_data/classes.json').write_text(_block('json'))
    Path('my_data.yaml').write_text(_block('yaml'))
    return tmp_path


@pytest.mark.timeout(600)  # a whole training
def test_the_page_leads_from_images_to_a_model(folder: Path) -> None:
    from uncd_ros.model.store import load_model

    inspect, distill, demo = _commands()
    said = run_python(inspect[1], *inspect[2:])
    assert all(word in said for word in ('june (4)', '64x48 (4)', 'crop', '0 problems'))
    sheet = re.search(r'contact sheet: (\S+)', said)
    assert sheet and (folder / sheet[1]).is_file()
    run_python(distill[1], *distill[2:], *TINY)
    (model,) = (word.removeprefix('MODEL=') for word in demo if word.startswith('MODEL='))
    (source,) = (word.removeprefix('SOURCE=') for word in demo if word.startswith('SOURCE='))
    card = load_model(folder / model).card
    assert [info.name for info in card.classes] == ['soil', 'crop', 'sky']
    assert card.calibration_data.sequences == ('june',)
    assert (folder / source).is_dir() and (folder / 'runs/my_model/report.md').is_file()
    for name in re.findall(r'`(runs/my_model/[\w./]+)`', SECTION):
        assert (folder / name).exists(), name


def test_what_is_wrong_is_refused_by_training_in_one_line(folder: Path) -> None:
    write(folder / 'my_data/labels/may/0002.png', np.full((48, 64), 7, np.uint8))
    command = _commands()[1]
    with pytest.raises(
        pytest.fail.Exception, match=r'error: .*may/0002\.png: unknown label ids \[7\], expected 0 to 2'
    ):
        run_python(command[1], *command[2:], *TINY)
