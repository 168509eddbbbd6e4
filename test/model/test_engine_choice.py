# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which engine runs a model: the fastest that gives torch's results; what cannot be trusted is refused, never used."""

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip('openvino', reason='needs the extra openvino')

from support.exported_model import edit_engine
from support.untrained_model import save_untrained
from uncd_ros.errors import ConfigError
from uncd_ros.model import engine_choice, openvino_engine
from uncd_ros.model.engine_choice import EngineChoice, choose_engine
from uncd_ros.model.engine_wish import EngineWish
from uncd_ros.model.fallback_predictor import load_predictor
from uncd_ros.model.fit import FITS
from uncd_ros.model.predictor import Predictor
from uncd_ros.model.store import load_card, load_model
from uncd_ros.network.student import StudentConfig
from uncd_ros.stopwatch import Stopwatch

OPENVINO_F32 = EngineWish(engine='openvino', precision='f32')
IMAGE = np.random.default_rng(0).integers(0, 256, (60, 91, 3), np.uint8)


@pytest.fixture
def folder(exported_model: Path, tmp_path: Path) -> Path:
    """An exported model, to be damaged."""
    copy = tmp_path / 'tiny'
    shutil.copytree(exported_model, copy)
    return copy


def choose(folder: Path, wish: EngineWish = OPENVINO_F32) -> EngineChoice:
    return choose_engine(load_model(folder), 'cpu', wish, check=lambda: None)


def record(folder: Path, name: str = 'openvino_f32') -> Path:
    return folder / 'engines' / f'{name}.json'


@pytest.mark.parametrize('fit', FITS)
@pytest.mark.parametrize('size', [(48, 64), (96, 128), (36, 64), (48, 91)])
def test_openvino_gives_what_torch_gives(exported_model: Path, fit: str, size: tuple[int, int]) -> None:
    model, image = load_model(exported_model), np.resize(IMAGE, (*size, 3))[..., ::-1]
    expected = Predictor(model, device='cpu', fit=fit).predict(image, confidence=True)
    choice = choose(exported_model)
    predictor = Predictor(model, fit=fit, engine=choice.engine)
    found = predictor.predict(image, confidence=True)
    assert (choice.engine.name, choice.engine.precision, choice.warning) == ('openvino', 'f32', '')
    assert np.mean(found.labels == expected.labels) > 0.999
    np.testing.assert_allclose(found.uncertainty, expected.uncertainty, atol=1e-4)
    assert found.score == pytest.approx(expected.score, abs=1e-5)
    assert found.confidence is not None and found.confidence.shape == size
    assert predictor.predict(image).confidence is None


def test_results_of_two_images_do_not_share_memory(exported_model: Path) -> None:
    predictor = Predictor(load_model(exported_model), engine=choose(exported_model).engine)
    watch = Stopwatch()
    first, second = predictor.predict_batch([IMAGE[:48, :64], IMAGE], watch)
    assert not np.shares_memory(first.uncertainty, second.uncertainty)
    np.testing.assert_array_equal(first.labels, predictor.predict(IMAGE[:48, :64]).labels)
    assert list(watch.seconds) == ['upload', 'forward', 'download']


def pretend(folder: Path, precision: str) -> None:
    """Another engine of the same files, calibrated, on whatever CPU the test runs."""
    target = record(folder, f'openvino_{precision}')
    shutil.copy(record(folder), target)
    edit_engine(target, lambda content: content.update(precision=precision))


def pretend_cpu(flags: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this CPU have these features and no other."""
    cpuinfo = folder / 'cpuinfo'
    cpuinfo.write_text(f'flags : {flags}\n')
    monkeypatch.setattr(openvino_engine, '_CPUINFO', cpuinfo)


def test_auto_takes_the_fastest(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(folder, 'int8')
    pretend_cpu('avx512_vnni', tmp_path, monkeypatch)
    times = {'openvino f32': 3.0, 'openvino int8': 2.0, 'torch f32': 9.0}
    monkeypatch.setattr(
        engine_choice, '_time', lambda engines, *_: [times[f'{each.name} {each.precision}'] for each in engines]
    )
    choice = choose(folder, EngineWish(precision='int8'))
    assert (choice.engine.name, choice.engine.precision) == ('openvino', 'int8')
    times['torch f32'] = 1.0
    choice = choose(folder, EngineWish(precision='f32'))
    assert choice.engine.name == 'torch'
    assert choice.summary == (
        'engine torch f32, the fastest here (milliseconds per pass: openvino f32 3.0, torch f32 1.0)'
    )


def test_a_model_without_engines_runs_by_torch(tiny_model: Path) -> None:
    choice = choose(tiny_model, EngineWish())
    assert (choice.engine.name, choice.summary, choice.warning) == ('torch', 'engine torch f32', '')
    wished = choose(tiny_model, EngineWish(engine='openvino', precision='int8'))
    assert wished.engine.name == 'torch'
    assert wished.warning == f'engine openvino int8 is not used: {tiny_model} holds none: torch f32 runs'
    assert 'engine auto bf16 is not used' in choose(tiny_model, EngineWish(precision='bf16')).warning


def test_torch_has_one_precision() -> None:
    with pytest.raises(ConfigError, match='precision is int8, but engine torch computes in f32'):
        EngineWish(engine='torch', precision='int8')


def damage(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        data = bytearray((folder / 'engines' / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / 'engines' / name).write_bytes(bytes(data))

    return change


def edit(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    return lambda folder: edit_engine(record(folder), change)


def another_model(folder: Path) -> None:
    config = load_card(folder).student
    torch.manual_seed(1)
    engines = folder / 'engines'
    shutil.move(engines, folder.parent / 'engines')
    shutil.rmtree(folder)
    save_untrained(folder, config)
    shutil.move(folder.parent / 'engines', engines)


def another_size(folder: Path) -> None:
    config: StudentConfig = replace(load_card(folder).student, input_width=80)
    engines = folder / 'engines'
    shutil.move(engines, folder.parent / 'engines')
    shutil.rmtree(folder)
    save_untrained(folder, config)
    shutil.move(folder.parent / 'engines', engines)


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        (damage('openvino_f32.bin'), r'openvino_f32\.bin: SHA-256 is'),
        (damage('openvino_f32.xml'), r'openvino_f32\.xml: SHA-256 is'),
        (lambda folder: (folder / 'engines/openvino_f32.bin').unlink(), r'openvino_f32\.bin: cannot be read'),
        (damage('openvino_f32.json'), r'openvino_f32\.json: '),
        (another_model, 'made from another model, expected one that was exported from'),
        (another_size, 'made for images of 64x48, expected 80x48'),
        (edit(lambda content: content.update(input_width=80)), 'made for images of 80x48, expected 64x48'),
        (edit(lambda content: content.update(files={})), r'files are \[\], expected one \.xml and one \.bin'),
        (edit(lambda content: content['probe'].update(score_shift=1.0)), r'expected \+1\.000, give or take'),
        (
            edit(lambda content: content.update(calibration=None, refusal='it has no calibration of its own')),
            'it has no calibration of its own',
        ),
        (edit(lambda content: content.update(precision='f16')), "precision is 'f16', expected f32, bf16 or int8"),
        (edit(lambda content: content['parity'].update(labels_equal=2.0)), 'labels_equal is 2.0, expected 0 to 1'),
    ],
)
def test_what_cannot_be_trusted_falls_back_to_torch_with_one_warning(
    folder: Path, change: Callable[[Path], None], reason: str
) -> None:
    change(folder)
    predictor = load_predictor(folder, 'cpu', wish=OPENVINO_F32, check=lambda: None)
    assert predictor.engine.name == 'torch'
    assert predictor.degraded_reason == predictor.engine_warning
    assert predictor.engine_warning.startswith('engine openvino f32 is not used: ')
    assert predictor.engine_warning.endswith(': torch f32 runs')
    assert re.search(reason, predictor.engine_warning), predictor.engine_warning
    expected = Predictor(load_model(folder), device='cpu').predict(IMAGE)
    (found,) = predictor.predict([IMAGE], Stopwatch())
    np.testing.assert_array_equal(found.labels, expected.labels)


def test_an_engine_that_computes_something_else_is_refused(folder: Path) -> None:
    # Its files are those of its record; only a pass tells that its weights are not the model's.
    weights = folder / 'engines/openvino_f32.bin'
    data = bytearray(weights.read_bytes())
    for place in re.finditer(
        r'element_type="f32"[^>]* offset="(\d+)" size="(\d+)"', weights.with_suffix('.xml').read_text()
    ):
        offset, size = map(int, place.groups())
        data[offset : offset + size] = bytes(size)
    weights.write_bytes(data)
    sha = hashlib.sha256(weights.read_bytes()).hexdigest()
    edit_engine(record(folder), lambda content: content['files'].update({weights.name: sha}))
    assert 'give or take 1.0%' in choose(folder).warning


@pytest.mark.parametrize(('precision', 'flag'), [('int8', 'avx512_vnni'), ('bf16', 'avx512_bf16')])
def test_a_cpu_without_the_feature_falls_back(
    folder: Path, tmp_path: Path, precision: str, flag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(folder, precision)
    pretend_cpu('fpu sse2 avx2', tmp_path, monkeypatch)
    choice = choose(folder, EngineWish(engine='openvino', precision=precision))
    assert choice.engine.name == 'torch'
    assert f'the CPU has none of {flag}' in choice.warning


def test_what_this_machine_cannot_run_is_no_warning_while_another_engine_runs(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(folder, 'int8')
    pretend_cpu('fpu sse2 avx2', tmp_path, monkeypatch)
    choice = choose(folder, EngineWish(engine='openvino'))
    assert (choice.engine.precision, choice.warning) == ('f32', '')
    assert 'engine openvino int8 is not used: the CPU has none of avx512_vnni' in choice.summary


def test_a_missing_openvino_is_a_warning_only_to_who_asks_for_it(
    exported_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f'No module named {name!r}')

    monkeypatch.setattr(openvino_engine, 'import_module', missing)
    monkeypatch.setattr(openvino_engine, 'find_spec', lambda _: None)
    assert choose(exported_model, EngineWish()).warning == ''
    assert "pip install 'uncd_ros[openvino]'" in choose(exported_model).warning


def test_the_flag_has_the_threshold_of_the_engine(folder: Path) -> None:
    edit_engine(
        record(folder),
        lambda content: content['calibration']['ood'].update(calibration_scores=[1.0, 2.0], effective_n=2),
    )
    predictor = load_predictor(folder, 'cpu', wish=OPENVINO_F32, check=lambda: None)
    assert predictor.card.ood.calibration_scores == (1.0, 2.0)
    assert predictor.card.name == 'tiny'
