"""A bed out of use, for some time or for good: nothing of it is told, and nothing of it is lost."""

import logging
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from legwatch.alerting.notice import SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason
from legwatch.contract.action import Action
from legwatch.contract.topics import Channel, topic
from legwatch.contract.window import encode_window
from legwatch.errors import SettingsError
from legwatch.settings import load
from legwatch.testing import live_window
from legwatch.text.message import title
from legwatch_server.beds.expected import all_rest, silent, unheard
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import Outcome
from legwatch_server.settings import ServerSettings
from legwatch_server.testing import InProcessServer
from server.notify.test_escalation import cold
from server.ward import MINUTE_MS, open_ward

HOUR_MS = 60 * MINUTE_MS
TABLE: dict[str, Any] = {
    "zone": "UTC",
    "answers": {"url": "https://legs.example"},
    "rules": {"alerts.learn_nights": 0, "warmth.early_s": 0},
    "rehearsal": {"at": ""},
}
AWAY = {"paused_until": date(2026, 1, 3)}  # until noon: the ward begins at 21:00 the evening before
GONE = {"ended": True}


def well(_minute: float) -> dict[str, Any]:
    return {"leg_c": 31.0, "room_c": 18.0, "moves": 1, "in_bed": True}


def sleeps(minute: float) -> dict[str, Any]:
    return {**well(0), "moves": 1 if minute % 15 < 0.2 else 0}


def use(server: InProcessServer, **beds: dict[str, Any]) -> None:
    """Let the settings of the beds come, as after `legwatch beds` or in the file."""
    server.take_over(load(ServerSettings, {**TABLE, "beds": beds}))


def wait(server: InProcessServer, minutes: int) -> None:
    server.run_to(server.clock.now_ms + minutes * MINUTE_MS)


def leap(server: InProcessServer, hours: float) -> None:
    """Let hours go by in steps of one: a night of quiet turns costs too much time."""
    for _ in range(int(hours)):
        server.clock.advance(HOUR_MS)
        server.turn()
    server.settle()


def rest(server: InProcessServer) -> str:
    return str(server.unit.beds["b"].rest)


def reasons(server: InProcessServer) -> list[str]:
    return [f"{n.notice.transition}:{n.notice.reason}" for n in server.notices()]


@pytest.fixture
def ward(tmp_path: Path) -> Any:
    server = open_ward(tmp_path)
    server.play("b", 20, well)
    yield server
    server.close()


@pytest.mark.parametrize("table", [AWAY, GONE], ids=["paused", "ended"])
def test_a_bed_at_rest_is_not_missed(ward: InProcessServer, table: dict[str, Any]) -> None:
    use(ward, b=table)
    wait(ward, 60)
    assert reasons(ward) == []
    assert list(silent(ward.unit.beds.values())) == []


def test_while_every_bed_rests_no_window_has_to_come(ward: InProcessServer) -> None:
    def rest_all() -> bool:
        return all_rest(ward.unit.beds.values())

    assert not all_rest([])
    assert not rest_all()
    ward.play("other", 1, well)
    use(ward, b=AWAY)
    assert not rest_all()
    use(ward, b=AWAY, other=GONE)
    assert rest_all()
    ward.broker.quiet_s = 3600.0
    assert not [fact for fact in ward.silence.facts() if fact.reason is Reason.NOTHING_ARRIVES]
    assert not list(ward.silence.concerns())


def test_a_bedside_that_dies_soon_after_it_came_back_is_missed_as_soon(
    ward: InProcessServer,
) -> None:
    wait(ward, 18)
    ward.play("b", 20, sleeps)
    assert reasons(ward) == ["fired:agent_silent", "resolved:back"]
    wait(ward, 17)
    assert reasons(ward)[2:] == ["fired:agent_silent"]


def test_a_bed_that_nobody_pauses_is_missed_and_health_says_so(ward: InProcessServer) -> None:
    wait(ward, 14)
    assert list(silent(ward.unit.beds.values())) == []
    wait(ward, 3)
    assert reasons(ward) == ["fired:agent_silent"]
    (sentence,) = silent(ward.unit.beds.values())
    assert sentence.startswith("no word from bed b for 16 min")


def test_what_stands_is_over_at_once_and_people_hear_why(ward: InProcessServer) -> None:
    wait(ward, 20)
    assert ward.broker.last(topic("b", Channel.ALERT, "agent"))["state"] == "firing"
    use(ward, b=AWAY)
    ward.settle()
    assert reasons(ward) == ["fired:agent_silent", "resolved:not_watched"]
    assert ward.broker.last(topic("b", Channel.ALERT, "agent")) is None
    push = ward.pushes.arrived[-1].push
    assert push.transition is TransitionKind.RESOLVED
    assert "paused" in push.text


def test_a_bedside_that_is_off_is_not_back_because_its_bed_rests(ward: InProcessServer) -> None:
    ward.turn([ward.message(topic("b", Channel.STATUS), b"offline")])
    wait(ward, 7)
    assert reasons(ward) == ["reported:bedside_gone"]
    use(ward, b=AWAY)
    ward.settle()
    assert reasons(ward) == ["reported:bedside_gone", "resolved:not_watched"]
    said, over = (told.notice for told in ward.notices())
    assert over.episode_ms == said.episode_ms  # the quiet push of it is taken back
    assert over.suppressed_by is SuppressedBy.LOG_ONLY  # and nobody gets a new one
    assert title(over) == "The bed is not watched any more"


def test_a_cold_bed_at_rest_wakes_nobody_and_its_windows_are_kept(
    ward: InProcessServer, caplog: pytest.LogCaptureFixture
) -> None:
    use(ward, b=GONE)
    before = ward.rows("SELECT count(*) FROM windows")[0][0]
    with caplog.at_level(logging.WARNING):
        ward.play("b", 90, cold)
    assert ward.rows("SELECT count(*) FROM windows")[0][0] == before + 90 * 6
    assert reasons(ward) == []
    said = [r.getMessage() for r in caplog.records if "windows come from bed b" in r.getMessage()]
    assert len(said) == 1
    assert "ended" in said[0]
    confirmed = [m for m in ward.broker.published if m.topic == topic("b", Channel.STORED)]
    assert confirmed[-1].payload  # the agent may let go of them
    assert not confirmed[-1].retain


def test_nothing_of_an_ended_bed_stays_at_the_broker(ward: InProcessServer) -> None:
    wait(ward, 20)
    use(ward, b=GONE)
    for channel in (Channel.STORED, Channel.STATUS, Channel.INFO):
        assert ward.broker.last(topic("b", channel)) is None
    assert ward.broker.last(topic("b", Channel.ALERT, "agent")) is None


def test_after_the_date_it_is_watched_and_told_as_usual(ward: InProcessServer) -> None:
    use(ward, b=AWAY)
    leap(ward, 14)  # 11:20 of the day
    assert rest(ward) == "paused"
    leap(ward, 1)
    assert rest(ward) == "watched"
    leap(ward, 7)
    assert reasons(ward) == []  # by day nobody is told
    wait(ward, 60)
    assert reasons(ward)[0] == "fired:agent_silent"  # at night
    assert list(silent(ward.unit.beds.values()))


def test_a_bed_taken_back_at_night_has_the_usual_time_for_a_word(ward: InProcessServer) -> None:
    use(ward, b=AWAY)
    wait(ward, 60)
    use(ward, b={})
    wait(ward, 14)
    assert reasons(ward) == []
    wait(ward, 5)
    assert reasons(ward) == ["fired:agent_silent"]


def test_a_bed_taken_back_is_judged_again(ward: InProcessServer) -> None:
    use(ward, b=AWAY)
    wait(ward, 60)
    use(ward, b={})
    ward.play_until_loud("b", cold)
    assert ward.transitions("agent") == []
    assert ward.transitions("cold")[0] == "fired"


def test_a_restart_changes_nothing_of_it(ward: InProcessServer) -> None:
    use(ward, b=AWAY)
    wait(ward, 5)
    ward.restart()
    wait(ward, 60)
    assert reasons(ward) == []


def test_a_bed_paused_while_the_server_was_off_tells_nothing_of_before(
    ward: InProcessServer,
) -> None:
    wait(ward, 20)
    ward.pushes.arrived.clear()
    ward.settings = load(ServerSettings, {**TABLE, "beds": {"b": AWAY}})
    ward.clock.advance(5 * MINUTE_MS)
    ward.restart()
    assert reasons(ward) == ["fired:agent_silent", "resolved:not_watched"]
    wait(ward, 60)
    assert {arrived.push.purpose.value for arrived in ward.pushes.arrived} <= {"all_clear", "info"}


def test_an_expected_bed_that_rests_is_not_missed(tmp_path: Path) -> None:
    server = open_ward(tmp_path, beds={"new": AWAY, "never": GONE})
    wait(server, 30)
    assert reasons(server) == []
    assert list(unheard(server.unit.beds.values())) == []
    leap(server, 15)
    assert "new" in server.unit.beds
    assert "never" not in server.unit.beds
    server.close()


def test_quiet_for_a_bed_at_rest_has_nothing_to_silence(ward: InProcessServer) -> None:
    use(ward, b=AWAY)
    bed = ward.unit.beds["b"].id
    claims = LinkClaims(TargetKind.BED, bed, Action.SNOOZE, 30, 0)
    assert ward.answer(claims) is Outcome.OVER
    assert reasons(ward) == []


def quiet(ward: InProcessServer, minutes: int) -> None:
    claims = LinkClaims(TargetKind.BED, ward.unit.beds["b"].id, Action.SNOOZE, minutes, 0)
    assert ward.answer(claims, via="command line") is Outcome.DONE


@pytest.mark.parametrize("restarts", [False, True])
def test_quiet_for_a_bed_goes_on_after_a_pause(ward: InProcessServer, *, restarts: bool) -> None:
    """Whoever takes the pause back has asked for it, and heard until when it is."""
    ward.play("b", 20, well)
    quiet(ward, 180)
    until_ms = ward.clock.now_ms + 180 * MINUTE_MS
    use(ward, b=AWAY)
    wait(ward, 5)
    if restarts:
        ward.restart()
    use(ward, b={})
    alerts = ward.unit.beds["b"].state.bed.alerts
    assert (alerts.cold.all_snoozed_until_ms, alerts.still.all_snoozed_until_ms) == (until_ms,) * 2
    assert alerts.cold.severity is None
    ward.play("b", 100, cold)
    fired = [n.notice for n in ward.notices() if n.notice.transition is TransitionKind.FIRED]
    assert [notice.suppressed_by for notice in fired] == [SuppressedBy.SILENCED]


def test_quiet_that_ended_during_a_pause_is_over(ward: InProcessServer) -> None:
    quiet(ward, 30)
    use(ward, b=AWAY)
    wait(ward, 40)
    use(ward, b={})
    assert ward.unit.beds["b"].state.bed.alerts.cold.all_snoozed_until_ms is None


def test_quiet_for_one_alert_ends_with_it_at_a_pause_and_its_end_says_so(
    ward: InProcessServer,
) -> None:
    ward.play_until_loud("b", cold)
    claims = LinkClaims(TargetKind.DELIVERY, ward.pushes.arrived[-1].push.id, Action.SNOOZE, 120, 0)
    assert ward.answer(claims, b"one") is Outcome.DONE
    use(ward, b=AWAY)
    ward.settle()
    over = ward.notices()[-1]
    assert over.notice.reason is Reason.NOT_WATCHED
    assert "The quiet that somebody had asked for has ended with it." in over.text
    assert ward.unit.beds["b"].state.bed.alerts.cold.snoozed_until_ms is None


def test_a_paused_bed_needs_somebody_who_watches_it_when_the_pause_is_over() -> None:
    people = {"anna": {"beds": ["other"]}}
    load(ServerSettings, {**TABLE, "people": people, "beds": {"b": GONE}}).check()
    table = {**TABLE, "people": people, "beds": {"b": AWAY}}
    with pytest.raises(SettingsError, match="nobody watches bed 'b'"):
        load(ServerSettings, table).check()


def test_a_bed_that_played_and_is_declared_live_while_it_rests_is_missed_when_it_is_back(
    tmp_path: Path,
) -> None:
    ward = open_ward(tmp_path, beds={"b": {"played": True}})
    for seq in range(1, 60):
        one = live_window(seq, ward.begin_ms + seq * 10_000, clock="played", leg_c=31.0)
        ward.turn([ward.message(topic("b", Channel.WINDOW), encode_window(one))])
    use(ward, b={"played": True, **AWAY})
    use(ward, b=AWAY)
    wait(ward, 30)
    assert reasons(ward) == []
    use(ward, b={})
    wait(ward, 18)
    assert reasons(ward) == ["fired:agent_silent"]
    ward.close()


def pulled(minute: float) -> dict[str, Any]:
    return {**sleeps(minute), "leg_c": None, "faults": (("leg", "no_answer"),)}


@pytest.mark.parametrize("bad_min", [6, 7, 15, 25])
@pytest.mark.parametrize("rest_min", [0, 1, 10])
@pytest.mark.parametrize("rest_s", [5, 25, 55])
def test_a_sensor_that_was_repaired_during_a_pause_is_no_alert(
    ward: InProcessServer, bad_min: int, rest_min: int, rest_s: int
) -> None:
    ward.play("b", bad_min, pulled)
    use(ward, b=AWAY)
    stood = len(reasons(ward))
    ward.play("b", rest_min, pulled)
    ward.clock.advance(rest_s * 1000)
    use(ward, b={})
    ward.play("b", 30, sleeps)
    assert reasons(ward)[stood:] == []


def test_a_sensor_that_is_still_bad_after_a_pause_is_told_after_the_usual_time(
    ward: InProcessServer,
) -> None:
    ward.play("b", 10, pulled)
    use(ward, b=AWAY)
    ward.play("b", 2, pulled)
    use(ward, b={})
    stood, from_ms = len(reasons(ward)), ward.clock.now_ms
    ward.play("b", 30, pulled)
    (one,) = ward.notices()[stood:]
    assert one.notice.reason is Reason.NO_READINGS
    assert 8 <= (one.notice.at_ms - from_ms) / MINUTE_MS <= 10


def test_a_sensor_that_a_pause_has_ended_twice_is_told_again(ward: InProcessServer) -> None:
    for _ in range(3):
        stood = len(ward.notices())
        ward.play("b", 10, pulled)
        assert [n.notice.suppressed_by for n in ward.notices()[stood:]] == [None]
        use(ward, b=AWAY)
        ward.play("b", 2, sleeps)
        use(ward, b={})
        ward.play("b", 3, sleeps)


def test_cold_legs_after_a_pause_are_told(ward: InProcessServer) -> None:
    ward.play("b", 60, cold)
    use(ward, b=AWAY)
    ward.play("b", 2, cold)
    use(ward, b={})
    ward.play_until_loud("b", cold)
    assert ward.transitions("cold")[0] == "fired"


def test_a_recording_that_goes_on_while_its_bed_rests_was_not_silent(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, beds={"b": {"played": True}})
    night = iter(range(1, 1000))

    def plays(minutes: int) -> None:
        for seq in islice(night, minutes * 6):
            one = live_window(seq, ward.clock.now_ms + seq * 10_000, clock="played", leg_c=31.0)
            ward.turn([ward.message(topic("b", Channel.WINDOW), encode_window(one))])

    plays(20)
    use(ward, b={"played": True, **AWAY})
    plays(30)
    use(ward, b={"played": True})
    plays(20)
    assert reasons(ward) == []
    assert ward.unit.beds["b"].state.at_ms == ward.clock.now_ms + 70 * MINUTE_MS
    ward.close()
