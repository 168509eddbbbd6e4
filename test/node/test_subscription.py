# Copyright 2026 The uncd_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is asked of a topic's publishers, why none of them may be heard, and what becomes of a subscription."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip('rclpy', reason='needs rclpy and the message packages')

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from support.ros_harness import Probe
from uncd_ros.errors import ConfigError
from uncd_ros.node import subscription
from uncd_ros.node.qos import Offer, best_reliability, explain_crowd, explain_silent_publishers
from uncd_ros.node.subscription import AdaptiveSubscription

RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT
IMAGE, STRING = 'sensor_msgs/msg/Image', 'std_msgs/msg/String'
OVERRIDE = 'qos_overrides./image_raw.subscription.reliability'


def offered(*reliabilities: ReliabilityPolicy, kind: str = IMAGE) -> list[Offer]:
    return [Offer(kind=kind, reliability=each, node='/usb_cam') for each in reliabilities]


@pytest.mark.parametrize(
    ('offers', 'before', 'asked'),
    [
        ([], RELIABLE, RELIABLE),
        ([], BEST_EFFORT, BEST_EFFORT),
        (offered(RELIABLE), BEST_EFFORT, RELIABLE),
        (offered(BEST_EFFORT), RELIABLE, BEST_EFFORT),
        (offered(RELIABLE, RELIABLE), BEST_EFFORT, RELIABLE),
        (offered(RELIABLE, BEST_EFFORT), RELIABLE, BEST_EFFORT),
        (offered(RELIABLE) + offered(BEST_EFFORT, kind=STRING), BEST_EFFORT, RELIABLE),
        (offered(BEST_EFFORT, kind=STRING), RELIABLE, RELIABLE),
    ],
)
def test_reliable_only_if_every_publisher_of_the_type_is(
    offers: list[Offer], before: ReliabilityPolicy, asked: ReliabilityPolicy
) -> None:
    assert best_reliability(offers, IMAGE, before) == asked


@pytest.mark.parametrize(
    ('offers', 'asked', 'reason'),
    [
        (offered(RELIABLE), RELIABLE, 'which sends nothing'),
        (offered(BEST_EFFORT), BEST_EFFORT, 'which sends nothing'),
        (offered(RELIABLE, kind=STRING), RELIABLE, f'which sends {STRING}, expected {IMAGE}'),
        (offered(BEST_EFFORT), RELIABLE, f'which offers best_effort, less than {OVERRIDE} asks for'),
    ],
)
def test_a_publisher_that_is_not_heard_has_a_reason(offers: list[Offer], asked: ReliabilityPolicy, reason: str) -> None:
    assert explain_silent_publishers(offers, '/image_raw', IMAGE, asked) == f'it has a publisher, {reason}'


@pytest.fixture
def probe() -> Iterator[Probe]:
    probe = Probe()
    yield probe
    probe.close()


def subscribe(probe: Probe, lost: list[int] | None = None) -> AdaptiveSubscription:
    """To images, by the probe's node."""
    group = MutuallyExclusiveCallbackGroup()
    on_lost = None if lost is None else lost.append
    return AdaptiveSubscription(probe.node, Image, 'image_raw', lambda _: None, group, on_lost)


def asked(probe: Probe) -> list[ReliabilityPolicy]:
    """By the subscriptions to images that there are."""
    return [each.qos_profile.reliability for each in probe.node.get_subscriptions_info_by_topic('/image_raw')]


def test_it_follows_the_publishers_until_it_is_destroyed(probe: Probe) -> None:
    follower = subscribe(probe)
    assert asked(probe) == [RELIABLE]

    def follows(wanted: ReliabilityPolicy) -> bool:
        follower.follow_publishers()
        return asked(probe) == [wanted]

    steady = probe.node.create_publisher(Image, 'image_raw', 5)
    other = probe.node.create_publisher(Image, 'image_raw', QoSProfile(depth=5, reliability=BEST_EFFORT))
    probe.until(lambda: follows(BEST_EFFORT))
    probe.node.destroy_publisher(other)
    probe.until(lambda: follows(RELIABLE))
    probe.node.destroy_publisher(steady)
    probe.until(lambda: not probe.node.count_publishers('/image_raw'))
    follower.follow_publishers()
    assert asked(probe) == [RELIABLE]
    probe.node.create_publisher(Image, 'image_raw', QoSProfile(depth=5, reliability=BEST_EFFORT))
    probe.until(lambda: probe.node.count_publishers('/image_raw'))
    follower.destroy()
    follower.follow_publishers()
    probe.until(lambda: not asked(probe))


@pytest.mark.parametrize('value', ['reliable', 'best_effort', 'best_available'])
def test_an_override_is_kept_whatever_is_offered(probe: Probe, value: str) -> None:
    override(probe, value)
    publishers = {
        each: probe.node.create_publisher(Image, 'image_raw', QoSProfile(depth=5, reliability=each))
        for each in (RELIABLE, BEST_EFFORT)
    }
    probe.until(lambda: probe.node.count_publishers('/image_raw') == 2)
    follower = subscribe(probe)
    probe.until(lambda: asked(probe) == [RELIABLE if value == 'reliable' else BEST_EFFORT])
    probe.node.destroy_publisher(publishers[BEST_EFFORT])
    probe.until(lambda: probe.node.count_publishers('/image_raw') == 1)
    follower.follow_publishers()
    probe.until(lambda: asked(probe) == [BEST_EFFORT if value == 'best_effort' else RELIABLE])


def override(probe: Probe, value: str) -> None:
    """As a parameter of the command line does."""
    probe.node._parameter_overrides[OVERRIDE] = Parameter(OVERRIDE, value=value)


def test_an_override_that_is_none_is_refused(probe: Probe) -> None:
    override(probe, 'often')
    expected = f"parameter {OVERRIDE} is 'often', expected reliable, best_effort, system_default, best_available"
    with pytest.raises(ConfigError, match=expected):
        subscribe(probe)


def test_losses_are_counted_once_although_events_tell_totals(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    callbacks: list[Any] = []
    events = subscription.SubscriptionEventCallbacks
    monkeypatch.setattr(
        subscription, 'SubscriptionEventCallbacks', lambda **each: callbacks.append(each) or events(**each)
    )
    lost: list[int] = []
    follower = subscribe(probe, lost)
    for total in (3, 3, 10):
        callbacks[-1]['message_lost'](SimpleNamespace(total_count=total))
    assert lost == [3, 0, 7]
    publisher = probe.node.create_publisher(Image, 'image_raw', QoSProfile(depth=5, reliability=BEST_EFFORT))
    probe.until(lambda: follower.follow_publishers() or len(callbacks) == 2)
    callbacks[-1]['message_lost'](SimpleNamespace(total_count=2))  # the new subscription begins at 0
    assert sum(lost) == 12
    probe.node.destroy_publisher(publisher)


def test_a_middleware_that_tells_of_no_losses_is_no_obstacle(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    class Events(subscription.SubscriptionEventCallbacks):
        def create_event_handlers(self, *args: Any) -> Any:
            if self.message_lost:
                raise subscription.UnsupportedEventTypeError('not here')
            return super().create_event_handlers(*args)

    monkeypatch.setattr(subscription, 'SubscriptionEventCallbacks', Events)
    subscribe(probe, [])
    probe.until(lambda: asked(probe) == [RELIABLE])


def test_a_publisher_of_another_type_is_named(probe: Probe) -> None:
    follower, other = subscribe(probe), Probe()
    other.node.create_publisher(CompressedImage, 'image_raw', 5)
    told = f'it has a publisher, which sends sensor_msgs/msg/CompressedImage, expected {IMAGE}'
    probe.until(lambda: follower.explain_silence() == told)
    other.close()


def test_a_driver_of_compressed_images_is_found(probe: Probe) -> None:
    follower, other = subscribe(probe), Probe()
    other.node.create_publisher(CompressedImage, 'image_raw/compressed', 5)
    told = 'nobody publishes it, but there is /image_raw/compressed: set image_transport to compressed'
    probe.until(lambda: follower.explain_silence() == told)
    other.close()


def test_publishers_of_one_topic_are_named_where_one_is_expected() -> None:
    usb, other = offered(RELIABLE)[0], Offer(kind=IMAGE, reliability=BEST_EFFORT, node='/bag')
    told = '/image_raw has 2 publishers, /bag and /usb_cam, expected 1: their images are mixed'
    assert explain_crowd([usb, other], '/image_raw', IMAGE) == told
    assert explain_crowd([usb, *offered(RELIABLE, kind=STRING)], '/image_raw', IMAGE) == ''
    assert explain_crowd([], '/image_raw', IMAGE) == ''
