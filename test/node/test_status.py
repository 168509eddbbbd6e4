# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What /diagnostics says when all is well, and when something is not."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from diagnostic_msgs.msg import DiagnosticStatus

from uncd_ros.model.fallback_predictor import FallbackPredictor, load_predictor
from uncd_ros.node.decisions import CameraState
from uncd_ros.node.status import CameraFacts, camera_status, model_status
from uncd_ros.node.telemetry import Snapshot


@pytest.fixture(scope='module')
def predictor(tiny_model: Path) -> FallbackPredictor:
    return load_predictor(tiny_model, 'cpu', check=lambda: None)


@pytest.fixture
def of_camera(predictor: FallbackPredictor) -> Callable[..., DiagnosticStatus]:
    """The status of a camera; what is not given is well."""

    def status(
        *,
        received: int = 9,
        silence: float = 0.1,
        fault: str = '',
        stall: str = '',
        stamp_fault: str = '',
        info_fault: str = '',
        lost: int = 0,
        lost_share: float = 0.0,
        delay: float = 0.1,
        silence_cause: str = '',
        notes: Sequence[str] = (),
    ) -> DiagnosticStatus:
        counts = Snapshot(
            received=received,
            processed=6,
            dropped=2,
            faults=1,
            lost=lost,
            lost_share=lost_share,
            delay=delay,
            unfinished=0,
            fps=9.87,
            fps_in=12.345,
            latency_ms=(1.0, 2.0, 3.0),
            stage_ms={'receive': (4.0, 5.0, 6.0), 'forward': (0.5, 0.6, 0.7)},
            silence=silence,
        )
        state = CameraState(alarms=4, fault=fault, info_mismatches=5, info_fault=info_fault)
        facts = CameraFacts(
            topic='/front/image_raw',
            counts=counts,
            state=state,
            stall=stall,
            silence_cause=silence_cause,
            stamp_fault=stamp_fault,
            notes=notes,
        )
        return camera_status('name', facts, predictor, 2.0)

    return status


def values_of(status: DiagnosticStatus) -> dict[str, str]:
    return {each.key: each.value for each in status.values}


def test_camera_that_is_well(of_camera: Callable[..., DiagnosticStatus]) -> None:
    status = of_camera()
    assert status.hardware_id == '/front/image_raw'
    assert (status.level, status.message) == (DiagnosticStatus.OK, '9.9 images per second')
    assert values_of(status) == {
        'received': '9',
        'processed': '6',
        'dropped': '2',
        'faults': '1',
        'lost': '0',
        'alarms': '4',
        'obstacles': '0',
        'info_mismatches': '5',
        'fps': '9.87',
        'fps_in': '12.35',
        'device': 'cpu',
        'model': 'tiny',
        'stamps': 'ok',
        'latency_ms_p50': '1.0',
        'latency_ms_p95': '2.0',
        'latency_ms_p99': '3.0',
        'receive_ms_p50': '4.0',
        'receive_ms_p95': '5.0',
        'receive_ms_p99': '6.0',
        'forward_ms_p50': '0.5',
        'forward_ms_p95': '0.6',
        'forward_ms_p99': '0.7',
    }


def test_silence_is_an_error(of_camera: Callable[..., DiagnosticStatus]) -> None:
    assert of_camera(silence=1.9).level == DiagnosticStatus.OK
    status = of_camera(silence=7.2)
    assert (status.level, status.message) == (DiagnosticStatus.ERROR, 'no image on /front/image_raw for 7 s')


def test_waiting_for_the_first_image_is_a_warning(of_camera: Callable[..., DiagnosticStatus]) -> None:
    status = of_camera(received=0)
    assert (status.level, status.message) == (DiagnosticStatus.WARN, 'no image on /front/image_raw yet')
    assert of_camera(received=0, silence=7.2).level == DiagnosticStatus.ERROR


def test_stamps_that_tell_no_time_are_a_warning_and_no_number(of_camera: Callable[..., DiagnosticStatus]) -> None:
    status = of_camera(stamp_fault='stamps are 0, expected the time')
    assert (status.level, status.message) == (
        DiagnosticStatus.WARN,
        '/front/image_raw: stamps are 0, expected the time',
    )
    values = values_of(status)
    assert values['stamps'] == 'stamps are 0, expected the time'
    assert {values[f'{stage}_ms_p50'] for stage in ('receive', 'end_to_end')} == {'unknown'}
    assert (values['latency_ms_p50'], values['forward_ms_p50']) == ('1.0', '0.5')


def test_warnings_of_a_camera_are_told_together_and_beside_a_fault(
    of_camera: Callable[..., DiagnosticStatus],
) -> None:
    status = of_camera(stamp_fault='stamps are 0', info_fault='no camera_info for 7 s')
    assert status.level == DiagnosticStatus.WARN
    assert all(fact in status.message for fact in ('stamps are 0', 'no camera_info for 7 s'))
    status = of_camera(stamp_fault='stamps are 0', fault='black')
    assert (status.level, status.message) == (DiagnosticStatus.ERROR, 'black; /front/image_raw: stamps are 0')


def test_losses_are_a_warning_with_the_remedies(of_camera: Callable[..., DiagnosticStatus]) -> None:
    status = of_camera(lost=3, lost_share=0.03)
    assert (status.level, values_of(status)['lost']) == (DiagnosticStatus.WARN, '3')
    facts = ('3% of the images on /front/image_raw', 'reliable', 'large-image profile', 'compressed', 'docs/cameras.md')
    assert all(fact in status.message for fact in facts)
    assert of_camera(lost=2, lost_share=0.02).level == DiagnosticStatus.OK
    assert of_camera(lost=3, lost_share=0.03, fault='black').message.startswith('black; 3% of the images')
    silent = of_camera(silence=7.2, lost=30, lost_share=1.0)
    assert silent.level == DiagnosticStatus.ERROR
    assert silent.message.startswith('no image on /front/image_raw for 7 s; 100% of the images on /front/image_raw')


def test_silence_has_its_cause(of_camera: Callable[..., DiagnosticStatus]) -> None:
    status = of_camera(silence=7.2, silence_cause='nobody publishes it')
    assert status.message == 'no image on /front/image_raw for 7 s: nobody publishes it'


def test_results_that_come_too_late_are_a_warning(of_camera: Callable[..., DiagnosticStatus]) -> None:
    status = of_camera(delay=2.1)
    assert status.level == DiagnosticStatus.WARN
    assert all(fact in status.message for fact in ('2.1 s', 'expected 2 s', 'silent_after', 'device cpu'))
    assert of_camera(delay=2.0).level == DiagnosticStatus.OK


def test_notes_are_warnings(of_camera: Callable[..., DiagnosticStatus]) -> None:
    status = of_camera(notes=('', '2 publishers'))
    assert (status.level, status.message) == (DiagnosticStatus.WARN, '2 publishers')
    assert of_camera(notes=('',)).level == DiagnosticStatus.OK
    assert of_camera(notes=('2 publishers',), fault='black').level == DiagnosticStatus.ERROR


def test_fault_is_an_error(of_camera: Callable[..., DiagnosticStatus]) -> None:
    status = of_camera(fault='black: 99% of the image is dark')
    assert (status.level, status.message) == (DiagnosticStatus.ERROR, 'black: 99% of the image is dark')


def test_stall_is_an_error_that_outweighs_all_else(of_camera: Callable[..., DiagnosticStatus]) -> None:
    status = of_camera(stall='inference has not returned for 9 s', silence=7.2, fault='black')
    assert (status.level, status.message) == (DiagnosticStatus.ERROR, 'inference has not returned for 9 s')


def test_model_is_identified(predictor: FallbackPredictor) -> None:
    status = model_status('/robot1/segmentation', predictor, [], [])
    assert (status.name, status.hardware_id) == ('robot1/segmentation: model', 'robot1/segmentation: cpu')
    assert (status.level, status.message) == (DiagnosticStatus.OK, 'tiny as calibrated')
    values = values_of(status)
    assert values['weights'] == predictor.card.weights_sha256[:12]
    assert (values['input'], values['engine'], values['precision']) == ('64x48', 'torch', 'f32')
    assert values['device_memory_mb'] == '0.0'
    assert float(values['memory_mb']) > 10.0


def test_warnings_and_mismatches_are_reported(predictor: FallbackPredictor) -> None:
    status = model_status('/segmentation', predictor, ['device cuda failed'], [])
    assert (status.level, status.message) == (DiagnosticStatus.WARN, 'device cuda failed')
    status = model_status('/segmentation', predictor, ['a warning'], ['one thing', 'another'])
    assert (status.level, status.message) == (DiagnosticStatus.ERROR, 'one thing; another; a warning')
