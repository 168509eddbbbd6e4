# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Array in, prediction out, at any size and layout a camera gives."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from uncd_ros.classes import IGNORE_INDEX
from uncd_ros.errors import ConfigError, ImageError
from uncd_ros.model.card import UncertaintySpec
from uncd_ros.model.fit import CROP, FITS, LETTERBOX, STRETCH, Area
from uncd_ros.model.inference import infer
from uncd_ros.model.predictor import Prediction, Predictor
from uncd_ros.model.store import load_model
from uncd_ros.scores.image import IMAGE_SCORES, image_score
from uncd_ros.scores.pixel import PIXEL_UNCERTAINTIES, pixel_uncertainty
from uncd_ros.stopwatch import Stopwatch


@pytest.fixture(scope='module')
def predictor(tiny_model: Path) -> Predictor:
    return Predictor(load_model(tiny_model), device='cpu')


def _image(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def _assert_same(a: Prediction, b: Prediction) -> None:
    np.testing.assert_array_equal(a.labels, b.labels)
    np.testing.assert_array_equal(a.uncertainty, b.uncertainty)
    assert a.score == b.score


@pytest.mark.parametrize('size', [(48, 64), (37, 91), (480, 640), (1, 1)])
def test_prediction_has_the_image_size(predictor: Predictor, size: tuple[int, int]) -> None:
    prediction = predictor.predict(_image(*size))
    assert prediction.labels.shape == prediction.uncertainty.shape == size
    assert prediction.labels.dtype == np.uint8 and prediction.uncertainty.dtype == np.float32
    assert prediction.labels.max() < 5
    assert 0.0 <= prediction.uncertainty.min() and prediction.uncertainty.max() <= 0.5


def test_prediction_is_the_student_s_own_output(predictor: Predictor, tiny_model: Path) -> None:
    image = _image(48, 64)
    student = load_model(tiny_model).student
    with torch.no_grad():
        output = student(student.preprocess(torch.from_numpy(image)[None]))
    prediction = predictor.predict(image)
    expected = output.logits.argmax(1)[0].numpy()
    # Folded batch norms may turn a tie; nothing else may differ.
    assert (prediction.labels == expected).mean() > 0.999
    std = output.std.gather(1, output.logits.argmax(1, keepdim=True))[0, 0].numpy()
    np.testing.assert_allclose(prediction.uncertainty, std, atol=1e-3)
    assert prediction.score == pytest.approx(float(std.mean()), abs=1e-4)


def test_confidence_is_computed_when_it_is_asked_for(predictor: Predictor) -> None:
    image = _image(37, 91)
    plain, found = predictor.predict(image), predictor.predict(image, confidence=True)
    assert plain.confidence is None
    _assert_same(found, plain)
    assert found.confidence is not None and found.confidence.dtype == np.uint8
    assert found.confidence.shape == (37, 91)
    # The ends of the tiny model's table.
    assert round(255 * 0.1) <= found.confidence.min() <= found.confidence.max() <= round(255 * 0.9)


@pytest.mark.parametrize('score', IMAGE_SCORES)
@pytest.mark.parametrize('uncertainty', PIXEL_UNCERTAINTIES)
def test_what_is_left_out_changes_nothing_that_is_served(tiny_model: Path, uncertainty: str, score: str) -> None:
    stored = load_model(tiny_model)
    spec = UncertaintySpec(
        name=uncertainty, upper=PIXEL_UNCERTAINTIES[uncertainty].upper, candidates={uncertainty: 'as it says'}
    )
    card = replace(stored.card, uncertainty=spec, image_score=score)
    x = stored.student.preprocess(torch.from_numpy(_image(48, 64))[None])
    with torch.no_grad():
        whole, output = stored.student(x), infer(stored.student, card, x)
    expected = pixel_uncertainty(uncertainty, whole)
    torch.testing.assert_close(output.uncertainty, expected, rtol=1e-5, atol=1e-6)
    found = output.score(score, 0, Area(top=0, left=0, height=48, width=64))
    assert found == pytest.approx(float(image_score(score, whole, expected)), rel=1e-5, abs=1e-6)
    assert torch.equal(output.labels, whole.labels().byte())


def test_a_bgr_view_and_padded_rows_give_the_same(predictor: Predictor) -> None:
    image = _image(60, 80)
    expected = predictor.predict(image)
    _assert_same(predictor.predict(np.ascontiguousarray(image[..., ::-1])[..., ::-1]), expected)
    padded = np.zeros((60, 100, 3), np.uint8)
    padded[:, :80] = image
    _assert_same(predictor.predict(padded[:, :80]), expected)


def test_a_letterboxed_image_is_the_middle_of_a_padded_one(tiny_model: Path) -> None:
    model, image = load_model(tiny_model), _image(36, 64)
    canvas = np.full((48, 64, 3), 127, np.uint8)  # the mean colour of the tiny model
    canvas[6:42] = image
    (whole,), (output,) = Predictor(model, device='cpu').predict_with_output(
        [canvas], Stopwatch(), confidence=True, all_maps=True
    )
    (found,), (of_image,) = Predictor(model, device='cpu', fit=LETTERBOX).predict_with_output(
        [image], Stopwatch(), confidence=True, all_maps=True
    )
    assert found.seen == Area(top=0, left=0, height=36, width=64)
    np.testing.assert_array_equal(found.labels, whole.labels[6:42])
    np.testing.assert_array_equal(found.uncertainty, whole.uncertainty[6:42])
    assert found.confidence is not None and whole.confidence is not None
    np.testing.assert_array_equal(found.confidence, whole.confidence[6:42])
    # The tiny model's score is the mean uncertainty: that of the padding does not count.
    assert found.score == pytest.approx(float(whole.uncertainty[6:42].mean()), abs=1e-6)
    torch.testing.assert_close(of_image.logits, output.logits[:, :, 6:42])


def test_a_cropped_image_has_labels_in_the_middle_alone(tiny_model: Path) -> None:
    model, image = load_model(tiny_model), _image(96, 172)
    middle = Predictor(model, device='cpu', fit=CROP).predict(image[:, 22:150], confidence=True)
    found = Predictor(model, device='cpu', fit=CROP).predict(image, confidence=True)
    assert found.seen == Area(top=0, left=22, height=96, width=128)
    assert found.score == middle.score
    outside = np.r_[0:22, 150:172]
    for maps, of_middle, value in (
        (found.labels, middle.labels, IGNORE_INDEX),
        (found.uncertainty, middle.uncertainty, 0.5),  # the upper end of the tiny model's
        (found.confidence, middle.confidence, 0),
    ):
        assert maps is not None and of_middle is not None
        assert maps.shape == (96, 172) and maps.dtype == of_middle.dtype
        np.testing.assert_array_equal(maps[:, 22:150], of_middle)
        assert np.unique(maps[:, outside]).tolist() == [value]


@pytest.mark.parametrize('fit', FITS)
def test_an_image_of_the_network_s_shape_is_not_touched(
    tiny_model: Path, fit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, image = load_model(tiny_model), _image(480, 640)
    expected = Predictor(model, device='cpu', fit=STRETCH).predict(image, confidence=True)
    for name in ('uncd_ros.model.inference._padded', 'uncd_ros.model.predictor.np.full'):
        monkeypatch.setattr(name, lambda *_: pytest.fail('a copy that is not needed'))
    found = Predictor(model, device='cpu', fit=fit).predict(image, confidence=True)
    _assert_same(found, expected)
    np.testing.assert_array_equal(found.confidence, expected.confidence)


def test_predictions_do_not_share_memory(predictor: Predictor) -> None:
    first = predictor.predict(_image(48, 64))
    kept = first.labels.copy()
    predictor.predict(np.zeros((48, 64, 3), np.uint8))
    np.testing.assert_array_equal(first.labels, kept)


@pytest.mark.parametrize(
    'image', [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), 'u1')]
)
def test_what_is_no_image_is_refused(predictor: Predictor, image: NDArray[np.uint8]) -> None:
    with pytest.raises(ImageError, match=r'expected uint8 \(H, W, 3\)'):
        predictor.predict(image)


def test_a_batch_of_any_sizes_gives_what_each_image_gives(predictor: Predictor) -> None:
    images = [_image(48, 64), _image(37, 91), _image(60, 80)[..., ::-1]]
    watch = Stopwatch()
    for image, found in zip(images, predictor.predict_batch(images, watch), strict=True):
        alone = predictor.predict(image)
        # Another batch size may sum in another order, which may turn a tie; nothing else may differ.
        assert np.mean(found.labels == alone.labels) > 0.999
        np.testing.assert_allclose(found.uncertainty, alone.uncertainty, atol=1e-4)
        assert found.score == pytest.approx(alone.score, abs=1e-5)
    assert list(watch.seconds) == ['upload', 'forward', 'download']


def test_one_bad_image_in_a_batch_is_refused(predictor: Predictor) -> None:
    with pytest.raises(ImageError, match='expected uint8'):
        predictor.predict_batch([_image(4, 4), np.zeros((4, 4), np.uint8)], Stopwatch())


@pytest.mark.parametrize('device', ['tpu9', 'cuda:99', ''])
def test_a_device_that_is_not_there(tiny_model: Path, device: str) -> None:
    with pytest.raises(ConfigError, match=f"device is '{device}'"):
        Predictor(load_model(tiny_model), device=device)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='no CUDA device')
def test_cuda_agrees_with_the_cpu(predictor: Predictor, tiny_model: Path) -> None:
    image = _image(240, 320)
    ours, theirs = predictor.predict(image), Predictor(load_model(tiny_model), device='cuda').predict(image)
    assert (ours.labels == theirs.labels).mean() > 0.99
    assert theirs.score == pytest.approx(ours.score, rel=1e-2)


def test_the_anomaly_is_computed_when_asked_for_and_changes_nothing_else(anomaly_model: Path) -> None:
    predictor = Predictor(load_model(anomaly_model), device='cpu')
    image = np.random.default_rng(4).integers(0, 256, (96, 128, 3), np.uint8)
    plain, found = predictor.predict(image), predictor.predict(image, anomaly=True)
    assert plain.anomaly is None and found.anomaly is not None
    assert found.anomaly.shape == (96, 128) and np.ptp(found.anomaly) > 0
    np.testing.assert_array_equal(found.labels, plain.labels)
    assert found.score == pytest.approx(plain.score)


def test_what_a_cropped_image_does_not_show_is_not_anomalous(alarmed_model: Path) -> None:
    predictor = Predictor(load_model(alarmed_model), device='cpu', fit=CROP)
    found = predictor.predict(np.zeros((48, 128, 3), np.uint8), anomaly=True)
    assert found.anomaly is not None
    assert (found.anomaly[found.seen.index] == 255).all()
    assert not found.anomaly[:, : found.seen.left].any()


def test_a_model_without_the_score_has_no_anomaly(tiny_model: Path) -> None:
    assert (
        Predictor(load_model(tiny_model), device='cpu').predict(np.zeros((48, 64, 3), np.uint8), anomaly=True).anomaly
        is None
    )
