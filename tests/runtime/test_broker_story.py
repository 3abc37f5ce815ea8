"""What the log says of a broker that cannot be reached: each reason once, with its settings key."""

import logging
import socket
from dataclasses import dataclass

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from legwatch_runtime.broker_reason import reason
from legwatch_runtime.broker_story import DOUBT_S, OFTEN, BrokerStory
from legwatch_runtime.testing import FakeClock


@dataclass
class Place:
    host: str = "nas"
    port: int = 1883
    user: str = "anna"
    ca_file: str = ""
    server_name: str = ""


AT_THE_END = ("Keep alive timeout", "Session taken over", "Server shutting down")


def refused(name: str) -> ReasonCode:
    kind = PacketTypes.DISCONNECT if name in AT_THE_END else PacketTypes.CONNACK
    return ReasonCode(kind, name)


NOTHING = ReasonCode(PacketTypes.DISCONNECT, "Unspecified error")


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (ConnectionRefusedError(111, "refused"), "nothing listens at nas:1883: does the broker"),
        (socket.gaierror(-2, "unknown"), "the name mqtt.host = nas is not found"),
        (TimeoutError("timed out"), "nas:1883 does not answer in time"),
        (OSError(113, "No route to host"), "there is no way to nas:1883 (mqtt.host): No route"),
        (ConnectionResetError(104, "reset"), "does this port want TLS? Then set mqtt.ca_file"),
        (refused("Not authorized"), "wrong user or password for 'anna' (mqtt.user, LEGWATCH_MQTT"),
        (refused("Bad user name or password"), "wrong user or password for 'anna'"),
        (refused("Server unavailable"), "it says that it is not available now"),
        (refused("Keep alive timeout"), "it has not answered for mqtt.keepalive_s"),
        (refused("Server shutting down"), "it is being stopped"),
        (refused("Session taken over"), "another program has connected with the same client id"),
        (refused("Banned"), "it says: Banned"),
    ],
    ids=str,
)
def test_each_reason_names_what_to_check(why: object, said: str) -> None:
    assert said in reason(why, Place())


def test_without_a_user_the_broker_wants_one() -> None:
    said = reason(refused("Not authorized"), Place(user=""))
    assert said == "it wants a user name and a password (mqtt.user, LEGWATCH_MQTT_PASSWORD)"


@pytest.mark.parametrize("name", ["Not authorized", "Bad user name or password"])
def test_a_password_that_nobody_gave_is_not_called_wrong(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("LEGWATCH_MQTT_PASSWORD_FILE", raising=False)
    story = BrokerStory(Place(), "trying again", "a rival", password=False)
    story.failed(refused(name))
    assert story.why == (
        "no password was given for 'anna': LEGWATCH_MQTT_PASSWORD is not set"
        " (the units set it from /etc/legwatch/mqtt-password)"
    )
    assert story.why in caplog.text
    monkeypatch.setenv("LEGWATCH_MQTT_PASSWORD_FILE", "/etc/pass")
    story.failed(refused(name))
    assert story.why == (
        "no password was given for 'anna': /etc/pass (LEGWATCH_MQTT_PASSWORD_FILE) is empty"
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def story(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> BrokerStory:
    caplog.set_level(logging.INFO)
    return BrokerStory(Place(), "trying again", "mqtt.client_id = x", clock.instant)


def attempt(story: BrokerStory, why: object) -> None:
    story.trying()
    story.failed(why)


def test_the_log_says_each_reason_once_and_a_new_one_when_it_changes(
    story: BrokerStory, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        attempt(story, ConnectionRefusedError())
    for _ in range(5):
        story.trying()
        story.failed(refused("Not authorized"))
        story.lost(NOTHING)  # the library says this after a refusal, too
    attempt(story, ConnectionRefusedError())
    said = [record.getMessage() for record in caplog.records]
    assert [line.split(":")[2][:15] for line in said] == [
        " nothing listen",
        " wrong user or ",
        " nothing listen",
    ]
    story.up()
    assert caplog.records[-1].getMessage() == "the broker is back"
    assert (story.why, story.concerns()) == ("", [])


def live(story: BrokerStory, clock: FakeClock, seconds: float, why: object = NOTHING) -> None:
    story.trying()
    story.up()
    clock.advance(int(seconds * 1000))
    story.lost(why)


@pytest.mark.parametrize("why", [NOTHING, refused("Session taken over")], ids=str)
def test_connections_that_end_at_once_again_and_again_are_a_rivals_doing(
    story: BrokerStory, clock: FakeClock, caplog: pytest.LogCaptureFixture, why: object
) -> None:
    for _ in range(OFTEN - 1):
        live(story, clock, 2, why)
    assert not story.contested()
    for _ in range(30):
        live(story, clock, 2, why)
    assert story.contested()
    (wrong,) = story.concerns()
    assert "another program has the same client id (mqtt.client_id = x)" in wrong
    rival = [one for one in caplog.records if "another program has the same" in one.getMessage()]
    assert len(rival) == 1
    story.up()  # and it stays
    assert story.contested()
    clock.advance(30_000)
    assert not story.contested()
    assert story.concerns() == []


def test_a_broker_that_is_started_again_is_no_rival(story: BrokerStory, clock: FakeClock) -> None:
    for _ in range(20):
        live(story, clock, 60)
    assert not story.contested()
    for _ in range(OFTEN):
        live(story, clock, 1)
    clock.advance(int(DOUBT_S * 1000))
    assert not story.contested()  # the broker is simply away


def test_a_connection_that_ends_before_the_broker_answers_may_want_tls(story: BrokerStory) -> None:
    story.trying()
    story.lost(NOTHING)
    assert "does this port want TLS? Then set mqtt.ca_file" in story.why


def test_a_broker_that_crashes_again_and_again_is_no_rival(
    story: BrokerStory, clock: FakeClock
) -> None:
    for _ in range(20):
        live(story, clock, 1)
        attempt(story, ConnectionRefusedError())
    assert not story.contested()


def test_a_link_that_breaks_again_and_again_is_no_rival(
    story: BrokerStory, clock: FakeClock
) -> None:
    for _ in range(20):
        story.trying()
        story.up()
        clock.advance(15_000)
        story.lost(refused("Keep alive timeout"))
    assert not story.contested()
