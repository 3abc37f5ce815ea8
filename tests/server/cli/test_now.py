"""`legwatch now`: what is seen, how old it is, what is watched and what is not, and who is told."""

import fcntl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps

from legwatch import scope
from legwatch.alerting.alert import AlertState
from legwatch.conditions.verdict import Reason, Severity
from legwatch.contract.action import Action
from legwatch.contract.bedside_info import BedsideInfo, encode_info
from legwatch.contract.window import encode_window
from legwatch.errors import SettingsError
from legwatch.events import AlertKind
from legwatch.night import local
from legwatch.testing import live_window
from legwatch_server import rest
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.cli import now
from legwatch_server.cli.bed_now import BedNow, Seen
from legwatch_server.cli.standing import Standing
from legwatch_server.in_force import LOCK
from legwatch_server.review.trial import trial_statuses
from legwatch_server.settings_file import read
from legwatch_server.store.reader import open_read_only
from legwatch_server.testing import InProcessServer
from server.notify.test_escalation import cold
from server.notify.test_quiet_sign import bare
from server.ward import BEGIN, MINUTE_MS, seen

Say = Callable[..., str]
TABLE: dict[str, Any] = {
    "zone": "UTC",
    "people": {"anna": {"channels": ["console"]}},
    "rules": {"alerts.learn_nights": 0, "warmth.early_s": 0},
}


def asleep(minute: float) -> dict[str, Any]:
    turns = int(minute % 5 < 1)  # who moves without a rest is a sensor that is doubted
    return {"leg_c": 31.0, "room_c": 18.0, "moves": turns, "in_bed": True}


class House:
    """A server that runs in the test, its settings file, and the command beside it."""

    def __init__(self, folder: Path, capsys: Any, monkeypatch: Any, **more: Any) -> None:
        self.path, state = folder / "server.toml", folder / "state"
        state.mkdir()
        self._table = {"state_dir": str(state), **TABLE, **more}
        self.path.write_text(dumps(self._table))
        self.ward = InProcessServer(state, read(self.path), begin_ms=BEGIN)
        self._lock = (state / LOCK).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._capsys = capsys
        monkeypatch.setattr(now, "server_ms", lambda _folder: self.ward.clock.now_ms)

    def says(self, *words: str) -> str:
        assert now.main([*words, "--config", str(self.path)]) == 0
        return str(self._capsys.readouterr().out)

    def change(self, **more: Any) -> None:
        self.path.write_text(dumps({**self._table, **more}))
        self.ward.take_over(read(self.path))

    def stop(self) -> None:
        self._lock.close()

    def close(self) -> None:
        self.stop()
        self.ward.close()


@pytest.fixture
def open_house(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., House]]:
    opened: list[House] = []

    def made(**more: Any) -> House:
        opened.append(House(tmp_path, capsys, monkeypatch, **more))
        return opened[-1]

    yield made
    for house in opened:
        house.close()


def line(text: str, head: str) -> str:
    """Return the words of a row and of those below it that belong to it."""
    lines = text.splitlines()
    (at,) = [n for n, one in enumerate(lines) if one.strip().startswith(head)]
    found = [lines[at].strip().removeprefix(head).strip()]
    for one in lines[at + 1 :]:
        if one[:12].strip():
            break
        found.append(one.strip())
    return "\n".join(found)


def test_each_value_has_its_age_and_who_would_be_told_is_named(open_house: Any) -> None:
    house = open_house()
    house.ward.play("b", 60, asleep)
    house.ward.clock.advance(7000)
    text = house.says()
    assert line(text, "air by the legs").split() == ["31.0", "°C", "7", "s", "ago"]
    assert line(text, "air of the room").split() == ["18.0", "°C", "7", "s", "ago"]
    assert line(text, "in bed").startswith("yes since 21:0")
    assert "cold legs, lying still" in line(text, "watched for")
    assert line(text, "would be told") == "anna (console: the server's log, wakes nobody)"


def test_the_air_by_the_ankle_is_shown_where_there_is_such_a_thermometer(open_house: Any) -> None:
    house = open_house()
    house.ward.play("b", 3, lambda m: {**asleep(m), "others": (("ankle_c", 30.5),)})
    assert line(house.says(), "air by the ankle").split()[:2] == ["30.5", "°C"]


@pytest.mark.parametrize("clock", ["synced", "played"])
def test_what_an_earlier_start_has_kept_is_not_what_is_seen_now(
    open_house: Any, clock: str
) -> None:
    """The agent was started anew; the windows that the first start held come behind the others."""
    house = open_house(beds={"b": {"played": clock == "played"}})
    now_ms = house.ward.clock.now_ms

    def comes(boot: str, ago_ms: int, leg_c: float, age_ms: int) -> None:
        one = live_window(1, now_ms - ago_ms, leg_c=leg_c, clock=clock, boot=boot, age_ms=age_ms)
        house.ward.turn([house.ward.message("legwatch/v1/b/window", encode_window(one))])

    comes("0000000b", 0, 31.0, 0)
    comes("0000000a", 60 * MINUTE_MS, 22.0, 60 * MINUTE_MS)
    assert "31.0" in line(house.says("b"), "air by the legs")


def test_a_fault_is_shown_until_the_sensor_gives_a_reading(open_house: Any) -> None:
    """A thermometer may be read more rarely than a window is sent."""
    house = open_house()
    begin_ms = house.ward.clock.now_ms

    def comes(seq: int, **fields: Any) -> None:
        one = live_window(seq, begin_ms + seq * 10_000, moves=0, **fields)
        house.ward.turn([house.ward.message("legwatch/v1/b/window", encode_window(one))])

    comes(1, leg_c=31.0)
    comes(2, faults=(("leg", "no_number"),))
    comes(3)
    assert line(house.says("b"), "leg sensor") == "has a fault: no_number"
    comes(4, leg_c=31.0)
    comes(5)
    assert "has a fault" not in house.says("b")


def test_a_fault_of_what_is_read_in_every_window_is_over_with_its_window(open_house: Any) -> None:
    """A mat that then knows nothing has no fault any more."""
    house = open_house()
    begin_ms = house.ward.clock.now_ms

    def comes(seq: int, **fields: Any) -> None:
        one = live_window(seq, begin_ms + seq * 10_000, leg_c=31.0, moves=0, **fields)
        house.ward.turn([house.ward.message("legwatch/v1/b/window", encode_window(one))])

    comes(1, in_bed=True)
    comes(2, faults=(("in_bed", "driver_error"),))
    assert line(house.says("b"), "presence sensor") == "has a fault: driver_error"
    comes(3)
    assert "has a fault" not in house.says("b")


def test_an_early_sign_that_stands_is_said_as_long_as_the_lamp_shows_it(open_house: Any) -> None:
    rules = {**TABLE["rules"], "warmth.early_s": 600, "stillness.joint_s": 0}
    house = open_house(rules=rules)
    house.ward.play("b", 186, bare((180, 185.5)))
    (sign,) = (one.notice for one in house.ward.notices() if one.notice.transition == "expected")
    said = " ".join(line(house.says(), "stands").split())
    since = local(sign.at_ms, UTC)
    words = "the cover may be off, or nobody lies there (no sound)"
    assert said == f"early sign since {since:%H:%M}: {words}"
    house.ward.play("b", 40, bare((180, 185.5)))
    assert "early sign" not in house.says()


def test_a_standing_alert_of_the_first_week_is_told_quietly(open_house: Any) -> None:
    rules = {**TABLE["rules"], "alerts.learn_nights": 7, "stillness.joint_s": 0}
    house = open_house(rules=rules)
    house.ward.play("b", 60, cold)
    while "stands" not in house.says():
        house.ward.play("b", 1, cold)
    assert line(house.says(), "stands").endswith(": told quietly: learning")


@pytest.mark.parametrize(
    ("reason", "name"), [(Reason.FOOT_BARE, "bare foot"), (Reason.UNCOVERED, "cold legs")]
)
def test_an_alert_on_a_foot_has_its_own_name(open_house: Any, reason: Reason, name: str) -> None:
    settings = read(open_house().path)
    alert = AlertState(severity=Severity.WARNING, notified=True, reason=reason)
    seen = Seen("b", stands=(Standing(AlertKind.COLD, alert),))
    shown = BedNow(seen, settings, rest.Rests(settings), BEGIN)
    assert list(shown.stands()) == [f"{name} (warning): nobody has answered"]


def test_cold_legs_that_cannot_be_seen_are_not_said_to_be_judged_later(open_house: Any) -> None:
    house = open_house()
    sensors = tuple((place, "dht22") for place in ("leg", "movement", "presence"))
    info = BedsideInfo("0.1.0", "0000000a", window_s=10, sensors=sensors)
    house.ward.turn([house.ward.message("legwatch/v1/b/info", encode_info(info))])
    house.ward.play("b", 10, lambda m: {**asleep(m), "leg_c": None})
    why = line(house.says("b"), "not watched")
    assert "cold legs: the thermometer by the legs gives no readings" in why
    assert "judged from" not in why


def test_what_a_sensor_without_readings_would_tell_is_not_watched(open_house: Any) -> None:
    house = open_house()
    sensors = tuple((place, "dht22") for place in ("leg", "movement", "presence"))
    house.ward.play("b", 60, asleep)
    info = BedsideInfo("0.1.0", "0000000a", window_s=10, sensors=sensors)
    house.ward.turn([house.ward.message("legwatch/v1/b/info", encode_info(info))])
    house.ward.play("b", 12, lambda m: {**asleep(m), "moves": None})
    said = house.says()
    assert "watched for      cold legs, a sensor that fails" in said
    assert (
        "not watched      lying still for too long: the movement sensor gives no readings" in said
    )
    house.ward.play("b", 30, asleep)  # until the alert on the movement sensor is over
    house.ward.play("b", 12, lambda m: {**asleep(m), "leg_c": None})
    said = house.says()
    assert "watched for      lying still, a sensor that fails" in said
    assert "cold legs: the thermometer by the legs gives no readings" in said


def test_the_first_minutes_in_bed_are_said(open_house: Any) -> None:
    house = open_house()
    house.ward.play("b", 10, asleep)
    text = house.says("b")
    assert "cold legs: judged from 21:4" in line(text, "not watched")
    assert "cold legs" not in line(text, "watched for")
    assert "lying still" in line(text, "watched for")


def test_what_a_presence_sensor_says_is_shown_before_it_counts(open_house: Any) -> None:
    house = open_house()
    nobody = {**asleep(0), "moves": 0, "in_bed": False}
    house.ward.play("b", 2, lambda _m: nobody)
    text = house.says("b")
    assert line(text, "presence").split() == ["nobody", "0", "s", "ago"]
    found = line(text, "in bed").replace("\n", " ")
    assert found == (
        "not known yet: the presence sensor says nobody since 21:00, and if it goes on, that counts"
        " from 21:04 on"
    )
    house.ward.play("b", 2, lambda _m: nobody)
    assert line(house.says("b"), "in bed") == "no"


def test_trial_nights_quiet_a_warm_room_and_a_missing_sensor_are_said(open_house: Any) -> None:
    house = open_house(rules={"warmth.early_s": 0})
    house.ward.play("b", 60, lambda m: {**asleep(m), "room_c": 27.0})
    house.ward.play("few", 5, lambda _m: {"leg_c": 31.0, "room_c": 18.0})
    bed = house.ward.unit.beds["b"].id
    house.ward.answer(LinkClaims(TargetKind.BED, bed, Action.SNOOZE, 60, 0))
    why = line(house.says("b"), "not watched")
    assert "the sleeper: learning, night 1 of 7" in why
    assert "cold legs: somebody asked for quiet until 23:0" in why
    assert "cold legs: the room is warm (26 °C or more)" in why
    assert "no movement sensor: no cold alert" in line(house.says("few"), "not watched")


@pytest.mark.parametrize("clock", ["synced", "played"])
def test_a_new_bed_is_said_to_learn_from_its_first_window_on(open_house: Any, clock: str) -> None:
    """A recording has no trial nights."""
    house = open_house(rules={"warmth.early_s": 0}, beds={"b": {"played": clock == "played"}})
    house.ward.clock.advance(10_000)
    window = live_window(1, house.ward.clock.now_ms, **asleep(0))._replace(clock=clock)
    house.ward.turn([house.ward.message("legwatch/v1/b/window", encode_window(window))])
    learns = clock == "synced"
    said = house.says()
    assert "the first whole minute is not over" in said
    assert ("the sleeper: learning, night 1 of 7" in said) is learns
    with open_read_only(house.path.parent / "state") as reader:
        found = trial_statuses(reader, read(house.path), house.ward.clock.now_ms)
        nights = [(one.bed, one.night, one.of) for one in found]
    assert nights == ([("b", 1, 7)] if learns else [])


def test_quiet_for_all_warnings_of_a_bed_leaves_the_urgent_ones_and_that_is_said(
    open_house: Any,
) -> None:
    house = open_house()
    house.ward.play("b", 60, asleep)
    bed = house.ward.unit.beds["b"].id
    house.ward.answer(LinkClaims(TargetKind.BED, bed, Action.SNOOZE, 60, 0))
    text = house.says("b")
    watched, why = line(text, "watched for"), line(text, "not watched").splitlines()
    assert "only urgent: cold legs, only urgent: lying still" in watched
    assert "cold legs: somebody asked for quiet until 23:00; an urgent alert still sounds" in why
    assert "lying still: somebody asked for quiet until 23:00; an urgent alert still sounds" in why


def test_a_silent_bed_is_watched_for_nothing_of_the_sleeper(open_house: Any) -> None:
    house = open_house()
    house.ward.play("b", 60, asleep)
    house.ward.run_to(house.ward.clock.now_ms + 12 * MINUTE_MS)
    text = house.says()
    assert "12 min ago" in line(text, "air by the legs")
    assert line(text, "in bed") == "not known"
    assert "the sleeper: no word from the bedside for 12 min" in line(text, "not watched")
    assert "cold legs" not in line(text, "watched for")


def begins(house: Any, clock: str) -> None:
    """Let the first start of an agent send for five minutes."""
    for n in range(1, 31):
        house.ward.clock.advance(10_000)
        window = live_window(n, house.ward.clock.now_ms, **asleep(0))._replace(clock=clock)
        house.ward.turn([house.ward.message("legwatch/v1/b/window", encode_window(window))])


@pytest.mark.parametrize("clock", ["synced", "unsynced", "played"])
def test_a_paused_bed_shows_what_comes_from_it_also_after_an_earlier_start(
    clock: str, open_house: Any
) -> None:
    bed = {"played": clock == "played"}
    house = open_house(beds={"b": bed})
    begins(house, clock)
    house.change(beds={"b": {**bed, "paused_until": date(2026, 2, 1)}})
    for n in range(1, 31):  # of the next start of the agent
        house.ward.clock.advance(10_000)
        window = live_window(n, house.ward.clock.now_ms, **{**asleep(0), "leg_c": 24.0})
        payload = encode_window(window._replace(boot="0000000c", clock=clock))
        house.ward.turn([house.ward.message("legwatch/v1/b/window", payload)])
    text = house.says()
    assert line(text, "air by the legs").split() == ["24.0", "°C", "0", "s", "ago"]
    assert "not known: the bed is paused until noon of Sun 01 Feb 2026" in line(text, "in bed")


def test_a_paused_bed_is_not_watched_and_an_ended_one_not_shown(open_house: Any) -> None:
    house = open_house()
    house.ward.play("b", 5, asleep)
    house.ward.play("other", 1, asleep)
    house.change(beds={"b": {"paused_until": date(2026, 1, 9)}, "other": {"ended": True}})
    text = house.says()
    assert "everything: the bed is paused until noon of Fri 09 Jan 2026" in text
    assert line(text, "watched for") == "NOTHING"
    assert line(text, "would be told") == "nobody"
    assert "other" not in text


def test_with_more_beds_it_looks_at_the_pause_of_each_once(
    open_house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    beds = {f"b{n}": {"paused_until": date(2026, 1, 9)} for n in range(30)}
    house, looked = open_house(beds=beds), Counter[str]()

    def counted(settings: Any, name: str, table: Any) -> int:
        looked[name] += 1
        return end_ms(settings, name, table)

    end_ms = rest._end_ms
    monkeypatch.setattr(rest, "_end_ms", counted)
    assert house.says().count("everything: the bed is paused until noon of Fri 09 Jan") == 30
    assert set(looked.values()) == {1}


def test_a_bedside_that_is_off_shows_nobody_in_bed_and_watches_nobody(open_house: Any) -> None:
    house = open_house()
    house.ward.play("b", 60, asleep)
    house.ward.turn([house.ward.message("legwatch/v1/b/status", b"offline")])
    text = house.says()
    assert line(text, "in bed") == "not known"
    assert "lying still" not in line(text, "watched for")
    assert "a bedside that is silent" in line(text, "watched for")


def test_after_a_warning_with_a_sound_it_says_that_only_urgent_ones_sound(open_house: Any) -> None:
    house = open_house(rules={**TABLE["rules"], "alerts.wait_s": 0, "stillness.joint_s": 0})
    house.ward.play("b", 60, cold)
    assert "an urgent alert still sounds" not in house.says()
    house.ward.play_until_loud("b", cold)
    assert (
        "cold legs and lying still: a warning makes no sound now (enough this night, or one not"
        " long ago); an urgent alert still sounds"
    ) in " ".join(house.says().split())


def answers(house: Any, action: Action, minutes: int = 0) -> None:
    """Let anna answer the last push."""
    push = house.ward.pushes.arrived[-1].push
    house.ward.answer(LinkClaims(TargetKind.DELIVERY, push.id, action, minutes, 0), b"t")


def test_an_alert_that_stands_is_named_with_who_has_answered_it_and_until_when(
    open_house: Any,
) -> None:
    rules = {**TABLE["rules"], "alerts.wait_s": 60, "stillness.joint_s": 0}
    house = open_house(rules=rules)
    house.ward.play("b", 60, cold)
    assert "stands" not in house.says()
    while "stands" not in house.says():
        house.ward.play("b", 1, cold)
    fired = f"{house.ward.clock.now_ms // MINUTE_MS % 60:02}"
    assert line(house.says(), "stands") == f"cold legs (warning) since 22:{fired}: no sound yet"
    house.ward.play_until_loud("b", cold)
    assert line(house.says(), "stands").endswith(": nobody has answered")
    answers(house, Action.SNOOZE, 15)
    until = local(house.ward.clock.now_ms + 15 * MINUTE_MS, UTC)
    assert line(house.says(), "stands").endswith(f": anna asked for quiet until {until:%H:%M}")
    seen(house.ward)  # at the command line
    at, said = local(house.ward.clock.now_ms, UTC), line(house.says(), "stands")
    urgent = "it sounds again only if it is urgent"
    assert said.endswith(f": somebody at the server has seen it at {at:%H:%M}; {urgent}")


def test_what_was_said_of_no_alert_names_nobody(open_house: Any) -> None:
    house = open_house(rules={**TABLE["rules"], "alerts.wait_s": 0, "stillness.joint_s": 0})
    house.ward.play("b", 60, cold)
    bed = house.ward.unit.beds["b"].id
    house.ward.answer(LinkClaims(TargetKind.BED, bed, Action.SNOOZE, 60, 0))
    while "stands" not in house.says():
        house.ward.play("b", 1, cold)
    assert line(house.says(), "stands").endswith(": somebody asked for quiet until 23:00")


def test_who_takes_no_alert_of_a_kind_is_not_named_for_it(open_house: Any) -> None:
    never = {"channels": ["console"], "woken_for": {"sensor": "never", "still": "urgent"}}
    people = {"anna": {"channels": ["console"]}, "cleo": never}
    house = open_house(people=people, roster=[{"people": ["cleo"]}])
    house.ward.play("b", 60, asleep)
    assert " ".join(line(house.says(), "would be told").split()) == (
        "cleo (console: the server's log, wakes nobody); lying still, if urgent: cleo;"
        " a sensor that fails: anna"
    )


def test_by_day_sensors_and_bedside_are_told_later(open_house: Any) -> None:
    house = open_house(rules={**TABLE["rules"], "night.from_h": 23, "night.to_h": 6})
    house.ward.play("b", 60, asleep)
    assert "it is day; they are told of from 23 to 6 h" in line(house.says(), "not watched")


def test_with_the_server_down_it_says_so_and_how_old_everything_is(open_house: Any) -> None:
    house = open_house()
    house.ward.play("b", 60, asleep)
    house.ward.clock.advance(3 * 24 * 60 * MINUTE_MS)
    house.stop()
    text = house.says()
    assert text.startswith("THE SERVER IS NOT RUNNING")
    assert "3 days ago" in line(text, "air by the legs")
    assert line(text, "watched for") == "NOTHING"


def test_into_a_pipe_follow_prints_a_line_for_each_change_and_ends_quietly(
    open_house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = open_house()
    house.ward.play("b", 60, asleep)
    turns = iter([True, True, False])  # new windows, none, the end

    class Pause(threading.Event):
        def wait(self, _timeout: float | None = None) -> bool:
            more = next(turns, None)
            if not more:
                raise KeyboardInterrupt
            if more:
                house.ward.play("b", 1, asleep)
            return False

    monkeypatch.setattr("legwatch_server.cli.now.threading.Event", Pause)
    lines = house.says("--follow").strip().splitlines()
    assert len(lines) == 3
    assert all(" b: air by the legs 31.0 °C" in one for one in lines)
    assert "\x1b" not in "".join(lines)


def test_an_unknown_bed_is_refused(open_house: Any) -> None:
    with pytest.raises(SettingsError, match="there is no bed 'x'"):
        open_house().says("x")


def test_a_bed_whose_messages_cannot_be_read_is_no_silent_one(open_house: Any) -> None:
    house = open_house(beds={"b": {}})
    for n in range(1, 502):  # not all of them are kept
        payload = encode_window(live_window(n, BEGIN, **asleep(0))._replace(clock="played"))
        house.ward.turn([house.ward.message("legwatch/v1/b/window", payload)])
    words = line(house.says(), "not watched")
    assert words.startswith("messages of the bedside cannot be read: ")
    assert "beds.b.played = true" in words
    assert "no word" not in words
    house.ward.play("b", 1, asleep)
    assert "messages" not in line(house.says(), "not watched")  # what came later can be read


def test_messages_that_could_not_be_read_long_ago_are_past(open_house: Any) -> None:
    house = open_house(beds={"b": {}})
    house.ward.turn([house.ward.message("legwatch/v1/b/window", b"{}")])
    assert "messages" in line(house.says(), "not watched")
    house.ward.clock.advance(16 * MINUTE_MS)
    assert line(house.says(), "not watched").startswith("the sleeper and the sensors: no word has")


def test_a_bed_that_plays_a_recording_has_the_time_of_its_recording(open_house: Any) -> None:
    house = open_house(beds={"b": {"played": True}})
    month_ms = 30 * 24 * 60 * MINUTE_MS
    windows = [
        live_window(n, BEGIN - month_ms + n * 10_000, **asleep(n / 6)) for n in range(1, 361)
    ]
    for window in windows:
        payload = encode_window(window._replace(clock="played"))
        house.ward.turn([house.ward.message("legwatch/v1/b/window", payload)])
    house.ward.clock.advance(7000)
    text = house.says()
    assert line(text, "air by the legs").split() == ["31.0", "°C", "7", "s", "ago"]
    assert line(text, "in bed").startswith("yes since 21:0")
    assert "cold legs, lying still" in line(text, "watched for")
    assert line(text, "values") == "of a recording, at 03 Dec 2025 22:00"
    assert line(text, "would be told") == "anna (console: the server's log, wakes nobody)"
    house.ward.turn([house.ward.message("legwatch/v1/b/status", b"offline")])
    house.ward.clock.advance(60 * MINUTE_MS)
    for stop in (lambda: None, house.stop):
        stop()
        text = house.says()
        assert line(text, "air by the legs").split() == ["31.0", "°C", "at", "22:00:00"]
        assert line(text, "in bed") == "not known"
        assert line(text, "values") == "of a recording that is over, at 03 Dec 2025 22:00"
        assert line(text, "watched for") == "NOTHING"
        assert line(text, "would be told") == "nobody"
        why = "the server is not running" if "NOT RUNNING" in text else "its recording is over"
        assert line(text, "not watched") == f"everything: {why}"


def test_of_a_recording_that_plays_no_silence_of_the_bedside_is_watched(open_house: Any) -> None:
    """Time passes for it only with its windows: the server tells nobody that they stopped."""
    house = open_house(beds={"b": {"played": True}, "waits": {"played": True}})
    window = live_window(1, BEGIN, **asleep(0))._replace(clock="played")
    house.ward.turn([house.ward.message("legwatch/v1/b/window", encode_window(window))])
    why = "a bedside that is silent: it plays a recording"
    text = house.says("b")
    assert line(text, "watched for") == "a sensor that fails"
    assert why in line(text, "not watched").splitlines()
    info = encode_info(BedsideInfo("0.1.0", "0000000a", window_s=10, sensors=(("leg", "dht22"),)))
    house.ward.turn([house.ward.message("legwatch/v1/waits/info", info)])
    assert line(house.says("waits"), "watched for") == "NOTHING"
    house.ward.clock.advance(20 * MINUTE_MS)  # it neither goes on nor has said goodbye
    text = house.says("b")
    assert line(text, "watched for") == "NOTHING"
    assert line(text, "not watched").splitlines() == [
        "the sleeper and the sensors: no word from the bedside for 20 min",
        why,
        scope.BARE_FOOT,
    ]


def test_a_recording_that_still_ran_is_not_called_over_when_the_server_is_gone(
    open_house: Any,
) -> None:
    """A killed server hears no goodbye: the recording may go on."""
    house = open_house(beds={"b": {"played": True}})
    for n in range(1, 31):
        window = live_window(n, BEGIN - 60 * MINUTE_MS + n * 10_000, **asleep(0))
        payload = encode_window(window._replace(clock="played"))
        house.ward.turn([house.ward.message("legwatch/v1/b/window", payload)])
    house.ward.clock.advance(10 * MINUTE_MS)
    house.stop()
    text = house.says()
    assert "THE SERVER IS NOT RUNNING" in text
    assert line(text, "values") == (
        "of a recording, at 02 Jan 2026 20:05; its last window came on 02 Jan 21:00, and the server"
        " is not running"
    )
    assert line(text, "air by the legs").split() == ["31.0", "°C", "at", "20:05:00"]


def test_a_sensor_with_a_fault_and_a_bedside_that_is_off_are_said(open_house: Any) -> None:
    def broken(_minute: float) -> dict[str, Any]:
        return {
            "room_c": 18.0,
            "moves": 1,
            "faults": (("in_bed", "hangs"), ("leg", "driver_error")),
        }

    house = open_house()
    house.ward.clock.advance(20_000)
    window = live_window(2, BEGIN + 20_000, **broken(0))
    house.ward.turn([house.ward.message("legwatch/v1/b/window", encode_window(window))])
    assert "the first whole minute is not over" in line(house.says(), "not watched")
    house.ward.play("b", 5, broken)
    text = house.says()
    assert line(text, "leg sensor") == "has a fault: driver_error"
    assert line(text, "presence sensor") == "has a fault: hangs"
    assert "is off" not in text
    assert "the first whole minute" not in text
    house.ward.turn([house.ward.message("legwatch/v1/b/status", b"offline")])
    assert "the sleeper: the bedside is off" in line(house.says(), "not watched")
