"""The bedside's half of an alert through a real broker: the lamp, its answer, and the button."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from end_to_end.bedroom import BUTTON, SIMULATED, Bedroom, Ear, did
from end_to_end.house import PASSWORD, wait_until, write_night
from legwatch.alerting.notice import TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.contract.bedside_command import CommandResult, decode_result, encode_result
from legwatch.contract.press import Press, encode_press
from legwatch.contract.topics import Channel, topic
from legwatch.errors import SettingsError
from legwatch.oncall.escalation import Purpose
from legwatch.settings import load
from legwatch.testing import night, uncovering
from legwatch_device.spool import Spool
from legwatch_runtime.secrets import secret
from legwatch_server.ingest.broker import BrokerConnection
from legwatch_server.notify.bedside_commands import Bedsides
from legwatch_server.notify.channels import (
    Permanent,
    Push,
    Rehearses,
    Retryable,
    Sent,
    Speaks,
    Withdraws,
    build_channel,
)
from legwatch_server.notify.channels.mqtt import Bedside
from legwatch_server.settings import ServerSettings
from legwatch_server.timeline import Timeline

LIT, BEEPS, BLINKS, OFF = "lamp is lit", "buzzer beeps", "lamp blinks twice", "all off"
CMD = topic("anna", Channel.CMD)


@pytest.fixture
def bedroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mosquitto: None) -> Iterator[Bedroom]:
    monkeypatch.setenv("LEGWATCH_MQTT_PASSWORD", PASSWORD)
    with Bedroom(tmp_path) as made:
        yield made


class Line:
    """The channel over the server's own connection, as the server wires it."""

    def __init__(self, bedroom: Bedroom, timeout_s: float) -> None:
        table = {"mqtt": bedroom._way(), "push": {"mqtt": {"timeout_s": timeout_s}}}
        made = load(ServerSettings, table)
        self.broker = BrokerConnection(
            made.mqtt, secret("LEGWATCH_MQTT_PASSWORD"), lambda _request: None, Timeline().stamp
        )
        self.bedsides = Bedsides(self.broker)
        self.broker.hear_answers(self.bedsides.hear)
        self.channel = build_channel(Bedside, "mqtt", made)
        assert isinstance(self.channel, Speaks)
        self.channel.speak_over(self.bedsides)
        self.broker.start()


@contextmanager
def line(bedroom: Bedroom, timeout_s: float = 5) -> Iterator[Line]:
    made = Line(bedroom, timeout_s)
    try:
        yield made
    finally:
        made.broker.stop()


@contextmanager
def bedside(bedroom: Bedroom, timeout_s: float = 5) -> Iterator[Bedside]:
    with line(bedroom, timeout_s) as made:
        yield made.channel


def push(ident: int, tone: Purpose = Purpose.QUIET, *, bed: str = "anna", to: str = "") -> Push:
    return Push(
        ident, to, "5f0c", bed, "02:41", "Your legs may be cold", "Cover your legs.",
        Severity.WARNING, TransitionKind.FIRED, tone,
    )  # fmt: skip


def refused(channel: Bedside, told: Push) -> str:
    """Return why a push may go through later."""
    with pytest.raises(Retryable) as caught:
        channel.send(told)
    return str(caught.value)


def kept(bedroom: Bedroom) -> int:
    """Return how many presses wait in anna's spool."""
    with closing(Spool(bedroom.spool("anna"))) as spool:
        return spool.presses_waiting()


def test_each_tone_reaches_the_lamp_and_comes_back_as_delivered(bedroom: Bedroom) -> None:
    bedroom.broker()
    agent = bedroom.bed("anna", **SIMULATED)
    with bedside(bedroom) as channel:
        assert isinstance(channel, Withdraws)
        assert isinstance(channel, Rehearses)
        assert channel.send(push(1)) == Sent("n1-5f0c", delivered=True)
        assert did(agent) == [LIT]
        assert channel.send(push(2, Purpose.LOUD)).delivered
        assert did(agent) == [LIT, LIT, BEEPS]
        channel.withdraw(push(2, Purpose.LOUD), "n2-5f0c")
        assert did(agent)[3:] == [OFF]
        assert channel.rehearse(push(3, Purpose.REHEARSAL, bed="", to="anna")) == "blinked"
        assert did(agent)[4:] == [BLINKS]
        assert channel.send(push(4, Purpose.INFO)).receipt == "c4-5f0c"
        assert did(agent)[5:] == [OFF]
    assert agent.stop() == 0


def test_the_end_of_one_alert_leaves_the_lamp_of_another_lit(bedroom: Bedroom) -> None:
    bedroom.broker()
    agent = bedroom.bed("anna", **SIMULATED)
    legs, sensor = push(1), replace(push(2), thread="a11e")
    with bedside(bedroom) as channel:
        channel.send(legs)
        channel.send(sensor)
        channel.withdraw(sensor, "n2-a11e")
        assert did(agent) == [LIT, LIT]
        channel.send(replace(push(3, Purpose.INFO), transition=TransitionKind.RESOLVED))
        assert did(agent) == [LIT, LIT, OFF]


def test_a_second_try_of_one_push_lights_the_lamp_once(bedroom: Bedroom) -> None:
    bedroom.broker()
    agent = bedroom.bed("anna", **SIMULATED)
    for _ in range(3):  # each time from another start of the server
        with bedside(bedroom) as channel:
            assert channel.send(push(7)).receipt == "n7-5f0c"
    assert did(agent) == [LIT]


def test_an_address_names_another_bed(bedroom: Bedroom) -> None:
    bedroom.broker()
    anna, bert = bedroom.bed("anna", **SIMULATED), bedroom.bed("bert", **SIMULATED)
    with bedside(bedroom) as channel:
        channel.send(push(1, bed="anna", to="bert"))
    assert (did(anna), did(bert)) == ([], [LIT])
    wrong = {"people": {"lea": {"channels": ["mqtt"], "address": {"mqtt": "Lea's"}}}}
    with pytest.raises(SettingsError, match=r"people\.lea\.address\.mqtt"):
        build_channel(Bedside, "mqtt", load(ServerSettings, wrong))


def test_what_cannot_be_shown_is_permanent_and_says_why(bedroom: Bedroom) -> None:
    bedroom.broker()
    bedroom.bed("anna")
    with bedside(bedroom) as channel:
        with pytest.raises(Permanent, match=r"the agent of anna .* no lamp or buzzer is set up"):
            channel.send(push(1, Purpose.LOUD))
        with pytest.raises(Permanent, match=r"people\.NAME\.address\.mqtt"):
            channel.rehearse(push(2, Purpose.REHEARSAL, bed=""))
        with pytest.raises(Permanent, match="Not A Bed"):
            channel.send(push(3, to="Not A Bed"))
        channel.withdraw(push(1), "")


def test_without_an_agent_or_a_broker_it_may_go_through_later(bedroom: Bedroom) -> None:
    with bedside(bedroom, timeout_s=1) as channel:
        why = refused(channel, push(1))
        assert why.startswith(f"broker 127.0.0.1:{bedroom.port}: ")
        bedroom.broker()
        silent = "the agent of anna does not answer"
        wait_until(lambda: refused(channel, push(1)) == silent, "the broker")
        begun_s = time.monotonic()
        assert refused(channel, push(1)) == silent
        assert 0.9 < time.monotonic() - begun_s < 2
        bedroom.bed("anna", **SIMULATED)
        assert channel.send(push(1)).delivered


def test_a_wrong_password_is_said(bedroom: Bedroom, monkeypatch: pytest.MonkeyPatch) -> None:
    bedroom.broker()
    monkeypatch.setenv("LEGWATCH_MQTT_PASSWORD", "wrong")
    with bedside(bedroom, timeout_s=1) as channel:
        why = f"broker 127.0.0.1:{bedroom.port}: wrong user or password"
        assert refused(channel, push(1)).startswith(why)
        assert refused(channel, push(1)).startswith(why)


def test_the_connection_is_kept_and_made_again_after_the_brokers_restart(
    bedroom: Bedroom,
) -> None:
    broker = bedroom.broker()
    agent = bedroom.bed("anna", **SIMULATED)
    with line(bedroom) as made:
        channel = made.channel
        channel.send(push(1))
        channel.send(push(2))
        assert bedroom.broker_log().count(" as server ") == 1
        before = bedroom.heard("anna")
        broker.kill()
        wait_until(lambda: made.broker.ready(0), "the loss of the connection", 10)
        refused(channel, push(3))
        bedroom.broker()
        wait_until(lambda: bedroom.heard("anna") > before, "anna's return")
        assert channel.send(push(4)).delivered
    assert did(agent) == [LIT] * 3  # and nothing was kept of the push that met no broker


def test_several_threads_each_get_their_own_answer(bedroom: Bedroom) -> None:
    bedroom.broker()
    agents = [bedroom.bed(bed, **SIMULATED) for bed in ("anna", "bert", "carl")]
    bedroom.bed("dora")  # has nothing to show
    turns = threading.Barrier(16)
    with line(bedroom, timeout_s=20) as made:
        channel = made.channel

        def one(number: int) -> str:
            turns.wait()
            try:
                bed = ("anna", "bert", "carl", "dora")[number % 4]
                return channel.send(push(number, bed=bed)).receipt
            except Permanent as error:
                return str(error)

        with ThreadPoolExecutor(16) as pool:
            said = list(pool.map(one, range(160)))
        assert not made.bedsides._awaited
    for number, receipt in enumerate(said):
        refusal = number % 4 == 3
        assert receipt.startswith("the agent of dora cannot" if refusal else f"n{number}-5f0c")
    assert all(did(agent) == [LIT] * 40 for agent in agents)
    assert bedroom.broker_log().count(" as server ") == 1


def test_another_beds_answer_counts_for_nothing(bedroom: Bedroom) -> None:
    bedroom.broker()
    bedroom.bed("anna")  # it says no
    forged = encode_result(CommandResult("n1-5f0c", ok=True))
    ear = Ear(bedroom, "cmd", "bert")
    with bedside(bedroom) as channel:
        with pytest.raises(Permanent):
            channel.send(push(0))  # connected and listening
        for bed in ("bert", "anna"):  # the broker lets the first one through
            ear.say(topic(bed, Channel.RESULT), forged, retain=True)
        with pytest.raises(Permanent):
            channel.send(push(1))
    ear.close()


def test_the_agent_answers_unretained_and_obeys_neither_what_is_retained_nor_junk(
    bedroom: Bedroom,
) -> None:
    bedroom.broker()
    ear = Ear(bedroom, "cmd/result")
    nudge = b'{"v":1,"id":"%s","cmd":"nudge","tone":"quiet"}'
    ear.say(CMD, nudge % b"old", retain=True)
    agent = bedroom.bed("anna", **SIMULATED)
    wait_until(lambda: "retained command" in agent.said(), "the word about the retained one")
    for payload in (b"", b"\xff", b"[]", b'{"v":1,"id":"x","cmd":"warm","tone":"quiet"}'):
        ear.say(CMD, payload)
    for _ in range(3):
        ear.say(CMD, nudge % b"new")
    wait_until(lambda: len(ear.heard) == 3, "three answers")
    assert [decode_result(payload) for payload, _, _ in ear.heard] == [
        CommandResult("new", ok=True)
    ] * 3
    assert {(retain, qos) for _, retain, qos in ear.heard} == {(False, 1)}
    assert did(agent) == [LIT]
    ear.close()
    late = Ear(
        bedroom, "+/result", "late-ear"
    )  # another session: it gets what is retained, if anything is
    time.sleep(0.5)
    assert late.heard == []
    late.close()


def test_an_agent_that_ends_leaves_no_lamp_lit(bedroom: Bedroom) -> None:
    bedroom.broker()
    agent = bedroom.bed("anna", **SIMULATED)
    with bedside(bedroom) as channel:
        channel.send(push(1, Purpose.LOUD))
    assert agent.stop() == 0
    assert did(agent) == [LIT, BEEPS, OFF]


def test_a_tap_and_a_cramp_are_told_with_their_own_id_and_time(bedroom: Bedroom) -> None:
    bedroom.broker()
    ear = Ear(bedroom, "event")
    agent = bedroom.bed("anna", tap=True, **BUTTON)
    with bedside(bedroom) as channel:
        channel.send(push(1, Purpose.LOUD))
    before_ms = time.time() * 1000
    bedroom.tap()
    wait_until(lambda: len(ear.heard) == 1, "the tap")
    bedroom.tap(3.3)
    wait_until(lambda: len(ear.heard) == 2, "the cramp")
    tap, cramp = ear.bodies()
    assert (tap["button"], cramp["button"]) == ("ack", "cramp")
    assert tap["id"] != cramp["id"]
    assert before_ms - 50 <= tap["at_ms"] <= cramp["at_ms"] <= time.time() * 1000
    assert did(agent)[:3] == [LIT, BEEPS, OFF]  # whoever presses needs no lamp any more
    # The broker has them, but no server says so; the card is written once in ten seconds.
    wait_until(lambda: kept(bedroom) == 2, "both on the card")
    ear.close()


def test_presses_survive_the_brokers_outage_and_the_agents_death(bedroom: Bedroom) -> None:
    broker = bedroom.broker()
    ear = Ear(bedroom, "event")
    for presses in (1, 2):
        agent = bedroom.bed("anna", tap=True, ready=broker.code is None, **BUTTON)
        if broker.code is None:
            broker.stop()  # asked to end, it remembers the server's session
        bedroom.tap()
        wait_until(lambda n=presses: kept(bedroom) == n, "the press in the spool")  # type: ignore[misc]
        agent.kill()
    assert ear.heard == []
    bedroom.broker()
    bedroom.bed("anna", tap=True, **BUTTON)
    wait_until(lambda: len({body["id"] for body in ear.bodies()}) == 2, "both presses")
    ear.close()
    assert kept(bedroom) == 2
    bedroom.server()
    wait_until(lambda: kept(bedroom) == 0, "the server's word for both")
    assert bedroom.count("presses") == 2


def test_the_server_stores_a_press_once_however_often_it_comes(bedroom: Bedroom) -> None:
    bedroom.broker()
    bedroom.server()
    agent = bedroom.bed("anna", tap=True, **BUTTON)
    bedroom.tap()
    wait_until(lambda: bedroom.count("presses") == 1, "the press in the store")
    wait_until(lambda: kept(bedroom) == 0, "the server's word")
    agent.kill()
    # As if the agent had died between the server's word and its own note of it.
    (press,) = bedroom.rows("SELECT press_id, button, at_ms FROM presses")
    with closing(Spool(bedroom.spool("anna"))) as spool:
        spool.put([], (), [(0, encode_press(Press(*press)))])
    bedroom.bed("anna", tap=True, **BUTTON)
    wait_until(lambda: kept(bedroom) == 0, "the server's word again")
    bedroom.tap()
    wait_until(lambda: bedroom.count("presses") >= 2, "the next press")
    ids = [press_id for (press_id,) in bedroom.rows("SELECT press_id FROM presses")]
    assert len(ids) == len(set(ids)) == 2


def test_a_night_lights_the_lamp_as_its_first_sign_and_puts_it_out(
    bedroom: Bedroom, tmp_path: Path
) -> None:
    bedroom.write_server(
        people={"anna": {"role": "sleeper", "channels": ["console"], "quiet": ["mqtt"]}},
        rules={"stillness.joint_s": 0, "warmth.not_answered_s": 7200},
    )
    bedroom.broker()
    bedroom.server()
    legs = uncovering((100, 130), uncovered_c=25)
    windows = islice(night(leg=legs, moves=lambda m: 1 if m % 10 < 0.1 else 0), 200 * 6)
    file = write_night(windows, tmp_path / "night.csv")
    recording = {"file": str(file), "speed": 600.0}
    agent = bedroom.bed("anna", sensors={}, recording=recording, **SIMULATED)
    wait_until(lambda: LIT in did(agent), "the lamp")
    assert did(agent) == [LIT]
    wait_until(lambda: OFF in did(agent), "its end")
    (state, receipt), *_ = bedroom.rows(
        "SELECT state, receipt FROM deliveries WHERE channel='mqtt' AND tone='quiet' ORDER BY id"
    )
    assert state in {"delivered", "withdrawn"}
    assert receipt.startswith("n")
