"""That legwatch cannot see is said again each night for as long as it is so."""

from typing import Any

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Reason
from legwatch.engine import advance, expect, replay, set_up, start
from legwatch.events import Ack, AlertKind, Event, Tick
from legwatch.night import local
from legwatch.testing import ms, night, wobbling
from legwatch.text.message import text
from repository import BERLIN, rules

BEGIN = ms("2026-01-02T21:00Z")
OWN = rules(health__alert_s=900)
DAY_MIN = 24 * 60


def dead_thermometer() -> list[Event]:
    """Windows of two days; the thermometer by the legs gives nothing after half an hour."""
    return list(night(minutes=2 * DAY_MIN, leg=lambda m: 31.0 + m % 2 / 10 if m < 30 else None))


def dead_agent() -> list[Event]:
    windows: list[Event] = list(night(minutes=30))
    return windows + [Tick(BEGIN + (30 + 10 * n) * 60_000) for n in range(1, 2 * DAY_MIN // 10)]


def said(events: list[Event], kind: AlertKind) -> list[tuple[str, str]]:
    """Return (local day and hour, what) of what is told of a kind."""
    told = [n for n in replay(events, OWN) if n.kind is kind and n.suppressed_by is None]
    return [(when(notice), notice.transition.value) for notice in told]


def when(notice: Notice) -> str:
    return f"{local(notice.at_ms, BERLIN):%a %H:%M}"


def test_a_silent_agent_is_said_once_in_each_night() -> None:
    assert said(dead_agent(), AlertKind.AGENT) == [
        ("Fri 22:45", "fired"),
        ("Sat 20:00", "repeated"),
        ("Sun 20:00", "repeated"),
    ]


def test_so_is_a_dead_thermometer_also_when_it_was_acknowledged() -> None:
    events = dead_thermometer()
    (fired, *_) = [n for n in replay(events, OWN) if n.transition is TransitionKind.FIRED]
    seen = Ack(fired.at_ms + 60_000, AlertKind.SENSOR)
    both = sorted([*events, seen], key=lambda event: event.at_ms)
    assert said(both, AlertKind.SENSOR) == [
        ("Fri 22:45", "fired"),
        ("Sat 20:00", "repeated"),
        ("Sun 20:00", "repeated"),
    ]


def test_a_look_after_days_says_what_a_look_every_minute_had_said() -> None:
    events = dead_agent()
    at_once = [*events[: 30 * 6], events[-1]]
    assert said(at_once, AlertKind.AGENT) == said(events, AlertKind.AGENT)


def blind(**own: Any) -> list[int]:
    """Return the minutes at which a movement sensor is called blind; nobody turns in this night."""
    events = night(minutes=180, moves=lambda _m: 0, **own)
    found = [n for n in replay(events, rules()) if n.reason is Reason.MOVEMENT_SILENT]
    return [(n.at_ms - BEGIN) // 60_000 for n in found if n.transition is TransitionKind.FIRED]


def test_a_sensor_that_misses_somebody_whom_the_mat_feels_get_in_is_called_blind_soon() -> None:
    (told,) = blind(mat=lambda m: m >= 30, leg=lambda m: wobbling(31 if m >= 30 else 18.3)(m))
    assert 38 <= told <= 41


def test_but_not_one_beside_somebody_who_was_found_in_bed() -> None:
    """At the start, or after a silence of the agent, a calm sleeper has given no reason to move."""
    (told,) = blind()
    assert told >= 85
    moves = lambda m: 1 if m < 60 and m % 20 < 0.1 else 0  # noqa: E731 - a table in one line
    events = night(minutes=220, moves=moves, silent=lambda m: 100 <= m < 150)
    found = [n for n in replay(events, rules()) if n.kind in (AlertKind.SENSOR, AlertKind.AGENT)]
    assert [(n.kind, n.transition) for n in found] == [
        (AlertKind.AGENT, TransitionKind.FIRED),
        (AlertKind.AGENT, TransitionKind.RESOLVED),
    ]


def test_a_thermometer_that_fails_is_named_and_one_that_never_gave_a_reading_too() -> None:
    def words(**own: Any) -> str:
        found = [n for n in replay(night(minutes=40, **own), rules()) if n.kind is AlertKind.SENSOR]
        return text(found[0]).partition(".")[0]

    fails: dict[str, Any] = {"leg": lambda m: 31.0 + m % 2 / 10 if m < 10 else None}
    assert words(**fails) == "The thermometer by your legs has given no readings for 8 min"
    fails = {"room": lambda m: 18.0 + m % 2 / 10 if m < 10 else None}
    assert words(**fails) == "The thermometer of the room has given no readings for 8 min"
    state, told = set_up(start(), ("leg", "movement")), []
    for event in night(minutes=40, leg=lambda _m: None):
        state, notices = advance(state, event, rules())
        told += [text(n) for n in notices if n.kind is AlertKind.SENSOR]
    assert told[0].startswith("The thermometer by your legs has given no reading since the start. ")


def test_before_the_first_window_no_sensor_is_late() -> None:
    """A bed is declared, its agent has said which sensors it has, and starts a moment later."""
    state = set_up(expect(start(), BEGIN), ("leg", "room", "movement"))
    found: list[Notice] = []
    ticks: list[Event] = [Tick(BEGIN + n * 30_000) for n in range(1, 8)]
    for event in (*ticks, *night(begin="2026-01-02T21:04Z", minutes=20)):
        state, notices = advance(state, event, OWN)
        found += notices
    assert found == []
