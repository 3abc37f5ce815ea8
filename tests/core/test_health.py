"""That legwatch cannot see is said again each night for as long as it is so."""

from legwatch.engine import replay
from legwatch.events import Ack, Event, Kind, Tick
from legwatch.night import local
from legwatch.notice import Notice, What
from nightly import BERLIN, ms, night, rules

BEGIN = ms("2026-01-02T21:00Z")
DAY_MIN = 24 * 60


def dead_thermometer() -> list[Event]:
    """Windows of two days; the thermometer by the legs gives nothing after half an hour."""
    return list(night(minutes=2 * DAY_MIN, leg=lambda m: 31.0 + m % 2 / 10 if m < 30 else None))


def dead_agent() -> list[Event]:
    windows: list[Event] = list(night(minutes=30))
    return windows + [Tick(BEGIN + (30 + 10 * n) * 60_000) for n in range(1, 2 * DAY_MIN // 10)]


def said(events: list[Event], kind: Kind) -> list[tuple[str, str]]:
    """Return (local day and hour, what) of what is told of a kind."""
    told = [n for n in replay(events, rules()) if n.kind is kind and n.held is None]
    return [(when(notice), notice.what.value) for notice in told]


def when(notice: Notice) -> str:
    return f"{local(notice.at_ms, BERLIN):%a %H:%M}"


def test_a_silent_agent_is_said_once_in_each_night() -> None:
    assert said(dead_agent(), Kind.AGENT) == [
        ("Fri 22:45", "fired"),
        ("Sat 20:00", "repeated"),
        ("Sun 20:00", "repeated"),
    ]


def test_so_is_a_dead_thermometer_also_when_it_was_acknowledged() -> None:
    events = dead_thermometer()
    (fired, *_) = [n for n in replay(events, rules()) if n.what is What.FIRED]
    seen = Ack(fired.at_ms + 60_000, Kind.SENSOR)
    both = sorted([*events, seen], key=lambda event: event.at_ms)
    assert said(both, Kind.SENSOR) == [
        ("Fri 22:45", "fired"),
        ("Sat 20:00", "repeated"),
        ("Sun 20:00", "repeated"),
    ]


def test_a_look_after_days_says_what_a_look_every_minute_had_said() -> None:
    events = dead_agent()
    at_once = [*events[: 30 * 6], events[-1]]
    assert said(at_once, Kind.AGENT) == said(events, Kind.AGENT)
