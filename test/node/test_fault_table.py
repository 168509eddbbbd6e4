# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of a robot's day: each has a row in docs/troubleshooting.md, says what the code says, and is tested somewhere.

None leaves the diagnostics at OK; one at the start ends the process with one line and status 1.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from support.pages import PROJECT, TEXTS

TABLE = """
node/test_node_arguments.py
    unknown parameter | did you mean | test_unknown_parameter_is_refused_with_the_nearest_name
    no parameter file | Error opening YAML file | test_what_ros_does_not_take_is_one_line
    bad remapping | remap rule | test_what_ros_does_not_take_is_one_line
    domain out of range | ROS_DOMAIN_ID is | test_a_domain_that_ros_has_not_is_one_line
    no folder for logs | ROS failed to initialize logging | test_a_log_folder_that_cannot_be_made_is_one_line
    no such middleware | RMW_IMPLEMENTATION | test_a_middleware_that_is_not_there_is_named
node/test_launch_arguments.py
    launch argument | unknown launch argument | test_unknown_launch_argument_is_refused_where_this_file_is_launched
    parameter file no YAML | is not YAML | test_bad_parameter_file_is_one_line
    parameter file of another node | has nothing for | test_bad_parameter_file_is_one_line
    wrong type | a number such as 1.0 | test_bad_parameter_file_is_one_line
    fails again and again | times in a row | test_respawn_gives_up_after_failures_in_a_row
node/test_perception_node.py
    out of range | a whole number from 1 to 1000 | test_mistake_is_one_line_and_exit_status_1
    no model | not found | test_mistake_is_one_line_and_exit_status_1
    no such device | expected auto, cpu, cuda or cuda:N | test_mistake_is_one_line_and_exit_status_1
    driver without a camera | which sends nothing | test_silence_explains_itself
node/test_node_parameters.py
    not a choice | expected model or colour_blind | test_refusal_says_why_and_changes_nothing
    contradiction | expected 1 to ood.window | test_one_by_one_in_an_order_that_contradicts_itself
    parameter that is read too late | is read when the node is configured | test_refusal_says_why_and_changes_nothing
node/test_subscription.py
    override of QoS that is none | expected reliable, best_effort | test_an_override_that_is_none_is_refused
    only compressed images | set image_transport to compressed | test_a_driver_of_compressed_images_is_found
    type wrong | it has a publisher, which sends | test_a_publisher_of_another_type_is_named
model/test_store.py
    damaged model | SHA-256 is | test_damaged_weights
    weights of NaN | holds NaN or infinity | test_weights_that_cannot_be_meant_are_refused_by_their_values_alone
model/test_predictor.py
    no such GPU | but torch sees | test_a_device_that_is_not_there
node/test_node_shutdown.py
    no memory at the start | MemoryError | test_a_start_without_memory_is_told
node/test_image_faults.py
    black | black: | test_a_faulty_image_is_an_error
    saturated | saturated: | test_a_faulty_image_is_an_error
    blurred | blurred: | test_a_faulty_image_is_an_error
    frozen | frozen: | test_a_faulty_image_is_an_error
    truncated image | image data is | test_a_faulty_image_is_an_error
    empty image | expected at least 1x1 | test_a_faulty_image_is_an_error
    step too small | image step is | test_a_faulty_image_is_an_error
    unknown encoding | image encoding is ' | test_a_faulty_image_is_an_error
    one bad image | a moment ago: | test_a_single_bad_image_is_told_although_the_next_is_good
    size or encoding changes | images changed from | test_images_that_change_are_told
    camera_info of another shape | wrong size: | test_a_camera_info_that_does_not_fit_is_told
    camera_info of another size | camera_info of another stamp states | test_a_camera_info_that_does_not_fit_is_told
    camera_info of size 0 | camera_info states no size | test_a_camera_info_that_does_not_fit_is_told
    grey camera | model was calibrated on colour images | test_a_camera_unlike_the_calibration_is_told
    other aspect ratio | model was calibrated on the shape of | test_a_camera_unlike_the_calibration_is_told
    stamps of 0 | stamps are 0 | test_stamps_that_tell_no_time_are_a_warning
    stamps that stand still | stamps stand still at | test_stamps_that_tell_no_time_are_a_warning
    stamps of the future | s ahead of this node's clock | test_stamps_that_tell_no_time_are_a_warning
    stamps of another clock | s behind this node's clock | test_stamps_that_tell_no_time_are_a_warning
    stamps that go back | stamps went back by | test_stamps_that_tell_no_time_are_a_warning
node/test_faults.py
    camera twice | expected 1: their images are mixed | test_two_cameras_on_one_topic_are_named
    overload | the latest result came | test_results_that_come_too_late_are_told
    model removed while it runs | is gone: the loaded model goes on | test_missing_files_of_the_model_are_told
    model replaced while it runs | was changed: the loaded model goes on | test_changed_files_of_the_model_are_told
    damaged model while it runs | student.safetensors: SHA-256 is | test_a_model_that_cannot_be_loaded_is_told
    exception of the network | inference failed: | test_an_exception_of_the_network_is_an_error
    no number | inference failed: the image score is | test_a_score_that_is_no_number_is_an_error
    two nodes of one name | nodes are called | test_two_nodes_of_one_name_are_told
    disk full for logs | the disk is full | test_a_full_disk_for_logs_is_told
node/test_status.py
    camera never there | no image on | test_waiting_for_the_first_image_is_a_warning
node/test_heartbeat.py
    camera dead | silent: no image for | test_a_camera_that_falls_silent_and_comes_back
node/test_node_transport.py
    topic wrong | remap image_raw | test_wrong_topic_is_told_the_right_one
    QoS incompatible | than this node asks for | test_qos_of_every_topic_can_be_overridden
node/test_plain_camera.py
    losses | were lost on the way | test_losses_of_a_best_effort_camera_are_counted_and_the_remedies_told
images/test_encodings.py
    damaged JPEG | is damaged, expected a whole JPEG or PNG | test_compressed_image_is_decoded
node/test_node_camera_info.py
    camera_info stale | while images come | test_a_camera_info_that_stops
monitor/test_stamp_check.py
    no /clock | this node's clock is 0 | test_a_stamp_of_another_clock_is_named
node/test_nav2_labels.py
    model of other classes | has other classes than | test_a_switch_to_other_classes_is_refused_unless_that_is_wanted
model/test_fallback_predictor.py
    GPU fails | failed, predicting | test_lost_device_moves_it_to_the_cpu_and_back
model/test_engine_choice.py
    engine that cannot be trusted | is not used | test_what_cannot_be_trusted_falls_back_to_torch_with_one_warning
node/test_inference_failure.py
    a pass that does not return | inference has not returned for | test_a_pass_that_does_not_return
    a thread that ends | inference has ended: | test_a_worker_that_dies
node/test_surroundings.py
    disk read-only for logs | it is read-only | test_a_log_that_cannot_be_written_is_told
    unreadable profile of Fast DDS | so Fast DDS uses its defaults | test_a_profile_that_is_not_in_force_is_told
node/test_event_recorder_node.py
    nothing to record | to tell its cameras on /diagnostics | test_trigger_answers_with_the_bag
    little room on the disk | MB are free, expected | test_a_disk_without_room_is_a_warning_and_the_node_lives_on
recording/test_event_recorder.py
    memory too short | s of messages | test_memory_that_does_not_reach_back_is_told
    bag above the quota | one bag fills the quota of | test_a_bag_that_fills_the_quota_ends_early_and_is_kept
    slow disk | the disk is too slow, the bag ends early | test_a_disk_that_is_too_slow_ends_the_bag_early
    full disk | cannot be written ( | test_a_full_disk_is_one_sentence_and_the_next_bag_is_tried
recording/test_bag_folder.py
    folder taken | another event_recorder writes there | test_two_processes_do_not_share_a_folder
node/test_viewer_node.py
    port taken | cannot be listened on | test_a_port_that_is_taken_is_one_line
viewer/test_server.py
    page opened by a name | expected one of | test_other_web_sites_are_turned_away
"""
"""By file of the test: a fault, words by which the user knows it, and the test that shows it."""
WITH_VALUES = [
    'Error opening YAML file',
    'remap rule',
    'ROS failed to initialize logging',
    'RMW_IMPLEMENTATION',
    'unknown launch argument',
    'a whole number from 1 to 1000',
    'expected model or colour_blind',
    'expected reliable, best_effort',
    'MemoryError',
    'student.safetensors: SHA-256 is',
]
"""Words of which a part is a value, or which ROS or Python say."""


@dataclass(frozen=True)
class Fault:
    """See TABLE."""

    name: str
    told: str
    file: str
    test: str


def faults() -> Iterator[Fault]:
    file = ''
    for line in TABLE.strip().splitlines():
        if line.startswith(' '):
            name, told, test = line.strip().split(' | ')
            yield Fault(name, told, file, test)
        else:
            file = line


FAULTS = list(faults())
ROWS = [row.split(' | ')[0] for row in TEXTS['docs/troubleshooting.md'].splitlines() if row.startswith('| ')]


def said_by_the_code() -> str:
    """All texts in the sources; what stands between the values of a sentence is a text."""
    files = [*(PROJECT / 'uncd_ros').rglob('*.py'), *(PROJECT / 'launch').glob('*.py')]
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    return '\n'.join(str(node.value) for node in nodes if isinstance(node, ast.Constant))


def test_there_are_more_than_forty() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) > 40


@pytest.mark.parametrize('fault', FAULTS, ids=lambda fault: fault.name)
def test_each_has_a_row_and_a_test(fault: Fault) -> None:
    assert any(fault.told in row for row in ROWS), f'no row has {fault.told!r}'
    assert re.search(rf'^def {fault.test}\(', (PROJECT / 'test' / fault.file).read_text(), re.MULTILINE)


def test_the_page_has_the_words_of_the_code() -> None:
    texts = said_by_the_code()
    assert [fault.told for fault in FAULTS if fault.told not in texts] == WITH_VALUES
